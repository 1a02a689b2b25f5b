"""Reading content blocks: a caller's, and those in an answer. Bytes are base64, as on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.conversation import (
    Image,
    Opaque,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from sensorium.gateway.dialects import arguments, fields, signatures

NAME: Final = "bedrock"
REDACTED: Final = "bedrock_redacted"

_CALL: Final = frozenset({"toolUseId", "name", "input"})
_RESULT: Final = frozenset({"toolUseId", "content", "status"})


def blocks_of(value: Any, path: str) -> tuple[Part, ...]:
    """A list of blocks."""
    items = fields.sequence(value, path)
    return tuple([block_of(item, f"{path}[{index}]") for index, item in enumerate(items)])


def block_of(value: Any, path: str) -> Part:
    """One block: an object with the one field that says its kind."""
    value = fields.mapping(value, path)
    if len(value) == 1:
        kind, inner = next(iter(value.items()))
        if kind == "text":
            return Text(fields.text(value, "text", f"{path}.text"))
        read = _READ.get(kind)
        if read is not None:
            found = read(fields.mapping(inner, f"{path}.{kind}"), f"{path}.{kind}")
            if found is not None:
                return found
    return Opaque(NAME, value)


def _image(value: Mapping[str, Any], path: str) -> Part | None:
    if value.keys() != {"format", "source"}:
        return None
    form = fields.text(value, "format", f"{path}.format")
    source = fields.mapping(value["source"], f"{path}.source")
    if source.keys() == {"bytes"}:
        return Image(f"image/{form}", fields.text(source, "bytes", f"{path}.source.bytes"))
    place = source.get("s3Location")
    if isinstance(place, dict) and place.keys() == {"uri"}:
        return Image(f"image/{form}", url=fields.text(place, "uri", f"{path}.source.s3Location"))
    return None


def _call(value: Mapping[str, Any], path: str) -> Part:
    given = value.get("input")
    return ToolCall(
        id=fields.text(value, "toolUseId", f"{path}.toolUseId"),
        name=fields.text(value, "name", f"{path}.name"),
        arguments=arguments.text_of(fields.mapping(given, f"{path}.input") if given else None),
        extra=fields.rest(value, _CALL),
    )


def _result(value: Mapping[str, Any], path: str) -> Part:
    parts: list[Text | Image | Opaque] = []
    at = f"{path}.content"
    for index, item in enumerate(fields.sequence(fields.need(value, "content", at), at)):
        part = block_of(item, f"{at}[{index}]")
        parts.append(part if isinstance(part, Text | Image | Opaque) else Opaque(NAME, item))
    status = fields.optional_text(value, "status", f"{path}.status")
    return ToolResult(
        call_id=fields.text(value, "toolUseId", f"{path}.toolUseId"),
        parts=tuple(parts),
        is_error=status == "error",
        extra=fields.rest(value, _RESULT),
    )


def _reasoning(value: Mapping[str, Any], path: str) -> Part | None:
    if value.keys() == {"redactedContent"}:
        hidden = fields.text(value, "redactedContent", f"{path}.redactedContent")
        return Thinking("", signatures.marked(REDACTED, hidden))
    if value.keys() != {"reasoningText"}:
        return None
    at = f"{path}.reasoningText"
    stated = fields.mapping(value["reasoningText"], at)
    signature = fields.optional_text(stated, "signature", f"{at}.signature")
    text = fields.text(stated, "text", f"{at}.text")
    return Thinking(text, signatures.marked(NAME, signature))


_READ: Final = {
    "image": _image,
    "toolUse": _call,
    "toolResult": _result,
    "reasoningContent": _reasoning,
}
