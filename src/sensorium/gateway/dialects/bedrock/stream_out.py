"""Writing ``ConverseStream``, as lines (see :mod:`lines`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects import signatures
from sensorium.gateway.dialects.bedrock.blocks_in import NAME, REDACTED
from sensorium.gateway.dialects.bedrock.lines import line
from sensorium.gateway.dialects.bedrock.replies import REASONS, usage_body
from sensorium.gateway.dialects.block_writer import BlockWriter
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


class Writer(BlockWriter):
    """A :class:`~sensorium.gateway.dialect.StreamWriter`. Only calls have a block's start."""

    __slots__ = ("_usage",)

    def __init__(self) -> None:
        super().__init__()
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
        if not event.text or self.hold(event):
            return b""
        return self.within("text") + self._delta({"text": event.text})

    def thinking(self, event: ThinkingPiece) -> bytes:
        """More reasoning; a signature ends its block."""
        if self.hold(event):
            return b""
        hidden = signatures.own(REDACTED, event.signature)
        if hidden:
            delta = {"reasoningContent": {"redactedContent": hidden}}
            return self.fresh("redacted", None) + self._delta(delta) + self.close()
        out = self.within("thinking")
        if event.text or not event.signature:
            out += self._delta({"reasoningContent": {"text": event.text}})
        if event.signature:
            mark = signatures.bare(NAME, event.signature)
            out += self._delta({"reasoningContent": {"signature": mark}}) + self.close()
        return out

    def opaque(self, event: OpaquePiece) -> bytes:
        """A message of this dialect that has no neutral words, in a block of its own."""
        if event.dialect != NAME:
            raise UntranslatableError(f"a piece of {event.dialect} has no form in Converse")
        name, payload = next(iter(event.value.items()))
        if name == "contentBlockStart":
            return self.fresh("opaque", payload)
        out = b"" if self.open else self.fresh("opaque", None)
        return out + line(name, {**payload, "contentBlockIndex": self.index})

    def stopped(self, event: Stopped) -> bytes:
        """What was held back, and why it stopped."""
        return self.rest() + line("messageStop", {"stopReason": REASONS[event.stop]})

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

    def begin(self, kind: str, what: Any) -> bytes:
        """``contentBlockStart``, where there is something to say."""
        if isinstance(what, ToolBegan):
            what = {"start": {"toolUse": {"toolUseId": fitting(what.id), "name": what.name}}}
        if what is None:
            return b""
        return line("contentBlockStart", {**what, "contentBlockIndex": self.index})

    def end(self) -> bytes:
        """``contentBlockStop``."""
        return line("contentBlockStop", {"contentBlockIndex": self.index})

    def arguments(self, text: str) -> bytes:
        """More of a call's input."""
        return self._delta({"toolUse": {"input": text}})

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return line("contentBlockDelta", {"delta": delta, "contentBlockIndex": self.index})


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
