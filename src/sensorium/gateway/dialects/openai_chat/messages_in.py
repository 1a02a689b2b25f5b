"""Reading the messages of a chat completion: a caller's, and the one in an answer."""

from __future__ import annotations

from collections.abc import Mapping
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
)
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields, signatures

NAME: Final = "openai_chat"

_ROLES: Final = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}
_PLAIN: Final = frozenset({"role", "content", "name"})
_ASSISTANT: Final = frozenset(
    """role content name refusal tool_calls reasoning_content thinking_blocks""".split()
)
_TOOL: Final = frozenset({"role", "content", "tool_call_id"})
_CALL: Final = frozenset({"id", "type", "function", "index"})
_TEXT: Final = frozenset({"type", "text"})
_IMAGE: Final = frozenset({"type", "image_url"})
# A text that is a message's ``refusal``, or a part of its content of that type.
REFUSAL: Final[Mapping[str, Any]] = {"refusal": True}
_REFUSAL_PART: Final[Mapping[str, Any]] = {"refusal": "part"}


def message_of(value: Any, index: int) -> Message:
    """One message of a request."""
    path = f"messages[{index}]"
    value = fields.mapping(value, path)
    stated = value.get("role")
    role = _ROLES.get(stated) if isinstance(stated, str) else None
    if role is None:
        fields.text(value, "role", f"{path}.role")
        raise BadRequestError(
            f"{path}.role: expected system, developer, user, assistant or tool", f"{path}.role"
        )
    if role is Role.TOOL:
        return _tool_message(value, path)
    name = fields.optional_text(value, "name", f"{path}.name") if "name" in value else ""
    if role is Role.ASSISTANT:
        if value.get("function_call") is not None:
            return Message(role, (Opaque(NAME, value),))
        return Message(role, assistant_parts(value, path), name, fields.rest(value, _ASSISTANT))
    extra = fields.rest(value, _PLAIN)
    if stated == "developer":
        extra = {**(extra or {}), "role": stated}
    content = fields.need(value, "content", f"{path}.content")
    return Message(role, _content(content, f"{path}.content"), name, extra)


def assistant_parts(value: Mapping[str, Any], path: str) -> tuple[Part, ...]:
    """Reasoning, then text, then tool calls."""
    parts: list[Part] = []
    if "reasoning_content" in value or "thinking_blocks" in value:
        parts += _thinking(value, path)
    content = value.get("content")
    if content is not None:
        parts += _content(content, f"{path}.content")
    refusal = value.get("refusal")
    if refusal is not None:
        parts.append(Text(fields.text(value, "refusal", f"{path}.refusal"), REFUSAL))
    calls = value.get("tool_calls")
    if calls is not None:
        calls = fields.sequence(calls, f"{path}.tool_calls")
        parts += [_call(call, f"{path}.tool_calls[{at}]") for at, call in enumerate(calls)]
    return tuple(parts)


def _thinking(value: Mapping[str, Any], path: str) -> list[Part]:
    blocks = value.get("thinking_blocks")
    if not isinstance(blocks, list) or not blocks:
        text = fields.optional_text(value, "reasoning_content", f"{path}.reasoning_content")
        return [Thinking(text)] if text else []
    parts: list[Part] = []
    for index, item in enumerate(blocks):
        at = f"{path}.thinking_blocks[{index}]"
        block = fields.mapping(item, at)
        signature = fields.optional_text(block, "signature", f"{at}.signature")
        parts.append(
            Thinking(
                fields.optional_text(block, "thinking", f"{at}.thinking"),
                signatures.marked(NAME, signature),
            )
        )
    return parts


def _call(value: Any, path: str) -> ToolCall | Opaque:
    value = fields.mapping(value, path)
    if value.get("type", "function") != "function":
        return Opaque(NAME, value)
    function = fields.mapping(
        fields.need(value, "function", f"{path}.function"), f"{path}.function"
    )
    return ToolCall(
        id=fields.optional_text(value, "id", f"{path}.id"),
        name=fields.text(function, "name", f"{path}.function.name"),
        arguments=fields.optional_text(function, "arguments", f"{path}.function.arguments") or "{}",
        extra=fields.rest(value, _CALL),
    )


def _tool_message(value: Mapping[str, Any], path: str) -> Message:
    if value["role"] == "function":
        return Message(Role.TOOL, (Opaque(NAME, value),))
    content = fields.need(value, "content", f"{path}.content")
    call_id = fields.text(value, "tool_call_id", f"{path}.tool_call_id")
    result = ToolResult(call_id, _content(content, f"{path}.content"))
    return Message(Role.TOOL, (result,), extra=fields.rest(value, _TOOL))


def _content(value: Any, path: str) -> tuple[Text | Image | Opaque, ...]:
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise fields.wrong(path, "a string or a list", value)
    return tuple([_part(item, f"{path}[{index}]") for index, item in enumerate(value)])


def _part(value: Any, path: str) -> Text | Image | Opaque:
    value = fields.mapping(value, path)
    kind = fields.text(value, "type", f"{path}.type")
    if kind == "text":
        return Text(fields.text(value, "text", f"{path}.text"), fields.rest(value, _TEXT))
    if kind == "image_url":
        return _image(value, path)
    if kind == "refusal":
        return Text(fields.text(value, "refusal", f"{path}.refusal"), _REFUSAL_PART)
    return Opaque(NAME, value)


def _image(value: Mapping[str, Any], path: str) -> Image:
    at = f"{path}.image_url"
    stated = fields.mapping(fields.need(value, "image_url", at), at)
    url = fields.text(stated, "url", f"{at}.url")
    detail = fields.optional_text(stated, "detail", f"{at}.detail")
    extra = fields.rest(value, _IMAGE)
    if url.startswith("data:"):
        media_type, found, data = url[5:].partition(";base64,")
        if found:
            return Image(media_type=media_type, data=data, detail=detail, extra=extra)
    return Image(url=url, detail=detail, extra=extra)
