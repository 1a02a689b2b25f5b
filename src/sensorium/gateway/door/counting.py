"""``POST /v1/messages/count_tokens``: Anthropic's route, answered by the gateway's own estimate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from sensorium.gateway.calls.gateway import may_use
from sensorium.gateway.calls.rejection import unknown_model
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects.tokens import estimate_tokens
from sensorium.gateway.door.entrance import Entrance, refused

if TYPE_CHECKING:
    from sensorium.gateway.calls.gateway import Gateway
    from sensorium.gateway.dialect import Dialect
    from sensorium.gateway.door.door import Request


class Counting:
    """No provider is asked: it is the estimate that budgets are reserved by, rather too high."""

    def __init__(self, gateway: Gateway, entrance: Entrance, dialect: Dialect) -> None:
        self._gateway = gateway
        self._entrance = entrance
        self._dialect = dialect

    async def __call__(self, request: Request) -> None:
        """Authenticate, read, estimate."""
        caller = await self._entrance.caller(request)
        body = await self._entrance.json(request)
        # Nothing is written, so the route knows no bound for it, which a message must have.
        body.setdefault("max_tokens", 1)
        try:
            conversation = self._dialect.parse_request(body)
        except BadRequestError as error:
            raise refused(error) from None
        router = self._gateway.parts.router
        if not router.knows(conversation.model) or not may_use(caller, conversation.model):
            raise unknown_model(conversation.model)
        tokens = estimate_tokens(conversation)
        await request.answer(200, orjson.dumps({"input_tokens": tokens}))
