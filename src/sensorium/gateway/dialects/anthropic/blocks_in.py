"""Reading content blocks: a caller's, and those in an answer."""

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
from sensorium.gateway.dialects import arguments, fields, signatures

NAME: Final = "anthropic"
REDACTED: Final = "anthropic_redacted"

_ROLES: Final = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_MESSAGE: Final = frozenset({"role", "content"})
_TEXT: Final = frozenset({"type", "text"})
_IMAGE: Final = frozenset({"type", "source"})
_CALL: Final = frozenset({"type", "id", "name", "input"})
_RESULT: Final = frozenset({"type", "tool_use_id", "content", "is_error"})
_THINKING: Final = frozenset({"type", "thinking", "signature"})
# Instructions that stand among the messages; with a provider of this dialect they stay there.
IN_PLACE: Final[Mapping[str, Any]] = {"role": "system"}


def messages_of(value: Any, path: str) -> list[Message]:
    """One turn: tool results apart from what else it says, in the order it says it."""
    value = fields.mapping(value, path)
    stated = value.get("role")
    role = _ROLES.get(stated) if isinstance(stated, str) else None
    if role is None:
        fields.text(value, "role", f"{path}.role")
        raise BadRequestError(f"{path}.role: expected user, assistant or system", f"{path}.role")
    parts = blocks_of(fields.need(value, "content", f"{path}.content"), f"{path}.content")
    extra = fields.rest(value, _MESSAGE)
    if role is Role.SYSTEM:
        return [Message(role, parts, extra={**(extra or {}), **IN_PLACE})]
    if role is Role.ASSISTANT or not any(isinstance(part, ToolResult) for part in parts):
        return [Message(role, parts, extra=extra)]
    runs: list[tuple[Role, list[Part]]] = []
    for part in parts:
        side = Role.TOOL if isinstance(part, ToolResult) else role
        if not runs or runs[-1][0] is not side:
            runs.append((side, []))
        runs[-1][1].append(part)
    return [Message(side, tuple(run), extra=extra) for side, run in runs]


def blocks_of(value: Any, path: str) -> tuple[Part, ...]:
    """Content: a string or a list of blocks."""
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise fields.wrong(path, "a string or a list", value)
    return tuple([block_of(item, f"{path}[{index}]") for index, item in enumerate(value)])


def block_of(value: Any, path: str) -> Part:
    """One block."""
    value = fields.mapping(value, path)
    read = _READ.get(fields.text(value, "type", f"{path}.type"))
    return Opaque(NAME, value) if read is None else read(value, path)


def _text(value: Mapping[str, Any], path: str) -> Part:
    return Text(fields.text(value, "text", f"{path}.text"), fields.rest(value, _TEXT))


def _image(value: Mapping[str, Any], path: str) -> Part:
    at = f"{path}.source"
    source = fields.mapping(fields.need(value, "source", at), at)
    extra = fields.rest(value, _IMAGE)
    if source.get("type") == "base64":
        media_type = fields.text(source, "media_type", f"{at}.media_type")
        return Image(media_type, fields.text(source, "data", f"{at}.data"), extra=extra)
    if source.get("type") == "url":
        return Image(url=fields.text(source, "url", f"{at}.url"), extra=extra)
    return Opaque(NAME, value)


def _call(value: Mapping[str, Any], path: str) -> Part:
    given = fields.mapping(fields.need(value, "input", f"{path}.input"), f"{path}.input")
    return ToolCall(
        id=fields.text(value, "id", f"{path}.id"),
        name=fields.text(value, "name", f"{path}.name"),
        arguments=arguments.text_of(given),
        extra=fields.rest(value, _CALL),
    )


def _result(value: Mapping[str, Any], path: str) -> Part:
    content = value.get("content")
    parts: list[Text | Image | Opaque] = []
    for part in blocks_of(content, f"{path}.content") if content is not None else ():
        if not isinstance(part, Text | Image | Opaque):
            raise BadRequestError(
                f"{path}.content: holds a block that a result cannot hold", f"{path}.content"
            )
        parts.append(part)
    return ToolResult(
        call_id=fields.text(value, "tool_use_id", f"{path}.tool_use_id"),
        parts=tuple(parts),
        is_error=fields.flag(value, "is_error", f"{path}.is_error") or False,
        extra=fields.rest(value, _RESULT),
    )


def _thinking(value: Mapping[str, Any], path: str) -> Part:
    signature = fields.optional_text(value, "signature", f"{path}.signature")
    return Thinking(
        text=fields.text(value, "thinking", f"{path}.thinking"),
        signature=signatures.marked(NAME, signature),
        extra=fields.rest(value, _THINKING),
    )


def _redacted(value: Mapping[str, Any], path: str) -> Part:
    return Thinking("", signatures.marked(REDACTED, fields.text(value, "data", f"{path}.data")))


_READ: Final = {
    "text": _text,
    "image": _image,
    "tool_use": _call,
    "tool_result": _result,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
}
