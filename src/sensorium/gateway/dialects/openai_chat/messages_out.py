"""Writing the messages of a chat completion."""

from __future__ import annotations

from typing import Any, Final

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
from sensorium.gateway.dialects.identifiers import short

NAME: Final = "openai_chat"


def own(value: Opaque) -> dict[str, Any]:
    """What this dialect alone knows; refused where it is another's."""
    return value.said_in(NAME, "chat completions")


def written(message: Message, *, same: bool) -> list[dict[str, Any]]:
    """The message, or for tool results one message each. ``same``: the caller's dialect is this."""
    role = message.role
    if role is Role.TOOL:
        return [_result(part, message, same=same) for part in message.parts]
    parts = message.parts
    if len(parts) == 1 and type(parts[0]) is Opaque and "role" in parts[0].value:
        return [own(parts[0])]
    value: dict[str, Any] = {"role": role.value}
    if same and message.extra:
        value.update(message.extra)
    if message.name:
        value["name"] = message.name
    if role is Role.ASSISTANT:
        value.update(assistant(parts, same=same, for_provider=True))
    else:
        value["content"] = _content(parts, same=same)
    return [value]


def assistant(parts: tuple[Part, ...], *, same: bool, for_provider: bool) -> dict[str, Any]:
    """An assistant's message without its role."""
    said: list[Part] = []
    calls: list[dict[str, Any]] = []
    thoughts: list[Thinking] = []
    refusal: str | None = None
    for part in parts:
        if isinstance(part, ToolCall):
            calls.append(_call(part, same=same))
        elif isinstance(part, Thinking):
            thoughts.append(part)
        elif isinstance(part, Text) and same and part.extra and part.extra.get("refusal") is True:
            refusal = part.text if refusal is None else refusal + part.text
        elif isinstance(part, Opaque) and part.value.get("type") == "custom":
            calls.append(own(part))
        else:
            said.append(part)
    value: dict[str, Any] = {"content": _content(tuple(said), same=same) if said else None}
    if thoughts:
        value.update(_reasoning(thoughts, same=same, for_provider=for_provider))
    if refusal is not None:
        value["refusal"] = refusal
    if calls:
        value["tool_calls"] = calls
    return value


def _reasoning(thoughts: list[Thinking], *, same: bool, for_provider: bool) -> dict[str, Any]:
    if for_provider:
        if not same:
            return {}
        thoughts = [
            part for part in thoughts if not part.signature or signatures.own(NAME, part.signature)
        ]
    value: dict[str, Any] = {}
    text = "".join(part.text for part in thoughts)
    if text:
        value["reasoning_content"] = text
    if any(part.signature for part in thoughts):
        value["thinking_blocks"] = [
            {
                "type": "thinking",
                "thinking": part.text,
                "signature": signatures.bare(NAME, part.signature),
            }
            for part in thoughts
        ]
    return value


def _call(part: ToolCall, *, same: bool) -> dict[str, Any]:
    value: dict[str, Any] = {
        "id": short(part.id),
        "type": "function",
        "function": {"name": part.name, "arguments": part.arguments},
    }
    if same and part.extra:
        value.update(part.extra)
    return value


def _result(part: Part, message: Message, *, same: bool) -> dict[str, Any]:
    if isinstance(part, Opaque):
        return own(part)
    if not isinstance(part, ToolResult):
        raise UntranslatableError("a tool's message holds something that is no tool result")
    for item in part.parts:
        if not isinstance(item, Text) and not same:
            raise UntranslatableError(
                "a picture in a tool's result has no form in chat completions"
            )
    content = _content(part.parts, same=same) if part.parts else ""
    value: dict[str, Any] = {
        "role": "tool",
        "tool_call_id": short(part.call_id),
        "content": content,
    }
    if same and message.extra:
        value.update(message.extra)
    return value


def _content(parts: tuple[Part, ...], *, same: bool) -> str | list[dict[str, Any]]:
    if len(parts) == 1:
        only = parts[0]
        if isinstance(only, Text) and not (same and only.extra):
            return only.text
    return [_part(part, same=same) for part in parts]


def _part(part: Part, *, same: bool) -> dict[str, Any]:
    value: dict[str, Any]
    if isinstance(part, Text):
        if same and part.extra and "refusal" in part.extra:
            return {"type": "refusal", "refusal": part.text}
        value = {"type": "text", "text": part.text}
    elif isinstance(part, Image):
        url = part.url or f"data:{part.media_type};base64,{part.data}"
        value = {"type": "image_url", "image_url": {"url": url}}
        if part.detail:
            value["image_url"]["detail"] = part.detail
    elif isinstance(part, Opaque):
        return own(part)
    else:
        raise UntranslatableError(f"{type(part).__name__} has no form in this message")
    if same and part.extra:
        value.update(part.extra)
    return value
