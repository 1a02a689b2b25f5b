"""Writing streams whose blocks follow each other: Anthropic's, Bedrock's and OpenAI's Responses."""

from __future__ import annotations

from typing import Any

from sensorium.gateway.dialects.calls_in_order import CallsInOrder
from sensorium.gateway.events import Event, TextPiece, ThinkingPiece, ToolBegan, ToolPiece


class BlockWriter:
    """One block is open at a time. Mixed tool calls are put in order, and what else is said while a
    call is not whole comes after it.

    A dialect says how a block begins (``begin``) and ends (``end``), and how a call's arguments
    go on (``arguments``).
    """

    __slots__ = ("_calls", "_held", "index", "open")

    def __init__(self) -> None:
        self.index = -1
        self.open = ""
        self._calls = CallsInOrder()
        self._held: list[TextPiece | ThinkingPiece] = []

    def write(self, event: Event) -> bytes:
        """The bytes that say this event."""
        raise NotImplementedError

    def begin(self, kind: str, what: Any) -> bytes:
        """Block ``index`` begins; ``what`` is what the dialect gave, or a ``ToolBegan``."""
        raise NotImplementedError

    def end(self) -> bytes:
        """The block that is open ends."""
        raise NotImplementedError

    def arguments(self, text: str) -> bytes:
        """More of the call that is open."""
        raise NotImplementedError

    def hold(self, event: TextPiece | ThinkingPiece) -> bool:
        """Whether the event must wait for a call to be whole; it is kept, if so."""
        if not self._calls.busy():
            return False
        self._held.append(event)
        return True

    def within(self, kind: str) -> bytes:
        """Make a block of this kind the open one."""
        return b"" if self.open == kind else self.fresh(kind, None)

    def fresh(self, kind: str, what: Any) -> bytes:
        """Open a new block."""
        if kind != "tool":
            self._calls.leave()
        out = self.close()
        self.index += 1
        self.open = kind
        return out + self.begin(kind, what)

    def close(self) -> bytes:
        """End the block that is open, if one is."""
        if not self.open:
            return b""
        out = self.end()
        self.open = ""
        return out

    def tool_began(self, event: ToolBegan) -> bytes:
        """A call, once those before it are whole."""
        return self._tools(self._calls.began(event))

    def tool_piece(self, event: ToolPiece) -> bytes:
        """More of a call's arguments."""
        return self._tools(self._calls.piece(event))

    def rest(self) -> bytes:
        """What was held back, and the end of the last block."""
        out = [self._tools(self._calls.rest())]
        self._calls.leave()
        held, self._held = self._held, []
        out += [self.write(event) for event in held]
        return b"".join((*out, self.close()))

    def _tools(self, events: list[ToolBegan | ToolPiece]) -> bytes:
        out = []
        for event in events:
            if isinstance(event, ToolBegan):
                out.append(self.fresh("tool", event))
            elif event.arguments:
                out.append(self.arguments(event.arguments))
        return b"".join(out)
