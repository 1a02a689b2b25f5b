"""What comes out of a streamed answer, piece by piece, in no provider's words.

The order is ``Started``, then pieces, then ``Stopped`` for each answer, perhaps ``Counted``, then
``Ended``. A stream that breaks gives ``Broken`` as its last event instead. Pieces of several tool
calls may be interleaved; ``index`` tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensorium.gateway.failure import Failure
from sensorium.gateway.record import record
from sensorium.gateway.reply import Stop, Usage


@record()
class Started:
    """The model has begun; ``usage`` is what some dialects state at the start (input tokens)."""

    id: str
    model: str
    created: int = 0
    usage: Usage | None = None


@record()
class TextPiece:
    """More text of an answer."""

    text: str
    answer: int = 0


@record()
class ThinkingPiece:
    """More reasoning; a ``signature`` comes once, at its end."""

    text: str
    signature: str = ""
    answer: int = 0


@record()
class ToolBegan:
    """The model begins to ask for a tool; ``index`` counts the calls of this answer from 0."""

    index: int
    id: str
    name: str
    answer: int = 0


@record()
class ToolPiece:
    """More of the JSON text of a call's arguments."""

    index: int
    arguments: str
    answer: int = 0


@record()
class OpaquePiece:
    """What only its own dialect can say, as it came: a citation, a server-side tool's trace."""

    dialect: str
    value: Mapping[str, Any]
    answer: int = 0


@record()
class Stopped:
    """An answer is whole."""

    stop: Stop
    stop_sequence: str = ""
    answer: int = 0


@record()
class Counted:
    """The provider's count of tokens so far; the last one stands."""

    usage: Usage


@record()
class Ended:
    """The provider's final event: nothing was cut off."""


@record()
class Broken:
    """The stream ended with an error, or without its final event."""

    failure: Failure


Event = (
    Started
    | TextPiece
    | ThinkingPiece
    | ToolBegan
    | ToolPiece
    | OpaquePiece
    | Stopped
    | Counted
    | Ended
    | Broken
)


@record()
class Frame:
    """One whole frame of a provider's stream as it came, and what it says.

    ``raw`` is forwarded as it is where the caller speaks the provider's dialect and nothing was
    changed; frames are never cut, so that a clean error can follow any of them.
    """

    raw: bytes
    events: tuple[Event, ...]
