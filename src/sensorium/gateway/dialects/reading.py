"""What all stream readers share: frames, the end, and trouble on the way."""

from __future__ import annotations

from typing import Any, Final, Protocol

import orjson

from sensorium.gateway.dialects import wire
from sensorium.gateway.dialects.failures import protocol
from sensorium.gateway.dialects.sse import ServerSentEvent
from sensorium.gateway.events import (
    Broken,
    Ended,
    Event,
    Frame,
    OpaquePiece,
    Stopped,
    TextPiece,
    ThinkingPiece,
    ToolBegan,
    ToolPiece,
)
from sensorium.gateway.failure import CallFailedError

# What reading a frame of the wrong shape raises.
_WRONG_SHAPE: Final = (ValueError, TypeError, KeyError, IndexError, AttributeError)
_LAST: Final = (Ended, Broken)
_PIECES: Final = (TextPiece, ThinkingPiece, ToolBegan, ToolPiece, OpaquePiece)


class Frames(Protocol):
    """Divides a stream into its frames."""

    too_long: bool

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The frames that these bytes complete."""

    def close(self) -> list[ServerSentEvent]:
        """The last frame, if it is whole."""


class FrameReader:
    """A :class:`~sensorium.gateway.dialect.StreamReader`; a dialect says what one frame says.

    After the last event (``Ended`` or ``Broken``) nothing more comes out.
    """

    __slots__ = ("_frames", "_halves", "_odd", "_over", "_whole")

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._over = False
        self._odd = False
        self._whole: set[int] = set()  # answers that have stopped
        self._halves: dict[Any, str] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete."""
        if self._over:
            return []
        read = self._read_all(self._frames.feed(data))
        if self._frames.too_long and not self._over:
            self._over = True
            read.append(Frame(b"", (Broken(protocol("a frame of its stream is too long")),)))
        return read

    def close(self) -> list[Frame]:
        """The rest; a ``Broken`` event where the final event never came."""
        if self._over:
            return []
        read = self._read_all(self._frames.close())
        if not self._over:
            self._over = True
            read.append(Frame(b"", self.cut_off()))
        return read

    def cut_off(self) -> tuple[Event, ...]:
        """What a stream that ends here says."""
        return (Broken(protocol("its stream ended before its final event")),)

    def events(self, name: bytes, data: bytes) -> list[Event]:
        """What one frame says. May raise anything that data of a wrong shape raises."""
        raise NotImplementedError

    def json(self, data: bytes) -> Any:
        """A frame's JSON."""
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            value = wire.loads(data, halves=True)
        self._odd = True
        return value

    def piece(self, place: Any, text: Any) -> str:
        """A piece of text; half a surrogate pair at its end waits for the next of that place."""
        if type(text) is not str:
            raise TypeError
        if not self._odd:
            return text
        text = self._halves.pop(place, "") + text
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._halves[place] = text[-1]
            text = text[:-1]
        return wire.whole(text)

    def _read_all(self, found: list[ServerSentEvent]) -> list[Frame]:
        read = []
        for raw, name, data in found:
            events = () if data is None else self._events_of(name, data)
            read.append(Frame(raw, events))
            if events and isinstance(events[-1], _LAST):
                self._over = True
                break
        return read

    def _events_of(self, name: bytes, data: bytes) -> tuple[Event, ...]:
        try:
            events = self.events(name, data)
            if self._whole or (len(events) > 1 and any(type(e) is Stopped for e in events)):
                events = self._in_order(events)
            elif events and type(events[0]) is Stopped:
                self._whole.add(events[0].answer)
            return tuple(events)
        except CallFailedError as error:
            return (Broken(error.failure),)
        except _WRONG_SHAPE:
            return (Broken(protocol("a frame of its stream has not the expected shape")),)

    def _in_order(self, events: list[Event]) -> list[Event]:
        """An answer stops once, and says nothing afterwards."""
        kept: list[Event] = []
        for event in events:
            if isinstance(event, Stopped):
                if event.answer in self._whole:
                    continue
                self._whole.add(event.answer)
            elif isinstance(event, _PIECES) and event.answer in self._whole:
                return [*kept, Broken(protocol("an answer goes on after its end"))]
            kept.append(event)
        return kept
