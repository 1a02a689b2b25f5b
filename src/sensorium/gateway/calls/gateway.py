"""The gateway itself: what the door and agents in process call."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from sensorium.gateway.calls.embedding import embed
from sensorium.gateway.calls.facts import Facts
from sensorium.gateway.calls.rejection import RejectedError
from sensorium.gateway.calls.trip import Trip

if TYPE_CHECKING:
    from sensorium.gateway.access import Caller
    from sensorium.gateway.calls.ask import Ask, EmbeddingAsk
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.calls.streamed import Streamed
    from sensorium.gateway.calls.whole import Whole
    from sensorium.gateway.dialects.embeddings import EmbeddingReply

A = TypeVar("A")


class Gateway:
    """Answers calls of authenticated callers. Belongs to one event loop."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def models(self, caller: Caller) -> list[str]:
        """The names that this caller may write as a model."""
        return [name for name in self.parts.router.names if may_use(caller, name)]

    async def chat(self, ask: Ask) -> Whole | Streamed:
        """Answer a chat request; a ``Streamed`` where the conversation asks for a stream.

        Raises :class:`RejectedError` where there is no answer. What was used of providers is in the
        ledger, whatever happens, also when the task is cancelled.
        """
        conversation = ask.conversation
        facts = Facts(
            request_id=ask.request_id,
            operation="chat",
            dialect=ask.dialect,
            route=conversation.model,
            started=ask.started,
            stream=conversation.stream,
            traceparent=ask.traceparent,
        )
        return await self._observed(facts, ask.caller, Trip(self.parts, ask, facts).answer())

    async def embed(self, ask: EmbeddingAsk) -> tuple[EmbeddingReply, Facts]:
        """Embed texts: the vectors in their order. Raises :class:`RejectedError`."""
        facts = Facts(
            request_id=ask.request_id,
            operation="embeddings",
            dialect="openai_chat",
            route=ask.request.model,
            started=ask.started,
            traceparent=ask.traceparent,
        )
        return await self._observed(facts, ask.caller, embed(self.parts, ask, facts)), facts

    async def close(self) -> None:
        """Let settlements be written and connections go."""
        await self.parts.background.done()
        await self.parts.books.settled()
        for provider in self.parts.providers.values():
            await provider.close()
        self.parts.guard.close()

    async def _observed(self, facts: Facts, caller: Caller, call: Coroutine[Any, Any, A]) -> A:
        parts = self.parts
        try:
            result = await call
        except BaseException as error:
            if not parts.router.knows(facts.route):
                facts.route = ""  # a metric's label is never a caller's free text
            if isinstance(error, RejectedError):
                error.facts = facts
                facts.outcome = error.code
                if caller.privacy_class and not facts.attempts:
                    await parts.confinement.record_refusal(facts, caller)
            else:
                cancelled = isinstance(error, asyncio.CancelledError)
                facts.outcome = "cancelled" if cancelled else "internal_error"
            parts.measures.ended(facts, parts.clock.now())
            raise
        parts.background.soon(parts.measures.began, facts, parts.clock.now())
        return result


def may_use(caller: Caller, name: str) -> bool:
    """Whether the caller's scopes allow a model."""
    return caller.allowed_models is None or name in caller.allowed_models
