"""The gateway as a caller of itself: for rules that ask a model, and a cache that embeds."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sensorium.gateway.access import Caller
from sensorium.gateway.calls.ask import Ask, EmbeddingAsk
from sensorium.gateway.calls.behalf import ON_BEHALF
from sensorium.gateway.calls.gateway import Gateway
from sensorium.gateway.calls.whole import Whole
from sensorium.gateway.dialects.embeddings import EmbeddingRequest
from sensorium.gateway.ledger import Scopes

if TYPE_CHECKING:
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.conversation import Conversation
    from sensorium.gateway.reply import Reply

# What these calls are booked under.
OURSELVES = "gateway"


def _caller() -> Caller:
    """Ourselves, with data of the class of whoever is being served."""
    return Caller(scopes=Scopes(key_id=OURSELVES), key_id=OURSELVES, privacy_class=ON_BEHALF.get())


class Asking:
    """``parts`` must be set, with a guard that asks nothing itself, before :meth:`ask` is used."""

    parts: Parts

    async def ask(self, conversation: Conversation) -> Reply:
        """The reply of the model of that name; raises ``RejectedError``."""
        ask = Ask(
            request_id=secrets.token_hex(12),
            caller=_caller(),
            conversation=conversation,
            started=self.parts.clock.now(),
        )
        result = await Gateway(self.parts).chat(ask)
        if not isinstance(result, Whole):
            raise TypeError("a rule asks for a whole answer")
        return result.reply

    async def embed(self, model: str, text: str) -> Sequence[float]:
        """The vector of a text; raises ``RejectedError``."""
        ask = EmbeddingAsk(
            request_id=secrets.token_hex(12),
            caller=_caller(),
            request=EmbeddingRequest(model=model, inputs=(text,)),
            started=self.parts.clock.now(),
        )
        reply, _ = await Gateway(self.parts).embed(ask)
        return reply.vectors[0]
