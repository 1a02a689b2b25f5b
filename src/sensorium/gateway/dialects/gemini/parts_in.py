"""Reading parts of a content: a caller's, and those in an answer.

A thought signature stands on the part it belongs to. Here it becomes reasoning without text: before
a call that it belongs to, after a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from sensorium.gateway.dialects.identifiers import short

NAME: Final = "gemini"
# Calls without an id get one that begins so, and is not sent back.
GIVEN: Final = "gemini_call_"

_COMMON: Final = frozenset({"thought", "thoughtSignature"})
_TEXT: Final = _COMMON | {"text"}
_CALL: Final = _COMMON | {"functionCall"}
_RESULT: Final = _COMMON | {"functionResponse"}


def parts_of(value: Any, path: str, scope: str) -> Iterator[Part]:
    """The neutral parts. ``scope`` makes given ids differ between contents."""
    for index, item in enumerate(fields.sequence(value, path)):
        at = f"{path}[{index}]"
        part = fields.mapping(item, at)
        signature = fields.optional_text(part, "thoughtSignature", f"{at}.thoughtSignature")
        mark = Thinking("", signatures.marked(NAME, signature)) if signature else None
        if "functionCall" in part:
            if mark is not None:
                yield mark
            yield _call(part, at, f"{scope}_{index}")
        elif "text" in part:
            text = fields.text(part, "text", f"{at}.text")
            if part.get("thought") is True:
                yield Thinking(text, signatures.marked(NAME, signature))
            else:
                if text or mark is None:
                    yield Text(text, fields.rest(part, _TEXT))
                if mark is not None:
                    yield mark
        else:
            if mark is not None:
                yield mark
            yield _other(part, at)


def _call(part: Mapping[str, Any], path: str, place: str) -> ToolCall:
    at = f"{path}.functionCall"
    call = fields.mapping(part["functionCall"], at)
    args = call.get("args")
    identity = fields.optional_text(call, "id", f"{at}.id") or short(GIVEN + place)
    return ToolCall(
        id=identity,
        name=fields.text(call, "name", f"{at}.name"),
        arguments=arguments.text_of(fields.mapping(args, f"{at}.args") if args else None),
        extra=fields.rest(part, _CALL),
    )


def _other(part: Mapping[str, Any], path: str) -> Part:
    if "functionResponse" in part:
        return _result(part, f"{path}.functionResponse")
    for key, field, mime in (("inlineData", "data", True), ("fileData", "fileUri", False)):
        source = part.get(key)
        if isinstance(source, dict) and part.keys() == {key}:
            media_type = fields.optional_text(source, "mimeType", f"{path}.{key}.mimeType")
            if not media_type.startswith("image/"):
                break
            found = fields.text(source, field, f"{path}.{key}.{field}")
            return Image(media_type, data=found) if mime else Image(media_type, url=found)
    return Opaque(NAME, part)


def _result(part: Mapping[str, Any], path: str) -> ToolResult:
    stated = fields.mapping(part["functionResponse"], path)
    response = fields.mapping(fields.need(stated, "response", f"{path}.response"), path)
    found: list[Text | Image | Opaque] = []
    if response.keys() <= {"output"} or response.keys() == {"error"}:
        text = next(iter(response.values()), "")
    else:
        text = response
    found.append(Text(text if isinstance(text, str) else arguments.text_of(text)))
    found += [
        item if isinstance(item, Text | Image | Opaque) else Opaque(NAME, part)
        for item in parts_of(stated.get("parts") or [], f"{path}.parts", "")
    ]
    name = fields.text(stated, "name", f"{path}.name")
    return ToolResult(
        call_id=fields.optional_text(stated, "id", f"{path}.id"),
        parts=tuple(found),
        is_error="error" in response,
        extra={"name": name, "response": response, **(fields.rest(part, _RESULT) or {})},
    )
