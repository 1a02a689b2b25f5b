"""Writing content blocks."""

from __future__ import annotations

from typing import Any, Final

from sensorium.gateway.conversation import (
    Image,
    Opaque,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    UntranslatableError,
)
from sensorium.gateway.dialects import arguments, signatures
from sensorium.gateway.dialects.bedrock.blocks_in import NAME, REDACTED
from sensorium.gateway.dialects.identifiers import fitting

_FORMATS: Final = {"png": "png", "jpeg": "jpeg", "jpg": "jpeg", "gif": "gif", "webp": "webp"}


def own(value: Opaque) -> dict[str, Any]:
    """What this dialect alone knows; refused where it is another's."""
    return value.said_in(NAME, "Bedrock's Converse")


def block(part: Part, *, same: bool, for_provider: bool) -> dict[str, Any] | None:
    """One block; ``None`` for reasoning that the provider did not sign."""
    if isinstance(part, Text):
        return {"text": part.text}
    if isinstance(part, ToolCall):
        extra = (part.extra or {}) if same else {}
        call = {
            "toolUseId": fitting(part.id),
            "name": part.name,
            "input": arguments.object_of(part.arguments),
        }
        return {"toolUse": {**call, **extra}}
    if isinstance(part, ToolResult):
        return {"toolResult": _result(part, same=same)}
    if isinstance(part, Image):
        return {"image": image(part)}
    if isinstance(part, Thinking):
        return _reasoning(part, same=same, for_provider=for_provider)
    return own(part)


def image(part: Image) -> dict[str, Any]:
    """A picture: its bytes, or where it is in S3."""
    name = part.media_type.removeprefix("image/")
    if part.url and not name:
        name = part.url.rpartition(".")[2].lower()
    form = _FORMATS.get(name)
    if form is None:
        raise UntranslatableError("Bedrock takes pictures in PNG, JPEG, GIF and WebP")
    if not part.url:
        return {"format": form, "source": {"bytes": part.data}}
    if not part.url.startswith("s3://"):
        raise UntranslatableError("Bedrock takes a picture's bytes, or its address in S3")
    return {"format": form, "source": {"s3Location": {"uri": part.url}}}


def _reasoning(part: Thinking, *, same: bool, for_provider: bool) -> dict[str, Any] | None:
    hidden = signatures.own(REDACTED, part.signature)
    if hidden:
        return {"reasoningContent": {"redactedContent": hidden}}
    # The same model's signature, whichever platform it ran on.
    mark = signatures.own(NAME, part.signature) or signatures.own("anthropic", part.signature)
    if for_provider and not mark and (part.signature or not same):
        return None
    text = {"text": part.text}
    mark = mark or part.signature
    if mark:
        text["signature"] = mark
    return {"reasoningContent": {"reasoningText": text}}


def _result(part: ToolResult, *, same: bool) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for item in part.parts:
        if isinstance(item, Text):
            content.append({"text": item.text})
        elif isinstance(item, Image):
            content.append({"image": image(item)})
        else:
            content.append(own(item))
    written: dict[str, Any] = {"toolUseId": fitting(part.call_id), "content": content}
    if part.is_error:
        written["status"] = "error"
    if same and part.extra:
        written.update(part.extra)
    return written
