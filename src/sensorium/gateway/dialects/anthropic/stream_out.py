"""Writing streamed messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects import signatures
from sensorium.gateway.dialects.anthropic import errors
from sensorium.gateway.dialects.anthropic.blocks_in import NAME, REDACTED
from sensorium.gateway.dialects.anthropic.replies import REASONS, usage_body
from sensorium.gateway.dialects.block_writer import BlockWriter
from sensorium.gateway.dialects.failures import STATUS
from sensorium.gateway.dialects.identifiers import fitting
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
from sensorium.gateway.reply import Stop, Usage

_TEXT: Final = {"type": "text", "text": ""}
_THINKING: Final = {"type": "thinking", "thinking": "", "signature": ""}


class Writer(BlockWriter):
    """A :class:`~sensorium.gateway.dialect.StreamWriter`. Counts are always written: the API has no
    way to leave them out.
    """

    __slots__ = ("_foreign", "_stopped", "_usage")

    def __init__(self) -> None:
        super().__init__()
        self._stopped: Stopped | None = None
        self._usage = Usage(0, 0)
        # Where blocks without neutral words stand here, by where they stood.
        self._foreign: dict[int, int] = {}

    def write(self, event: Event) -> bytes:
        """The bytes that say this event."""
        if getattr(event, "answer", 0):
            raise UntranslatableError("Anthropic's API gives one answer")
        return _WRITE[type(event)](self, event)

    def started(self, event: Started) -> bytes:
        """The empty message."""
        self._usage = event.usage or self._usage
        message: dict[str, Any] = {
            "id": event.id,
            "type": "message",
            "role": "assistant",
            "model": event.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage_body(self._usage),
        }
        return _frame("message_start", {"type": "message_start", "message": message})

    def text(self, event: TextPiece) -> bytes:
        """More text."""
        if not event.text or self.hold(event):
            return b""
        delta = {"type": "text_delta", "text": event.text}
        return self.within("text") + self._delta(delta)

    def thinking(self, event: ThinkingPiece) -> bytes:
        """More reasoning; a signature ends its block."""
        if self.hold(event):
            return b""
        if event.signature.startswith(REDACTED + ":"):
            hidden = {
                "type": "redacted_thinking",
                "data": signatures.own(REDACTED, event.signature),
            }
            return self.fresh("redacted_thinking", hidden) + self.close()
        out = self.within("thinking")
        if event.text:
            out += self._delta({"type": "thinking_delta", "thinking": event.text})
        if event.signature:
            signature = signatures.bare(NAME, event.signature)
            out += self._delta({"type": "signature_delta", "signature": signature})
            out += self.close()
        return out

    def opaque(self, event: OpaquePiece) -> bytes:
        """An event of this dialect that has no neutral words, with its index put right."""
        value = dict(event.value)
        if event.dialect != NAME:
            raise UntranslatableError(f"a piece of {event.dialect} has no form in Anthropic's API")
        kind = value["type"]
        if kind == "content_block_start":
            out = self.fresh("opaque", value["content_block"])
            self._foreign[value["index"]] = self.index
            return out
        value["index"] = self._foreign.get(value["index"], self.index)
        if kind == "content_block_stop":
            self.open = ""
        return _frame(kind, value)

    def stopped(self, event: Stopped) -> bytes:
        """Kept until the count is known: both stand in one event."""
        self._stopped = event
        return self.rest()

    def counted(self, event: Counted) -> bytes:
        """Kept for the same event."""
        self._usage = event.usage
        return b""

    def ended(self, event: Ended) -> bytes:
        """Why it stopped, the count, and the end."""
        stopped = self._stopped or Stopped(Stop.END)
        delta: dict[str, Any] = {
            "stop_reason": REASONS[stopped.stop],
            "stop_sequence": stopped.stop_sequence or None,
        }
        value = {"type": "message_delta", "delta": delta, "usage": usage_body(self._usage)}
        last = _frame("message_stop", {"type": "message_stop"})
        return self.close() + _frame("message_delta", value) + last

    def broken(self, event: Broken) -> bytes:
        """The terminal error."""
        failure = event.failure
        status = STATUS[failure.kind]
        body = errors.body_of(status, failure.kind.value, failure.message)
        return b"event: error\ndata: " + body + b"\n\n"

    def begin(self, kind: str, what: Any) -> bytes:
        """``content_block_start``."""
        if isinstance(what, ToolBegan):
            what = {"type": "tool_use", "id": fitting(what.id), "name": what.name, "input": {}}
        block = what or (_TEXT if kind == "text" else _THINKING)
        value = {"type": "content_block_start", "index": self.index, "content_block": block}
        return _frame("content_block_start", value)

    def end(self) -> bytes:
        """``content_block_stop``."""
        return _frame("content_block_stop", {"type": "content_block_stop", "index": self.index})

    def arguments(self, text: str) -> bytes:
        """More of a call's input."""
        return self._delta({"type": "input_json_delta", "partial_json": text})

    def _delta(self, delta: dict[str, Any]) -> bytes:
        value = {"type": "content_block_delta", "index": self.index, "delta": delta}
        return b"event: content_block_delta\ndata: " + orjson.dumps(value) + b"\n\n"


def _frame(name: str, value: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(value) + b"\n\n"


_WRITE: Final[dict[type, Callable[[Writer, Any], bytes]]] = {
    Started: Writer.started,
    TextPiece: Writer.text,
    ThinkingPiece: Writer.thinking,
    ToolBegan: BlockWriter.tool_began,
    ToolPiece: BlockWriter.tool_piece,
    OpaquePiece: Writer.opaque,
    Stopped: Writer.stopped,
    Counted: Writer.counted,
    Ended: Writer.ended,
    Broken: Writer.broken,
}
