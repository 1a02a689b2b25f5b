"""Messages: reading a provider's, writing one for a caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields
from sensorium.gateway.dialects.anthropic import errors
from sensorium.gateway.dialects.anthropic.blocks_in import NAME, blocks_of
from sensorium.gateway.dialects.anthropic.blocks_out import block
from sensorium.gateway.dialects.counts import count
from sensorium.gateway.dialects.failures import unreadable
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.reply import Answer, Reply, Stop, Usage

_KNOWN: Final = frozenset(
    {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"}
)
_USAGE: Final = frozenset({"input_tokens", "output_tokens"})
STOPS: Final = {
    "end_turn": Stop.END,
    "max_tokens": Stop.LENGTH,
    "model_context_window_exceeded": Stop.LENGTH,
    "stop_sequence": Stop.SEQUENCE,
    "tool_use": Stop.TOOL,
    "pause_turn": Stop.PAUSE,
    "refusal": Stop.REFUSAL,
}
REASONS: Final = {
    Stop.END: "end_turn",
    Stop.LENGTH: "max_tokens",
    Stop.SEQUENCE: "stop_sequence",
    Stop.TOOL: "tool_use",
    Stop.PAUSE: "pause_turn",
    Stop.REFUSAL: "refusal",
    Stop.FILTER: "refusal",
}


def reply_of(body: Mapping[str, Any]) -> Reply:
    """A provider's answer. Raises ``CallFailedError``."""
    try:
        if body.get("type") == "error":
            raise CallFailedError(errors.from_value(200, {}, body.get("error")))
        content = fields.sequence(fields.need(body, "content", "content"), "content")
        reason = body.get("stop_reason")
        stop = stop_of(reason)
        extra = fields.rest(body, _KNOWN) or {}
        usage = body.get("usage")
        if isinstance(usage, dict) and not _USAGE.issuperset(usage):
            extra["usage"] = usage
        answer = Answer(
            parts=blocks_of(content, "content"),
            stop=stop,
            stop_sequence=fields.optional_text(body, "stop_sequence", "stop_sequence"),
            extra={"stop_reason": reason} if reason != REASONS[stop] else None,
        )
        return Reply(
            id=fields.optional_text(body, "id", "id"),
            model=fields.optional_text(body, "model", "model"),
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
    """A reason that is not known yet is taken for an ordinary end."""
    return STOPS.get(reason, Stop.END) if isinstance(reason, str) else Stop.END


def usage_of(value: Any, before: Usage | None = None) -> Usage | None:
    """Counts; what is not stated anew in a stream is as it was ``before``.

    ``input_tokens`` are those that no cache took part in, so the neutral count is the sum.
    """
    if not isinstance(value, dict):
        return before
    was = before or Usage(0, 0)
    read = count(value, "cache_read_input_tokens", was.cache_read)
    written = count(value, "cache_creation_input_tokens", was.cache_write)
    plain = count(value, "input_tokens", was.input - was.cache_read - was.cache_write)
    kept = value.get("cache_creation")
    written_long = was.cache_write_long
    if isinstance(kept, dict):
        written_long = count(kept, "ephemeral_1h_input_tokens", written_long)
    details = value.get("output_tokens_details")
    reasoning = was.reasoning
    if isinstance(details, dict):
        reasoning = count(details, "thinking_tokens", reasoning)
    output = count(value, "output_tokens", was.output)
    return Usage(plain + read + written, output, read, written, reasoning, written_long)


def body_of(reply: Reply) -> dict[str, Any]:
    """The answer for a caller."""
    if len(reply.answers) != 1:
        raise UntranslatableError("Anthropic's API gives one answer")
    same = reply.dialect == NAME
    answer = reply.answers[0]
    blocks = [block(part, same=same, for_provider=False) for part in answer.parts]
    stated = reply.extra.get("usage", {}) if same else {}
    reason = REASONS[answer.stop]
    if same and answer.extra:
        reason = answer.extra.get("stop_reason", reason)
    body: dict[str, Any] = {
        "id": reply.id,
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [item for item in blocks if item is not None and item.get("text") != ""],
        "stop_reason": reason,
        "stop_sequence": answer.stop_sequence or None,
        "usage": {**stated, **usage_body(reply.usage or Usage(0, 0))},
    }
    if same:
        body.update({key: value for key, value in reply.extra.items() if key != "usage"})
    return body


def usage_body(usage: Usage) -> dict[str, Any]:
    """Counts for a caller."""
    body: dict[str, Any] = {
        "input_tokens": max(0, usage.input - usage.cache_read - usage.cache_write),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }
    if usage.cache_write_long:
        body["cache_creation"] = {
            "ephemeral_5m_input_tokens": max(0, usage.cache_write - usage.cache_write_long),
            "ephemeral_1h_input_tokens": usage.cache_write_long,
        }
    if usage.reasoning:
        body["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return body
