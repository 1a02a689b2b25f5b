"""Reading ``ConverseStream``, as lines (see :mod:`lines`). Its last event is ``metadata``."""

from __future__ import annotations

from typing import Any, Final

from sensorium.gateway.dialects import signatures
from sensorium.gateway.dialects.bedrock import errors
from sensorium.gateway.dialects.bedrock.blocks_in import NAME, REDACTED
from sensorium.gateway.dialects.bedrock.lines import LineFrames
from sensorium.gateway.dialects.bedrock.replies import stop_of, usage_of
from sensorium.gateway.dialects.reading import FrameReader
from sensorium.gateway.events import (
    Broken,
    Counted,
    Ended,
    Event,
    OpaquePiece,
    Started,
    Stopped,
    TextPiece,
    ThinkingPiece,
    ToolBegan,
    ToolPiece,
)


class Reader(FrameReader):
    """Blocks are told apart by their index; tool calls are counted anew from 0."""

    __slots__ = ("_bare", "_calls")

    def __init__(self) -> None:
        super().__init__(LineFrames())
        self._calls: dict[int, int] = {}
        self._bare: set[int] = set()  # calls without arguments so far

    def events(self, name: bytes, data: bytes) -> list[Event]:
        """One message."""
        value = self.json(data)
        kind, payload = value["event-type"], value.get("payload") or {}
        read = _READ.get(kind)
        if read is not None:
            return read(self, payload)
        if kind.lower().endswith(("exception", "failure", "error")):
            return [Broken(errors.from_event(kind, payload))]
        return []

    def message_start(self, payload: dict[str, Any]) -> list[Event]:
        """Says only the role."""
        return [Started("", "")]

    def block_start(self, payload: dict[str, Any]) -> list[Event]:
        """A block that has something to say first: a tool call."""
        call = payload["start"].get("toolUse")
        if call is None or call.get("type"):
            return [OpaquePiece(NAME, {"contentBlockStart": payload})]
        index = payload["contentBlockIndex"]
        place = self._calls[index] = len(self._calls)
        self._bare.add(index)
        name = self.piece(None, call["name"])
        return [ToolBegan(place, self.piece(None, call["toolUseId"]), name)]

    def block_delta(self, payload: dict[str, Any]) -> list[Event]:
        """More of a block."""
        index = payload["contentBlockIndex"]
        delta = payload["delta"]
        if "text" in delta:
            text = self.piece(index, delta["text"])
            return [TextPiece(text)] if text else []
        if "toolUse" in delta and index in self._calls:
            text = self.piece(index, delta["toolUse"]["input"])
            if not text:
                return []
            self._bare.discard(index)
            return [ToolPiece(self._calls[index], text)]
        if "reasoningContent" in delta:
            return self._reasoning(delta["reasoningContent"], index)
        return [OpaquePiece(NAME, {"contentBlockDelta": payload})]

    def _reasoning(self, delta: dict[str, Any], index: int) -> list[Event]:
        if "text" in delta:
            return [ThinkingPiece(self.piece(index, delta["text"]))]
        if "signature" in delta:
            return [
                ThinkingPiece("", signatures.marked(NAME, self.piece(None, delta["signature"])))
            ]
        hidden = self.piece(None, delta["redactedContent"])
        return [ThinkingPiece("", signatures.marked(REDACTED, hidden))]

    def block_stop(self, payload: dict[str, Any]) -> list[Event]:
        """The end of a block, which only a call without arguments needs."""
        index = payload["contentBlockIndex"]
        if index not in self._bare:
            return []
        self._bare.discard(index)
        return [ToolPiece(self._calls[index], "{}")]

    def message_stop(self, payload: dict[str, Any]) -> list[Event]:
        """Why it stopped."""
        return [Stopped(stop_of(payload["stopReason"]))]

    def metadata(self, payload: dict[str, Any]) -> list[Event]:
        """The count, and the end."""
        usage = usage_of(payload.get("usage"))
        return [Ended()] if usage is None else [Counted(usage), Ended()]


_READ: Final = {
    "messageStart": Reader.message_start,
    "contentBlockStart": Reader.block_start,
    "contentBlockDelta": Reader.block_delta,
    "contentBlockStop": Reader.block_stop,
    "messageStop": Reader.message_stop,
    "metadata": Reader.metadata,
}
