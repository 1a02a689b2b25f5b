"""Chat completions: reading a provider's, writing one for a caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.conversation import Opaque, Part, Text, Thinking, ToolCall
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields, openai_errors
from sensorium.gateway.dialects.counts import count
from sensorium.gateway.dialects.failures import unreadable
from sensorium.gateway.dialects.openai_chat.messages_in import assistant_parts
from sensorium.gateway.dialects.openai_chat.messages_out import assistant
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.reply import Answer, Reply, Stop, Usage

NAME: Final = "openai_chat"

_KNOWN: Final = frozenset({"id", "object", "created", "model", "choices", "usage"})
_CHOICE: Final = frozenset({"index", "message", "finish_reason"})
_USAGE: Final = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})
STOPS: Final = {
    "stop": Stop.END,
    "length": Stop.LENGTH,
    "tool_calls": Stop.TOOL,
    "function_call": Stop.TOOL,
    "content_filter": Stop.FILTER,
}
FINISH: Final = {
    Stop.END: "stop",
    Stop.LENGTH: "length",
    Stop.TOOL: "tool_calls",
    Stop.SEQUENCE: "stop",
    Stop.FILTER: "content_filter",
    Stop.REFUSAL: "content_filter",
    Stop.PAUSE: "stop",
}


def reply_of(body: Mapping[str, Any]) -> Reply:
    """A provider's answer. Raises ``CallFailedError``, also for an error sent with status 200."""
    if isinstance(body, dict) and body.get("error"):
        raise CallFailedError(openai_errors.from_value(200, {}, body["error"]))
    try:
        choices = fields.sequence(fields.need(body, "choices", "choices"), "choices")
        if not choices:
            raise unreadable("it has no choices")
        answers = tuple([_answer(choice, at) for at, choice in enumerate(choices)])
        return Reply(
            id=fields.optional_text(body, "id", "id"),
            model=fields.optional_text(body, "model", "model"),
            answers=answers,
            usage=usage_of(body.get("usage")),
            created=count(body, "created"),
            dialect=NAME,
            extra=_extra(body),
        )
    except BadRequestError as error:
        raise unreadable(error.message) from None
    except AttributeError:
        raise unreadable("it is no object") from None


def _extra(body: Mapping[str, Any]) -> dict[str, Any]:
    extra = fields.rest(body, _KNOWN) or {}
    usage = body.get("usage")
    if isinstance(usage, dict) and not _USAGE.issuperset(usage):
        extra["usage"] = usage
    return extra


def _answer(value: Any, at: int) -> Answer:
    path = f"choices[{at}]"
    value = fields.mapping(value, path)
    message = fields.mapping(fields.need(value, "message", f"{path}.message"), f"{path}.message")
    parts = assistant_parts(message, f"{path}.message")
    if isinstance(message.get("content"), list):
        parts = tuple([_thought(part) for part in parts])
    stop = stop_of(value.get("finish_reason"))
    if stop is Stop.END:
        if message.get("refusal"):
            stop = Stop.REFUSAL
        elif any(isinstance(part, ToolCall) for part in parts):
            stop = Stop.TOOL  # a named tool_choice ends with "stop"
    extra = fields.rest(value, _CHOICE)
    unknown = {
        key: item
        for key, item in message.items()
        if key in ("annotations", "audio", "function_call") and item is not None
    }
    if unknown:
        extra = {**(extra or {}), "message": unknown}
    return Answer(parts, stop, extra=extra)


def thought_of(part: Mapping[str, Any]) -> str | None:
    """The text of a part that holds reasoning (Mistral's ``thinking``); None of any other."""
    held = part.get("thinking")
    if part.get("type") != "thinking" or not isinstance(held, str | list):
        return None
    return held if isinstance(held, str) else "".join(str(one["text"]) for one in held)


def _thought(part: Part) -> Part:
    if not isinstance(part, Opaque):
        return part
    try:
        text = thought_of(part.value)
    except (KeyError, TypeError):
        return part  # of another shape: it stays what only this dialect knows
    return part if text is None else Thinking(text)


def stop_of(reason: Any) -> Stop:
    """Compatible servers have words of their own for an ordinary end, and some say none."""
    return STOPS.get(reason, Stop.END) if isinstance(reason, str) else Stop.END


def usage_of(value: Any) -> Usage | None:
    """Counts, where they are counts."""
    if not isinstance(value, dict):
        return None
    read = count(value, "prompt_tokens")
    said = count(value, "completion_tokens")
    details = value.get("prompt_tokens_details")
    cached = written = reasoning = 0
    if isinstance(details, dict):
        cached = count(details, "cached_tokens")
        written = count(details, "cache_write_tokens")
    details = value.get("completion_tokens_details")
    if isinstance(details, dict):
        reasoning = count(details, "reasoning_tokens")
    return Usage(read, said, cached, written, reasoning)


def body_of(reply: Reply) -> dict[str, Any]:
    """The answer for a caller."""
    same = reply.dialect == NAME
    body: dict[str, Any] = {
        "id": reply.id,
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "choices": [_choice(answer, at, same=same) for at, answer in enumerate(reply.answers)],
    }
    if same:
        body.update({key: value for key, value in reply.extra.items() if key != "usage"})
    if reply.usage is not None:
        stated = reply.extra.get("usage", {}) if same else {}
        body["usage"] = {**stated, **usage_body(reply.usage, stated)}
    return body


def usage_body(usage: Usage, stated: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Counts for a caller; ``stated`` holds details that the provider gave beside them."""
    read = (stated or {}).get("prompt_tokens_details")
    said = (stated or {}).get("completion_tokens_details")
    read = read if isinstance(read, dict) else {}
    said = said if isinstance(said, dict) else {}
    body: dict[str, Any] = {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
        "prompt_tokens_details": {**read, "cached_tokens": usage.cache_read},
        "completion_tokens_details": {**said, "reasoning_tokens": usage.reasoning},
    }
    if usage.cache_write:
        body["prompt_tokens_details"]["cache_write_tokens"] = usage.cache_write
    return body


def _choice(answer: Answer, at: int, *, same: bool) -> dict[str, Any]:
    refused = answer.stop is Stop.REFUSAL
    message: dict[str, Any] = {"role": "assistant"}
    message.update(assistant(answer.parts, same=same, for_provider=False))
    finish = FINISH[answer.stop]
    if refused and not message.get("refusal"):
        message["refusal"] = _said(answer.parts) or None
        message["content"] = None
    if message.setdefault("refusal", None):
        finish = "stop"
    value: dict[str, Any] = {"index": at, "message": message, "finish_reason": finish}
    if same and answer.extra:
        unknown = answer.extra.get("message", {})
        message.update(unknown)
        value.update({key: item for key, item in answer.extra.items() if key != "message"})
    value.setdefault("logprobs", None)
    return value


def _said(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))
