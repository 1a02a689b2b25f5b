"""Answers of ``Converse``: reading a provider's, writing one for a caller.

They have no id and no model in the body: both stay empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields
from sensorium.gateway.dialects.bedrock.blocks_in import NAME, blocks_of
from sensorium.gateway.dialects.bedrock.blocks_out import block
from sensorium.gateway.dialects.counts import count
from sensorium.gateway.dialects.failures import unreadable
from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.gateway.reply import Answer, Reply, Stop, Usage

_KNOWN: Final = frozenset({"output", "stopReason", "usage"})
_USAGE: Final = frozenset(
    {"inputTokens", "outputTokens", "totalTokens", "cacheReadInputTokens", "cacheWriteInputTokens"}
)
STOPS: Final = {
    "end_turn": Stop.END,
    "tool_use": Stop.TOOL,
    "max_tokens": Stop.LENGTH,
    "model_context_window_exceeded": Stop.LENGTH,
    "stop_sequence": Stop.SEQUENCE,
    "guardrail_intervened": Stop.FILTER,
    "content_filtered": Stop.FILTER,
}
REASONS: Final = {
    Stop.END: "end_turn",
    Stop.TOOL: "tool_use",
    Stop.LENGTH: "max_tokens",
    Stop.SEQUENCE: "stop_sequence",
    Stop.FILTER: "content_filtered",
    Stop.REFUSAL: "content_filtered",
    Stop.PAUSE: "end_turn",
}
# The model wrote something that is no answer; asking again may help.
_SPOILED: Final = frozenset({"malformed_model_output", "malformed_tool_use"})


def reply_of(body: Mapping[str, Any]) -> Reply:
    """A provider's answer. Raises ``CallFailedError``."""
    try:
        output = fields.mapping(fields.need(body, "output", "output"), "output")
        path = "output.message"
        message = fields.mapping(fields.need(output, "message", path), path)
        reason = body.get("stopReason")
        stop = stop_of(reason)
        extra = fields.rest(body, _KNOWN) or {}
        usage = body.get("usage")
        if isinstance(usage, dict) and not _USAGE.issuperset(usage):
            extra["usage"] = usage
        content = fields.need(message, "content", f"{path}.content")
        answer = Answer(
            parts=blocks_of(content, f"{path}.content"),
            stop=stop,
            extra={"stopReason": reason} if reason != REASONS[stop] else None,
        )
        return Reply(
            id="",
            model="",
            answers=(answer,),
            usage=usage_of(usage),
            dialect=NAME,
            extra=extra,
        )
    except BadRequestError as error:
        raise unreadable(error.message) from None
    except AttributeError:
        raise unreadable("it is no object") from None


def stop_of(reason: Any) -> Stop:
    """May raise ``CallFailedError`` where the model wrote what cannot be used."""
    if not isinstance(reason, str):
        return Stop.END
    if reason in _SPOILED:
        message = f"The model's answer cannot be used ({reason})."
        raise CallFailedError(Failure(FailureKind.SERVER_ERROR, message, 200, reason))
    return STOPS.get(reason, Stop.END)


def usage_of(value: Any) -> Usage | None:
    """Counts. ``inputTokens`` are those that no cache took part in."""
    if not isinstance(value, dict):
        return None
    read = count(value, "cacheReadInputTokens")
    written = count(value, "cacheWriteInputTokens")
    plain = count(value, "inputTokens")
    details = value.get("cacheDetails")
    written_long = sum(
        count(one, "inputTokens")
        for one in (details if isinstance(details, list) else ())
        if isinstance(one, dict) and one.get("ttl") == "1h"
    )
    output = count(value, "outputTokens")
    return Usage(plain + read + written, output, read, written, cache_write_long=written_long)


def body_of(reply: Reply) -> dict[str, Any]:
    """The answer for a caller."""
    if len(reply.answers) != 1:
        raise UntranslatableError("Bedrock's Converse gives one answer")
    same = reply.dialect == NAME
    answer = reply.answers[0]
    blocks = [block(part, same=same, for_provider=False) for part in answer.parts]
    content = [item for item in blocks if item is not None]
    body: dict[str, Any] = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": REASONS[answer.stop],
        "metrics": {"latencyMs": 0},
    }
    if same:
        body.update(reply.extra)
        body.update(answer.extra or {})
    body["usage"] = {**body.get("usage", {}), **usage_body(reply.usage or Usage(0, 0))}
    return body


def usage_body(usage: Usage) -> dict[str, Any]:
    """Counts for a caller."""
    body = {
        "inputTokens": max(0, usage.input - usage.cache_read - usage.cache_write),
        "outputTokens": usage.output,
        "totalTokens": usage.total,
    }
    if usage.cache_read:
        body["cacheReadInputTokens"] = usage.cache_read
    if usage.cache_write:
        body["cacheWriteInputTokens"] = usage.cache_write
    return body
