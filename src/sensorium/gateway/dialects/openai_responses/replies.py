"""Responses: reading a provider's, writing one for a caller.

An answer repeats parts of its request. Of another dialect's answer these are not known here, and
have the defaults that the reference gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.conversation import Part, Text, ToolCall, UntranslatableError
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields, openai_errors
from sensorium.gateway.dialects.counts import LARGEST, count
from sensorium.gateway.dialects.failures import unreadable
from sensorium.gateway.dialects.openai_responses.items_in import NAME, output_parts
from sensorium.gateway.dialects.openai_responses.items_out import output_items
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.reply import Answer, Reply, Stop, Usage

_KNOWN: Final = frozenset(
    "id object created_at model output usage status incomplete_details error".split()
)
_USAGE: Final = frozenset(
    """input_tokens output_tokens total_tokens input_tokens_details output_tokens_details""".split()
)
_PREFIXES: Final = {"message": "msg", "function_call": "fc", "reasoning": "rs"}
INCOMPLETE: Final = {Stop.LENGTH: "max_output_tokens", Stop.FILTER: "content_filter"}


def reply_of(body: Mapping[str, Any]) -> Reply:
    """A provider's answer. Raises ``CallFailedError``, also for one that says it failed."""
    try:
        if body.get("error") or body.get("status") in ("failed", "cancelled"):
            raise CallFailedError(openai_errors.from_value(200, {}, body.get("error")))
        output = fields.sequence(fields.need(body, "output", "output"), "output")
        parts: list[Part] = []
        for index, item in enumerate(output):
            path = f"output[{index}]"
            parts += output_parts(fields.mapping(item, path), path)
        extra = fields.rest(body, _KNOWN) or {}
        usage = body.get("usage")
        if isinstance(usage, dict) and not _USAGE.issuperset(usage):
            extra["usage"] = usage
        return Reply(
            id=fields.optional_text(body, "id", "id"),
            model=fields.optional_text(body, "model", "model"),
            answers=(Answer(tuple(parts), stop_of(body, parts)),),
            usage=usage_of(usage),
            created=seconds_of(body.get("created_at")),
            dialect=NAME,
            extra=extra,
        )
    except BadRequestError as error:
        raise unreadable(error.message) from None
    except (AttributeError, TypeError):
        raise unreadable("it has not the expected shape") from None


def stop_of(body: Mapping[str, Any], parts: list[Part]) -> Stop:
    """Why it stopped, which is said by several things together."""
    if body.get("status") == "incomplete":
        details = body.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        return Stop.FILTER if reason == "content_filter" else Stop.LENGTH
    if any(isinstance(part, ToolCall) for part in parts):
        return Stop.TOOL
    if any(isinstance(part, Text) and part.extra and "refusal" in part.extra for part in parts):
        return Stop.REFUSAL
    return Stop.END


def usage_of(value: Any) -> Usage | None:
    """Counts, where they are counts."""
    if not isinstance(value, dict):
        return None
    read, said = value.get("input_tokens_details"), value.get("output_tokens_details")
    read = read if isinstance(read, dict) else {}
    said = said if isinstance(said, dict) else {}
    return Usage(
        input=count(value, "input_tokens"),
        output=count(value, "output_tokens"),
        cache_read=count(read, "cached_tokens"),
        cache_write=count(read, "cache_write_tokens"),
        reasoning=count(said, "reasoning_tokens"),
    )


def seconds_of(value: Any) -> int:
    """A moment, which may be stated with a fraction."""
    return int(value) if isinstance(value, int | float) and 0 <= value < LARGEST else 0


def body_of(reply: Reply) -> dict[str, Any]:
    """The answer for a caller."""
    if len(reply.answers) != 1:
        raise UntranslatableError("Responses gives one answer")
    same = reply.dialect == NAME
    answer = reply.answers[0]

    def identify(kind: str, index: int) -> str:
        return item_id(reply.id, kind, index)

    refused = answer.stop is Stop.REFUSAL and not same
    parts = [part for part in answer.parts if not isinstance(part, Text) or part.text or same]
    body = skeleton(reply.id, reply.model, reply.created)
    if same:
        body.update(reply.extra)
    body["output"] = output_items(
        parts, same=same, for_provider=False, identify=identify, refused=refused
    )
    finish(body, answer.stop)
    if reply.usage is not None:
        stated = reply.extra.get("usage", {}) if same else {}
        body["usage"] = {**stated, **usage_body(reply.usage)}
    return body


def skeleton(identity: str, model: str, created: int) -> dict[str, Any]:
    """An answer that has just begun."""
    return {
        "id": identity if identity.startswith("resp_") else f"resp_{identity}",
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "usage": None,
    }


def finish(body: dict[str, Any], stop: Stop) -> None:
    """Put in why it stopped."""
    reason = INCOMPLETE.get(stop)
    body["status"] = "completed" if reason is None else "incomplete"
    body["incomplete_details"] = None if reason is None else {"reason": reason}


def item_id(scope: str, kind: str, index: int) -> str:
    """The id of an item that has none of its own."""
    return f"{_PREFIXES.get(kind, 'item')}_{scope.removeprefix('resp_')}_{index}"


def usage_body(usage: Usage) -> dict[str, Any]:
    """Counts for a caller."""
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }
