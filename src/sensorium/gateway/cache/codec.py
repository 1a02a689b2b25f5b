"""An answer as bytes and back, by the types that an answer is made of and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

import orjson

from sensorium.gateway.conversation import Image, Opaque, Text, Thinking, ToolCall, ToolResult
from sensorium.gateway.reply import Answer, Reply, Stop, Usage

_KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (Reply, Answer, Usage, Text, Image, Thinking, ToolCall, ToolResult, Opaque)
}


def encoded(reply: Reply) -> bytes:
    """The answer as JSON in UTF-8; raises ``TypeError`` for what JSON cannot hold."""
    return orjson.dumps(_plain(reply))


def decoded(data: bytes) -> Reply:
    """The answer; raises ``ValueError`` where the bytes are none."""
    try:
        reply = _object(orjson.loads(data))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError("not an answer") from error
    if not isinstance(reply, Reply):
        raise ValueError("not an answer")
    return reply


def _plain(value: Any) -> Any:
    kind = type(value).__name__
    if kind in _KINDS:
        return {"is": kind, "of": [_plain(getattr(value, one.name)) for one in fields(value)]}
    return list(map(_plain, value)) if isinstance(value, tuple) else value


def _object(value: Any) -> Any:
    kind = _KINDS[value["is"]]
    made: dict[str, Any] = {}
    for one, given in zip(fields(kind), value["of"], strict=True):
        if one.name == "stop":
            made[one.name] = Stop(given)
        elif isinstance(given, list):
            made[one.name] = tuple(map(_object, given))
        elif isinstance(given, dict) and one.name not in {"extra", "value"}:
            made[one.name] = _object(given)
        else:
            made[one.name] = given
    return kind(**made)
