"""Writing content blocks."""

from __future__ import annotations

from typing import Any

from sensorium.gateway.conversation import (
    Image,
    Opaque,
    Part,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from sensorium.gateway.dialects import arguments, signatures
from sensorium.gateway.dialects.anthropic.blocks_in import NAME, REDACTED
from sensorium.gateway.dialects.identifiers import fitting


def own(value: Opaque) -> dict[str, Any]:
    """What this dialect alone knows; refused where it is another's."""
    return value.said_in(NAME, "Anthropic's API")


def block(part: Part, *, same: bool, for_provider: bool) -> dict[str, Any] | None:
    """One block; ``None`` for reasoning that the provider did not sign and would refuse."""
    if isinstance(part, Opaque):
        return own(part)
    if isinstance(part, Thinking):
        written = _thinking(part, same=same, for_provider=for_provider)
    elif isinstance(part, Text):
        written = {"type": "text", "text": part.text}
    elif isinstance(part, ToolCall):
        written = {
            "type": "tool_use",
            "id": fitting(part.id),
            "name": part.name,
            "input": arguments.object_of(part.arguments),
        }
    elif isinstance(part, Image):
        written = {"type": "image", "source": _source(part)}
    else:
        written = _result(part, same=same)
    if written is not None and same and part.extra:
        written.update(part.extra)
    return written


def _thinking(part: Thinking, *, same: bool, for_provider: bool) -> dict[str, Any] | None:
    signature = part.signature
    hidden = signatures.own(REDACTED, signature)
    if hidden:
        return {"type": "redacted_thinking", "data": hidden}
    # Bedrock's signatures are the same model's: Anthropic states that they hold on every platform.
    text = signatures.own(NAME, signature) or signatures.own("bedrock", signature)
    if for_provider and not text and (signature or not same):
        return None
    return {"type": "thinking", "thinking": part.text, "signature": text or signature}


def _source(part: Image) -> dict[str, Any]:
    if part.url:
        return {"type": "url", "url": part.url}
    return {"type": "base64", "media_type": part.media_type, "data": part.data}


def _result(part: ToolResult, *, same: bool) -> dict[str, Any]:
    written: dict[str, Any] = {"type": "tool_result", "tool_use_id": fitting(part.call_id)}
    content: list[dict[str, Any]] = []
    for item in part.parts:
        if type(item) is Text and not item.text:
            continue
        inner = block(item, same=same, for_provider=True)
        if inner is not None:
            content.append(inner)
    if len(content) == 1 and content[0].keys() == {"type", "text"}:
        written["content"] = content[0]["text"]
    elif content:
        written["content"] = content
    if part.is_error:
        written["is_error"] = True
    return written
