"""Texts embedded by whichever deployment can: guarded, accounted, tried elsewhere, as chat is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from sensorium.gateway.calls.journey import Journey
from sensorium.gateway.calls.rejection import from_blocked
from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects import embeddings, tokens
from sensorium.gateway.dialects.failures import unreadable
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.decision import Blocked
from sensorium.gateway.provider import Call
from sensorium.gateway.reply import Usage

if TYPE_CHECKING:
    from sensorium.gateway.calls.ask import EmbeddingAsk
    from sensorium.gateway.calls.attempt import Attempt
    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.dialects.embeddings import EmbeddingReply, EmbeddingRequest
    from sensorium.gateway.routing.way import Step

_RENDER: Final[Mapping[str, Callable[[EmbeddingRequest], dict[str, Any]]]] = {
    "openai_chat": embeddings.render_openai_request,
    "gemini": embeddings.render_gemini_request,
    "bedrock": embeddings.render_bedrock_request,
}
_PARSE: Final[Mapping[str, Callable[[Any, str], EmbeddingReply]]] = {
    "openai_chat": lambda body, _: embeddings.parse_openai_reply(body),
    "gemini": embeddings.parse_gemini_reply,
    "bedrock": embeddings.parse_bedrock_reply,
}


async def embed(parts: Parts, ask: EmbeddingAsk, facts: Facts) -> EmbeddingReply:
    """The vectors, in the order of the texts, or ``RejectedError``."""
    return await _Embedding(parts, ask, facts).answer()


class _Embedding:
    def __init__(self, parts: Parts, ask: EmbeddingAsk, facts: Facts) -> None:
        self._parts = parts
        self._ask = ask
        self._facts = facts
        self._request = ask.request

    async def answer(self) -> EmbeddingReply:
        request, parts = self._request, self._parts
        read = sum(
            tokens.of_text(one) if isinstance(one, str) else len(one) for one in request.inputs
        )
        journey = Journey(parts, self._ask.caller, self._facts, read, request.user)
        journey.check_model(request.model, chat=False)
        await self._guard()
        reply: EmbeddingReply = await journey.go(
            parts.router.groups[request.model], "", self._prepared, self._send
        )
        self._facts.outcome = "ok"
        kind = parts.providers[self._facts.provider].kind
        parts.measures.ended(self._facts, parts.clock.now(), kind)
        return reply

    async def _guard(self) -> None:
        caller = self._ask.caller
        context = Context(self._request.model, "embeddings", caller.privacy_class)
        passed = await self._parts.guard.before_texts(self._request.inputs, context)
        if isinstance(passed, Blocked):
            raise from_blocked(passed)
        self._facts.guardrails = tuple(map(str, passed.flags))
        if passed.texts != self._request.inputs:
            self._request = replace(self._request, inputs=passed.texts)

    def _prepared(self, step: Step) -> tuple[Mapping[str, Any], int | None, int]:
        config = step.deployment.config
        dialect = self._parts.providers[config.provider].dialect.name
        if dialect not in _RENDER:
            raise UntranslatableError(f"{step.deployment.label} embeds nothing")
        # Nothing is written: all that an embedding costs is known before.
        return _RENDER[dialect](replace(self._request, model=config.model)), 0, 0

    async def _send(
        self, attempt: Attempt, body: Mapping[str, Any], left_s: float
    ) -> EmbeddingReply:
        model = attempt.deployment.config.model
        call = Call(
            operation="embeddings",
            model=model,
            body=body,
            stream=False,
            timeout_s=left_s,
            first_byte_s=left_s,
            headers=self._ask.headers,
        )
        try:
            answer = await attempt.provider.send(call)
            try:
                attempt.first_byte()
                data = await answer.body()
                attempt.arrived()
            finally:
                await answer.aclose()
            reply = _reply(attempt.provider.dialect.name, data, model)
        except CallFailedError as error:
            attempt.failed(error.failure)
            raise
        except BaseException:
            attempt.abandoned()
            raise
        attempt.answered(None if reply.tokens is None else Usage(reply.tokens, 0))
        return replace(reply, model=reply.model or model)


def _reply(dialect: str, data: bytes, model: str) -> EmbeddingReply:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise unreadable("it is not JSON") from None
    return _PARSE[dialect](body, model)
