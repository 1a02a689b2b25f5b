"""A call's arguments: JSON text on one side, an object on the other.

Whole numbers beyond 64 bits become floating point, as everywhere in the gateway's JSON.
"""

from __future__ import annotations

import json
from typing import Any

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects import wire


def object_of(text: str) -> dict[str, Any]:
    """The object; no text at all is an empty one.

    Raises ``UntranslatableError`` where a model wrote something else, or was cut off.
    """
    if text in ("{}", "") or text.isspace():
        return {}
    try:
        value = wire.loads(text)
    except wire.NotJsonError:
        value = None
    if not isinstance(value, dict):
        raise UntranslatableError("a tool call's arguments are not a JSON object")
    return value


def text_of(value: Any) -> str:
    """The text of an object; what JSON cannot hold is :func:`wire.mended`.

    Raises ``UntranslatableError`` where it is nested too deeply to be written.
    """
    if not value:
        return "{}"
    try:
        return wire.dumps_text(value)
    except TypeError:
        pass
    try:  # the other library, which writes deeper nesting
        return json.dumps(wire.mended(value), ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise UntranslatableError("an object is nested too deeply") from None
