"""Reading items of a Responses request's ``input``, and those of an answer's ``output``."""

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

NAME: Final = "openai_responses"

_ROLES: Final = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
}
_MESSAGE: Final = frozenset({"type", "role", "content"})
_TEXT: Final = frozenset({"type", "text"})
_IMAGE: Final = frozenset({"type", "image_url", "detail"})
_CALL: Final = frozenset({"type", "call_id", "name", "arguments"})
_OUTPUT: Final = frozenset({"type", "call_id", "output"})
_REASONING: Final = frozenset({"type", "encrypted_content"})
_TEXTS: Final = frozenset({"input_text", "output_text", "text"})
REFUSAL: Final[Mapping[str, Any]] = {"refusal": True}


def messages_of(value: Any) -> list[Message]:
    """The messages; what the assistant said in several items becomes one."""
    if isinstance(value, str):
        return [Message(Role.USER, (Text(value),))]
    messages: list[Message] = []
    said: list[Part] = []
    for index, item in enumerate(fields.sequence(value, "input")):
        path = f"input[{index}]"
        found = _item(fields.mapping(item, path), path)
        if isinstance(found, Message):
            if said:
                messages.append(Message(Role.ASSISTANT, tuple(said)))
                said = []
            messages.append(found)
        else:
            said += found
    if said:
        messages.append(Message(Role.ASSISTANT, tuple(said)))
    return messages


def _item(item: Mapping[str, Any], path: str) -> Message | list[Part]:
    kind = fields.optional_text(item, "type", f"{path}.type") or "message"
    if kind == "function_call_output":
        return _output(item, path)
    if kind != "message":
        return output_parts(item, path)
    stated = fields.text(item, "role", f"{path}.role")
    role = _ROLES.get(stated)
    if role is None:
        raise BadRequestError(
            f"{path}.role: expected user, assistant, system or developer", f"{path}.role"
        )
    if role is Role.ASSISTANT:
        return output_parts(item, path)
    extra = fields.rest(item, _MESSAGE)
    if stated == "developer":
        extra = {**(extra or {}), "role": stated}
    content = _content(fields.need(item, "content", f"{path}.content"), f"{path}.content")
    return Message(role, content, extra=extra)


def output_parts(item: Mapping[str, Any], path: str) -> list[Part]:
    """The parts of an item that the assistant said."""
    kind = item.get("type", "message")
    if kind == "message":
        extra = fields.rest(item, _MESSAGE)
        content = _content(fields.need(item, "content", f"{path}.content"), f"{path}.content")
        return [_of_item(part, extra) for part in content]
    if kind == "function_call":
        return [
            ToolCall(
                id=fields.text(item, "call_id", f"{path}.call_id"),
                name=fields.text(item, "name", f"{path}.name"),
                arguments=fields.optional_text(item, "arguments", f"{path}.arguments") or "{}",
                extra=fields.rest(item, _CALL),
            )
        ]
    if kind == "reasoning":
        return [_reasoning(item, path)]
    return [Opaque(NAME, item)]


def _of_item(part: Text | Image | Opaque, extra: dict[str, Any] | None) -> Part:
    if not extra or not isinstance(part, Text):
        return part
    return Text(part.text, {**(part.extra or {}), "item": extra})


def _output(item: Mapping[str, Any], path: str) -> Message:
    output = fields.need(item, "output", f"{path}.output")
    result = ToolResult(
        call_id=fields.text(item, "call_id", f"{path}.call_id"),
        parts=_content(output, f"{path}.output"),
        extra=fields.rest(item, _OUTPUT),
    )
    return Message(Role.TOOL, (result,))


def _reasoning(item: Mapping[str, Any], path: str) -> Thinking:
    texts: list[str] = []
    for key in ("summary", "content"):
        at = f"{path}.{key}"
        parts = item.get(key) or []
        found = [
            fields.text(fields.mapping(part, f"{at}[{index}]"), "text", f"{at}[{index}].text")
            for index, part in enumerate(fields.sequence(parts, at))
        ]
        texts = texts or found
    hidden = fields.optional_text(item, "encrypted_content", f"{path}.encrypted_content")
    return Thinking(
        text="\n\n".join(texts),
        signature=signatures.marked(NAME, hidden),
        extra=fields.rest(item, _REASONING),
    )


def _content(value: Any, path: str) -> tuple[Text | Image | Opaque, ...]:
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise fields.wrong(path, "a string or a list", value)
    return tuple([_part(item, f"{path}[{index}]") for index, item in enumerate(value)])


def _part(value: Any, path: str) -> Text | Image | Opaque:
    value = fields.mapping(value, path)
    kind = fields.text(value, "type", f"{path}.type")
    if kind in _TEXTS:
        extra = fields.rest(value, _TEXT)
        if extra is not None:
            # What has nothing in it says nothing.
            extra = {key: item for key, item in extra.items() if item not in ([], None)} or None
        return Text(fields.text(value, "text", f"{path}.text"), extra)
    if kind == "refusal":
        return Text(fields.text(value, "refusal", f"{path}.refusal"), REFUSAL)
    if kind == "input_image" and value.get("image_url") is not None:
        url = fields.text(value, "image_url", f"{path}.image_url")
        detail = fields.optional_text(value, "detail", f"{path}.detail")
        detail = "" if detail == "auto" else detail  # which is the default
        extra = fields.rest(value, _IMAGE)
        if url.startswith("data:"):
            media_type, found, data = url[5:].partition(";base64,")
            if found:
                return Image(media_type, data, detail=detail, extra=extra)
        return Image(url=url, detail=detail, extra=extra)
    return Opaque(NAME, value)
