"""Answers of ``generateContent``: reading a provider's, writing one for a caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.conversation import Part, ToolCall
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields
from sensorium.gateway.dialects.counts import count
from sensorium.gateway.dialects.failures import unreadable
from sensorium.gateway.dialects.gemini import errors
from sensorium.gateway.dialects.gemini.parts_in import NAME, parts_of
from sensorium.gateway.dialects.gemini.parts_out import PartsOut
from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.gateway.reply import Answer, Reply, Stop, Usage

_KNOWN: Final = frozenset({"candidates", "usageMetadata", "modelVersion", "responseId"})
_CANDIDATE: Final = frozenset({"content", "finishReason", "index"})
_COUNTS: Final = frozenset(
    """promptTokenCount candidatesTokenCount totalTokenCount cachedContentTokenCount
    thoughtsTokenCount""".split()
)
STOPS: Final = {"STOP": Stop.END, "MAX_TOKENS": Stop.LENGTH, "FINISH_REASON_UNSPECIFIED": Stop.END}
REASONS: Final = {
    Stop.END: "STOP",
    Stop.TOOL: "STOP",
    Stop.SEQUENCE: "STOP",
    Stop.PAUSE: "STOP",
    Stop.LENGTH: "MAX_TOKENS",
    Stop.FILTER: "SAFETY",
    Stop.REFUSAL: "SAFETY",
}
# The model wrote something that is no answer; asking again may help.
_SPOILED: Final = frozenset(
    """MALFORMED_FUNCTION_CALL UNEXPECTED_TOOL_CALL TOO_MANY_TOOL_CALLS MALFORMED_RESPONSE
    MISSING_THOUGHT_SIGNATURE""".split()
)


def reply_of(body: Mapping[str, Any]) -> Reply:
    """A provider's answer. Raises ``CallFailedError``, also where the prompt was blocked."""
    try:
        if body.get("error"):
            raise CallFailedError(errors.from_value(200, {}, body["error"]))
        refuse_blocked(body)
        candidates = fields.sequence(fields.need(body, "candidates", "candidates"), "candidates")
        if not candidates:
            raise unreadable("it has no candidates")
        identity = fields.optional_text(body, "responseId", "responseId")
        extra = fields.rest(body, _KNOWN) or {}
        usage = body.get("usageMetadata")
        if isinstance(usage, dict) and not _COUNTS.issuperset(usage):
            extra["usageMetadata"] = usage
        return Reply(
            id=identity,
            model=fields.optional_text(body, "modelVersion", "modelVersion"),
            answers=tuple(
                [_answer(candidate, at, identity) for at, candidate in enumerate(candidates)]
            ),
            usage=usage_of(usage),
            dialect=NAME,
            extra=extra,
        )
    except BadRequestError as error:
        raise unreadable(error.message) from None
    except AttributeError:
        raise unreadable("it is no object") from None


def refuse_blocked(body: Mapping[str, Any]) -> None:
    """Raise ``CallFailedError`` where the prompt was blocked, and so there is no candidate."""
    feedback = body.get("promptFeedback")
    reason = feedback.get("blockReason") if isinstance(feedback, dict) else None
    if reason and not body.get("candidates"):
        code = reason if isinstance(reason, str) else ""
        message = f"The provider blocked the prompt ({code[:40]})."
        raise CallFailedError(Failure(FailureKind.CONTENT_FILTERED, message, 200, code[:80]))


def _answer(value: Any, at: int, scope: str) -> Answer:
    path = f"candidates[{at}]"
    value = fields.mapping(value, path)
    content = value.get("content")
    parts: tuple[Part, ...] = ()
    if content is not None:
        content = fields.mapping(content, f"{path}.content")
        found = content.get("parts") or []
        parts = tuple(parts_of(found, f"{path}.content.parts", f"{scope}_{at}"))
    reason = value.get("finishReason")
    stop = stop_of(reason, called=any(isinstance(part, ToolCall) for part in parts))
    extra = fields.rest(value, _CANDIDATE)
    if reason != REASONS[stop]:
        extra = {**(extra or {}), "finishReason": reason}
    return Answer(parts, stop, extra=extra)


def stop_of(reason: Any, *, called: bool) -> Stop:
    """Any reason that is no end, no limit and no fault is a filter's. May raise ``CallFailedError``
    where the model wrote what cannot be used."""
    if not isinstance(reason, str):
        reason = "STOP"
    if reason in _SPOILED:
        message = f"The model's answer cannot be used ({reason})."
        raise CallFailedError(Failure(FailureKind.SERVER_ERROR, message, 200, reason))
    stop = STOPS.get(reason, Stop.FILTER)
    return Stop.TOOL if called and stop is Stop.END else stop


def usage_of(value: Any) -> Usage | None:
    """Counts. Thoughts are counted beside the candidates, tools' own prompts beside the prompt."""
    if not isinstance(value, dict):
        return None
    thoughts = count(value, "thoughtsTokenCount")
    return Usage(
        input=count(value, "promptTokenCount") + count(value, "toolUsePromptTokenCount"),
        output=count(value, "candidatesTokenCount") + thoughts,
        cache_read=count(value, "cachedContentTokenCount"),
        reasoning=thoughts,
    )


def body_of(reply: Reply) -> dict[str, Any]:
    """The answer for a caller."""
    same = reply.dialect == NAME
    body: dict[str, Any] = {
        "candidates": [_candidate(answer, at, same=same) for at, answer in enumerate(reply.answers)]
    }
    if same:
        body.update(reply.extra)
    if reply.usage is not None:
        body["usageMetadata"] = {
            **body.get("usageMetadata", {}),
            **usage_body(reply.usage, body.get("usageMetadata", {})),
        }
    if reply.model:
        body["modelVersion"] = reply.model
    if reply.id:
        body["responseId"] = reply.id
    return body


def _candidate(answer: Answer, at: int, *, same: bool) -> dict[str, Any]:
    parts = PartsOut({}, same=same, for_provider=False, sign=False).add(answer.parts)
    value: dict[str, Any] = {
        "content": {"role": "model", "parts": parts},
        "finishReason": REASONS[answer.stop],
        "index": at,
    }
    if same and answer.extra:
        value.update(answer.extra)
    return value


def usage_body(usage: Usage, stated: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Counts for a caller."""
    tools = count(stated or {}, "toolUsePromptTokenCount")
    body = {
        "promptTokenCount": usage.input - tools,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.total,
    }
    if usage.cache_read:
        body["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        body["thoughtsTokenCount"] = usage.reasoning
    return body
