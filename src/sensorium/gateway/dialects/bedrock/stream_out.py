"""Writing ``ConverseStream``, as lines (see :mod:`lines`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects import signatures
from sensorium.gateway.dialects.bedrock.blocks_in import NAME, REDACTED
from sensorium.gateway.dialects.bedrock.lines import line
from sensorium.gateway.dialects.bedrock.replies import REASONS, usage_body
from sensorium.gateway.dialects.calls_in_order import CallsInOrder
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
from sensorium.gateway.failure import FailureKind
from sensorium.gateway.reply import Usage

# Of the five exceptions that a stream may end with.
_EXCEPTIONS: Final = {
    FailureKind.RATE_LIMITED: "throttlingException",
    FailureKind.OVERLOADED: "serviceUnavailableException",
    FailureKind.BAD_REQUEST: "validationException",
    FailureKind.CONTEXT_TOO_LONG: "validationException",
    FailureKind.CONTENT_FILTERED: "validationException",
    FailureKind.TOO_LARGE: "validationException",
    FailureKind.SERVER_ERROR: "internalServerException",
}


class Writer:
    """A :class:`~sensorium.gateway.dialect.StreamWriter`.

    Blocks follow each other, so mixed tool calls are put in order, and what else is said while a
    call is not whole comes after it.
    """

    __slots__ = ("_calls", "_held", "_index", "_open", "_usage")

    def __init__(self) -> None:
        self._index = -1
        self._open = ""
        self._calls = CallsInOrder()
        self._held: list[TextPiece | ThinkingPiece] = []
        self._usage = Usage(0, 0)

    def write(self, event: Event) -> bytes:
        """The bytes that say this event."""
        if getattr(event, "answer", 0):
            raise UntranslatableError("Bedrock's Converse gives one answer")
        return _WRITE[type(event)](self, event)

    def started(self, event: Started) -> bytes:
        """The role."""
        return line("messageStart", {"role": "assistant"})

    def text(self, event: TextPiece) -> bytes:
        """More text."""
        if not event.text or self._hold(event):
            return b""
        return self._within("text") + self._delta({"text": event.text})

    def thinking(self, event: ThinkingPiece) -> bytes:
        """More reasoning; a signature ends its block."""
        if self._hold(event):
            return b""
        hidden = signatures.own(REDACTED, event.signature)
        if hidden:
            out = self._begin("redacted")
            return (
                out + self._delta({"reasoningContent": {"redactedContent": hidden}}) + self._close()
            )
        out = self._within("thinking")
        if event.text or not event.signature:
            out += self._delta({"reasoningContent": {"text": event.text}})
        if event.signature:
            mark = signatures.bare(NAME, event.signature)
            out += self._delta({"reasoningContent": {"signature": mark}}) + self._close()
        return out

    def tool_began(self, event: ToolBegan) -> bytes:
        """A call, once those before it are whole."""
        return self._tools(self._calls.began(event))

    def tool_piece(self, event: ToolPiece) -> bytes:
        """More of a call's arguments."""
        return self._tools(self._calls.piece(event))

    def opaque(self, event: OpaquePiece) -> bytes:
        """A message of this dialect that has no neutral words, in a block of its own."""
        if event.dialect != NAME:
            raise UntranslatableError(f"a piece of {event.dialect} has no form in Converse")
        name, payload = next(iter(event.value.items()))
        if name == "contentBlockStart":
            begin = self._close()
            self._index += 1
            self._open = "opaque"
            return begin + line(name, {**payload, "contentBlockIndex": self._index})
        out = b"" if self._open else self._begin("opaque")
        return out + line(name, {**payload, "contentBlockIndex": self._index})

    def stopped(self, event: Stopped) -> bytes:
        """What was held back, and why it stopped."""
        out = [self._tools(self._calls.rest())]
        self._calls.leave()
        out += [self.write(held) for held in self._held]
        self._held.clear()
        reason = line("messageStop", {"stopReason": REASONS[event.stop]})
        return b"".join((*out, self._close(), reason))

    def counted(self, event: Counted) -> bytes:
        """Kept for the end."""
        self._usage = event.usage
        return b""

    def ended(self, event: Ended) -> bytes:
        """The count."""
        usage = usage_body(self._usage)
        return line("metadata", {"usage": usage, "metrics": {"latencyMs": 0}})

    def broken(self, event: Broken) -> bytes:
        """The terminal exception."""
        failure = event.failure
        name = _EXCEPTIONS.get(failure.kind, "modelStreamErrorException")
        return line(name, {"message": failure.message})

    def _hold(self, event: TextPiece | ThinkingPiece) -> bool:
        if not self._calls.busy():
            return False
        self._held.append(event)
        return True

    def _tools(self, events: list[ToolBegan | ToolPiece]) -> bytes:
        out = []
        for event in events:
            if isinstance(event, ToolBegan):
                out.append(self._begin("tool"))
                call = {"toolUseId": fitting(event.id), "name": event.name}
                start = {"start": {"toolUse": call}, "contentBlockIndex": self._index}
                out.append(line("contentBlockStart", start))
            elif event.arguments:
                out.append(self._delta({"toolUse": {"input": event.arguments}}))
        return b"".join(out)

    def _within(self, kind: str) -> bytes:
        if self._open == kind:
            return b""
        self._calls.leave()
        return self._begin(kind)

    def _begin(self, kind: str) -> bytes:
        out = self._close()
        self._index += 1
        self._open = kind
        return out

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return line("contentBlockDelta", {"delta": delta, "contentBlockIndex": self._index})

    def _close(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        return line("contentBlockStop", {"contentBlockIndex": self._index})


_WRITE: Final[dict[type, Callable[[Writer, Any], bytes]]] = {
    Started: Writer.started,
    TextPiece: Writer.text,
    ThinkingPiece: Writer.thinking,
    ToolBegan: Writer.tool_began,
    ToolPiece: Writer.tool_piece,
    OpaquePiece: Writer.opaque,
    Stopped: Writer.stopped,
    Counted: Writer.counted,
    Ended: Writer.ended,
    Broken: Writer.broken,
}
