"""Tool calls one after the other, for dialects whose streams say them so.

Pieces of several calls may come mixed. A call is held back until the arguments of the one before
are whole JSON, or the answer ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sensorium.gateway.dialects import wire
from sensorium.gateway.events import ToolBegan, ToolPiece


@dataclass(slots=True)
class _Waiting:
    began: ToolBegan
    pieces: list[ToolPiece] = field(default_factory=list)


class CallsInOrder:
    """Events in, the same events in order out."""

    __slots__ = ("_current", "_text", "_waiting")

    def __init__(self) -> None:
        self._current: int | None = None
        self._text = ""
        self._waiting: dict[int, _Waiting] = {}

    def began(self, event: ToolBegan) -> list[ToolBegan | ToolPiece]:
        """What to write now that this call has begun."""
        if self.busy():
            self._waiting[event.index] = _Waiting(event)
            return []
        self._current = event.index
        self._text = ""
        return [event]

    def piece(self, event: ToolPiece) -> list[ToolBegan | ToolPiece]:
        """What to write now that this piece is there."""
        waiting = self._waiting.get(event.index)
        if waiting is not None:
            waiting.pieces.append(event)
            return []
        if event.index != self._current:
            return []  # only white space can follow a whole object
        self._text += event.arguments
        out: list[ToolBegan | ToolPiece] = [event]
        while self._waiting and self._whole():
            out += self._next()
        return out

    def rest(self) -> list[ToolBegan | ToolPiece]:
        """What was held back."""
        out: list[ToolBegan | ToolPiece] = []
        while self._waiting:
            out += self._next()
        return out

    def busy(self) -> bool:
        """Whether a call has begun that is not whole yet."""
        return self._current is not None and not self._whole()

    def leave(self) -> None:
        """Something else begins: what may still come of this call is blank."""
        self._current = None

    def _next(self) -> list[ToolBegan | ToolPiece]:
        index = next(iter(self._waiting))
        waiting = self._waiting.pop(index)
        self._current = index
        self._text = "".join(piece.arguments for piece in waiting.pieces)
        return [waiting.began, *waiting.pieces]

    def _whole(self) -> bool:
        if not self._text.rstrip().endswith("}"):
            return False
        try:
            wire.loads(self._text)
        except wire.NotJsonError:
            return False
        return True
