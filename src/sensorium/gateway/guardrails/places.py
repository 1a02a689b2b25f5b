"""Every place of a request or an answer where text stands, visited in one way.

Looking and changing go through the same walk, so that no place can be looked at and not masked, or
the other way round. What is not text is not here: the bytes of pictures and of audio.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Final, TypeVar

import orjson

from sensorium.gateway.conversation import (
    Conversation,
    Format,
    Image,
    Message,
    Opaque,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from sensorium.gateway.reply import Answer, Reply

T = TypeVar("T")


class Place(StrEnum):
    """Where a text stands."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    THINKING = "thinking"
    ARGUMENTS = "arguments"
    RESULT = "result"
    TOOL = "tool"
    NAME = "name"
    URL = "url"
    OPAQUE = "opaque"
    FIELD = "field"


# Where a placeholder would break the request: a name has its own alphabet, an address must resolve.
FIXED = frozenset({Place.NAME, Place.URL})


@dataclass(frozen=True, slots=True)
class Fragment:
    """A text and its place; ``json`` says that it is JSON text, with escapes."""

    text: str
    place: Place
    json: bool = False


Visit = Callable[[Fragment], str]
_ROLES: Final = {
    Role.SYSTEM: Place.SYSTEM,
    Role.USER: Place.USER,
    Role.ASSISTANT: Place.ASSISTANT,
    Role.TOOL: Place.RESULT,
}
# What a text is by where it stands. A field that is not named here is a name: looked at, and
# blocked where it would have to be masked, so that a field added later cannot be forgotten.
_PLACES: Final[dict[tuple[type, str], Place | None]] = {
    (Text, "text"): None,  # what its message is
    (Thinking, "text"): Place.THINKING,
    (ToolCall, "arguments"): Place.ARGUMENTS,
    (Image, "url"): Place.URL,
    (Tool, "description"): Place.TOOL,
    (Tool, "parameters"): Place.TOOL,
    (Format, "description"): Place.TOOL,
    (Format, "schema"): Place.TOOL,
    (Opaque, "value"): Place.OPAQUE,
    (Conversation, "stop"): Place.FIELD,
    (Conversation, "user"): Place.FIELD,
    (Answer, "stop_sequence"): Place.FIELD,
}
# A seal of the provider's, the bytes of a picture, and what gateway or provider say themselves.
_NOT_TEXT: Final = frozenset(
    {
        (Thinking, "signature"),
        (Image, "data"),
        (Opaque, "dialect"),
        (Conversation, "dialect"),
        (Reply, "dialect"),
        (Reply, "id"),
        (Reply, "model"),
    }
)


def fragments_of(subject: Conversation | Reply) -> list[Fragment]:
    """Every text of it, in order; empty ones left out."""
    found: list[Fragment] = []

    def keep(fragment: Fragment) -> str:
        found.append(fragment)
        return fragment.text

    rewritten(subject, keep)
    return found


def rewritten(subject: T, visit: Visit) -> T:
    """The same with every text as ``visit`` gives it back; the same object where none changed."""
    made: T = _object(subject, Place.ASSISTANT, visit)
    return made


def _object(value: Any, place: Place, visit: Visit) -> Any:
    """A dataclass; ``place`` is where its plain texts stand."""
    kind: Any = type(value)
    if kind is Message:
        place = _ROLES[value.role]
    elif kind is ToolResult:
        place = Place.RESULT
    changes: dict[str, Any] | None = None
    for name, here in _fields(kind):
        old = getattr(value, name)
        if not old:
            continue
        new = _value(old, place, here or place, visit)
        if new is not old:
            changes = {} if changes is None else changes
            changes[name] = new
    return value if changes is None else replace(value, **changes)


def _value(value: Any, place: Place, here: Place, visit: Visit) -> Any:
    if isinstance(value, str):
        if isinstance(value, Enum) or (here is Place.URL and ";base64," in value[:128]):
            return value
        return visit(Fragment(value, here, json=here is Place.ARGUMENTS))
    if isinstance(value, tuple):
        made = [_value(item, place, here, visit) for item in value]
        same = all(new is old for new, old in zip(made, value, strict=True))
        return value if same else tuple(made)
    if isinstance(value, Mapping):
        return mapped(value, Place.FIELD if here is Place.NAME else here, visit)
    return _object(value, place, visit) if is_dataclass(value) else value


@cache
def _fields(kind: Any) -> tuple[tuple[str, Place | None], ...]:
    return tuple(
        (one.name, _PLACES.get((kind, one.name), Place.NAME))
        for one in fields(kind)
        if (kind, one.name) not in _NOT_TEXT and one.type not in {"int", "float", "bool"}
    )


def mapped(value: Mapping[str, Any], place: Place, visit: Visit) -> Mapping[str, Any]:
    """A JSON value is seen as its text, and read again where that was changed."""
    if not value:
        return value
    text = orjson.dumps(value, default=dict).decode()
    seen = visit(Fragment(text, place, json=True))
    return value if seen is text else dict(orjson.loads(seen))
