"""Writing items: a request's ``input`` and an answer's ``output``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sensorium.gateway.conversation import (
    Image,
    Message,
    Opaque,
    Part,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UntranslatableError,
)
from sensorium.gateway.dialects import signatures
from sensorium.gateway.dialects.openai_responses.items_in import NAME


def own(value: Opaque) -> dict[str, Any]:
    """What this dialect alone knows; refused where it is another's."""
    return value.said_in(NAME, "Responses")


def input_items(message: Message, *, same: bool) -> list[dict[str, Any]]:
    """A message as items."""
    if message.role is Role.TOOL:
        return [_result(part, same=same) for part in message.parts]
    if message.role is Role.ASSISTANT:
        return output_items(message.parts, same=same, for_provider=True)
    extra = (message.extra or {}) if same else {}
    content = _content(message.parts, same=same)
    return [{"type": "message", "role": message.role.value, "content": content, **extra}]


def output_items(
    parts: Iterable[Part],
    *,
    same: bool,
    for_provider: bool,
    identify: Callable[[str, int], str] | None = None,
    refused: bool = False,
) -> list[dict[str, Any]]:
    """What the assistant said as items; ``identify`` gives ids to those that have none."""
    items: list[dict[str, Any]] = []
    last: Any = None  # the fields of the message that is being filled
    for part in parts:
        if isinstance(part, Text):
            stated = _item_of(part) if same else {}
            if last is None or last != stated:
                last = stated
                message = {"type": "message", "role": "assistant", "content": [], **stated}
                if not for_provider:
                    message.setdefault("status", "completed")
                items.append(message)
            items[-1]["content"].append(_said(part, same=same, refused=refused))
            continue
        last = None
        if isinstance(part, Opaque):
            items.append(own(part))
        elif isinstance(part, ToolCall):
            items.append(_call(part, same=same, for_provider=for_provider))
        elif isinstance(part, Thinking):
            items += _reasoning(part, same=same, for_provider=for_provider)
        else:
            raise UntranslatableError(f"an assistant's {type(part).__name__} has no form here")
    if identify is not None:
        for index, item in enumerate(items):
            if not item.get("id"):
                item["id"] = identify(item["type"], index)
    return items


def _item_of(part: Text) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (part.extra or {}).get("item", {})
    return found


def _said(part: Text, *, same: bool, refused: bool) -> dict[str, Any]:
    if refused or (same and part.extra and "refusal" in part.extra):
        return {"type": "refusal", "refusal": part.text}
    written: dict[str, Any] = {"type": "output_text", "text": part.text, "annotations": []}
    if same and part.extra:
        written.update({key: item for key, item in part.extra.items() if key != "item"})
    return written


def _call(part: ToolCall, *, same: bool, for_provider: bool) -> dict[str, Any]:
    written: dict[str, Any] = {
        "type": "function_call",
        "call_id": part.id,
        "name": part.name,
        "arguments": part.arguments,
    }
    if not for_provider:
        written["status"] = "completed"
    if same and part.extra:
        written.update(part.extra)
    return written


def _reasoning(part: Thinking, *, same: bool, for_provider: bool) -> list[dict[str, Any]]:
    hidden = signatures.own(NAME, part.signature)
    if for_provider and not hidden and (part.signature or not same):
        return []
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    written: dict[str, Any] = {"type": "reasoning", "summary": summary}
    if hidden or part.signature:
        written["encrypted_content"] = hidden or part.signature
    if same and part.extra:
        written.update(part.extra)
    return [written]


def _result(part: Part, *, same: bool) -> dict[str, Any]:
    if isinstance(part, Opaque):
        return own(part)
    if not isinstance(part, ToolResult):
        raise UntranslatableError("a tool's message holds something that is no tool result")
    written: dict[str, Any] = {
        "type": "function_call_output",
        "call_id": part.call_id,
        "output": _content(part.parts, same=same) if part.parts else "",
    }
    if same and part.extra:
        written.update(part.extra)
    return written


def _content(parts: tuple[Part, ...], *, same: bool) -> str | list[dict[str, Any]]:
    if len(parts) == 1:
        only = parts[0]
        if isinstance(only, Text) and not (same and only.extra):
            return only.text
    return [_part(part, same=same) for part in parts]


def _part(part: Part, *, same: bool) -> dict[str, Any]:
    written: dict[str, Any]
    if isinstance(part, Text):
        written = {"type": "input_text", "text": part.text}
    elif isinstance(part, Image):
        url = part.url or f"data:{part.media_type};base64,{part.data}"
        written = {"type": "input_image", "image_url": url, "detail": part.detail or "auto"}
    elif isinstance(part, Opaque):
        return own(part)
    else:
        raise UntranslatableError(f"{type(part).__name__} has no form in this message")
    if same and part.extra:
        written.update(part.extra)
    return written
