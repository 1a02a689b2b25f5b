"""Reading streamed messages. Anthropic, "Streaming Messages"."""

from __future__ import annotations

from typing import Any, Final

from sensorium.gateway.dialects import arguments, signatures
from sensorium.gateway.dialects.anthropic import errors
from sensorium.gateway.dialects.anthropic.blocks_in import NAME, REDACTED
from sensorium.gateway.dialects.anthropic.replies import stop_of, usage_of
from sensorium.gateway.dialects.reading import FrameReader
from sensorium.gateway.dialects.sse import SseParser
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
from sensorium.gateway.reply import Usage

_TEXT: Final = "text"
_TOOL: Final = "tool_use"
_THINKING: Final = "thinking"


class Reader(FrameReader):
    """Blocks are told apart by their index; tool calls are counted anew from 0."""

    __slots__ = ("_bare", "_calls", "_kinds", "_usage")

    def __init__(self) -> None:
        super().__init__(SseParser())
        self._kinds: dict[int, str] = {}
        self._calls: dict[int, int] = {}
        self._bare: set[int] = set()  # calls without arguments so far
        self._usage: Usage | None = None

    def events(self, name: bytes, data: bytes) -> list[Event]:
        """One event of theirs; those that are not known say nothing, as their versioning asks."""
        value = self.json(data)
        read = _READ.get(value["type"])
        return [] if read is None else read(self, value)

    def message_start(self, value: dict[str, Any]) -> list[Event]:
        """Id, model and the count of what was read."""
        message = value["message"]
        self._usage = usage_of(message.get("usage"))
        identity = self.piece(None, message.get("id") or "")
        return [Started(identity, self.piece(None, message.get("model") or ""), 0, self._usage)]

    def block_start(self, value: dict[str, Any]) -> list[Event]:
        """A block begins; most of them empty."""
        index = value["index"]
        block = value["content_block"]
        kind = self._kinds[index] = block["type"]
        if kind == _TEXT:
            text = block.get("text")
            return [TextPiece(self.piece(index, text))] if text else []
        if kind == _TOOL:
            call = self._calls[index] = len(self._calls)
            began = ToolBegan(call, self.piece(None, block["id"]), self.piece(None, block["name"]))
            given = block.get("input")
            if given:
                return [began, ToolPiece(call, arguments.text_of(given))]
            self._bare.add(index)
            return [began]
        if kind == _THINKING:
            text = block.get("thinking")
            return [ThinkingPiece(self.piece(index, text))] if text else []
        if kind == "redacted_thinking":
            hidden = signatures.marked(REDACTED, self.piece(None, block["data"]))
            return [ThinkingPiece("", hidden)]
        return [OpaquePiece(NAME, value)]

    def block_delta(self, value: dict[str, Any]) -> list[Event]:
        """More of a block."""
        index = value["index"]
        delta = value["delta"]
        kind = delta["type"]
        if kind == "text_delta":
            return [TextPiece(self.piece(index, delta["text"]))]
        if kind == "input_json_delta" and index in self._calls:
            text = self.piece(index, delta["partial_json"])
            if not text:
                return []
            self._bare.discard(index)
            return [ToolPiece(self._calls[index], text)]
        if kind == "thinking_delta":
            return [ThinkingPiece(self.piece(index, delta["thinking"]))]
        if kind == "signature_delta":
            return [
                ThinkingPiece("", signatures.marked(NAME, self.piece(None, delta["signature"])))
            ]
        return [OpaquePiece(NAME, value)]

    def block_stop(self, value: dict[str, Any]) -> list[Event]:
        """The end of a block: for a call without arguments, and blocks without neutral words."""
        index = value["index"]
        if index in self._bare:
            self._bare.discard(index)
            return [ToolPiece(self._calls[index], "{}")]
        known = self._kinds.get(index) in (_TEXT, _TOOL, _THINKING, "redacted_thinking")
        return [] if known else [OpaquePiece(NAME, value)]

    def message_delta(self, value: dict[str, Any]) -> list[Event]:
        """Why it stopped, and the count so far."""
        delta = value["delta"]
        found: list[Event] = []
        reason = delta.get("stop_reason")
        if reason is not None:
            sequence = self.piece(None, delta.get("stop_sequence") or "")
            found.append(Stopped(stop_of(reason), sequence))
        self._usage = usage_of(value.get("usage"), self._usage)
        if self._usage is not None:
            found.append(Counted(self._usage))
        return found

    def message_stop(self, value: dict[str, Any]) -> list[Event]:
        """The final event."""
        return [Ended()]

    def error(self, value: dict[str, Any]) -> list[Event]:
        """An error after status 200."""
        return [Broken(errors.from_value(200, {}, value.get("error")))]


_READ: Final = {
    "message_start": Reader.message_start,
    "content_block_start": Reader.block_start,
    "content_block_delta": Reader.block_delta,
    "content_block_stop": Reader.block_stop,
    "message_delta": Reader.message_delta,
    "message_stop": Reader.message_stop,
    "error": Reader.error,
}
