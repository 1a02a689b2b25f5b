"""Writing ``streamGenerateContent`` with ``alt=sse``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from sensorium.gateway.conversation import Opaque, Part, Thinking, ToolCall
from sensorium.gateway.dialects.failures import STATUS
from sensorium.gateway.dialects.gemini import errors
from sensorium.gateway.dialects.gemini.parts_out import PartsOut, own
from sensorium.gateway.dialects.gemini.replies import REASONS, usage_body
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


@dataclass(slots=True)
class _Held:
    """What waits for the end of an answer: calls, and marks of reasoning between them."""

    order: list[Thinking | int] = field(default_factory=list)
    calls: dict[int, ToolBegan] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)


class Writer:
    """A :class:`~sensorium.gateway.dialect.StreamWriter`. Calls are written whole, at the end."""

    __slots__ = ("_held", "_id", "_model", "_stopped", "_usage")

    def __init__(self) -> None:
        self._id = ""
        self._model = ""
        self._held: dict[int, _Held] = {}
        self._stopped: list[dict[str, Any]] = []
        self._usage: Usage | None = None

    def write(self, event: Event) -> bytes:
        """The bytes that say this event."""
        return _WRITE[type(event)](self, event)

    def started(self, event: Started) -> bytes:
        """Kept: every answer in part says it."""
        self._id, self._model = event.id, event.model
        return b""

    def text(self, event: TextPiece) -> bytes:
        """More text."""
        return self._parts(event.answer, [{"text": event.text}])

    def thinking(self, event: ThinkingPiece) -> bytes:
        """More reasoning; a bare signature waits for the call or the end that it belongs to."""
        if event.signature and not event.text:
            held = self._held.setdefault(event.answer, _Held())
            held.order.append(Thinking("", event.signature))
            return b""
        out = PartsOut({}, same=True, for_provider=False, sign=False)
        return self._parts(event.answer, out.add([Thinking(event.text, event.signature)]))

    def tool_began(self, event: ToolBegan) -> bytes:
        """Kept until the call is whole."""
        held = self._held.setdefault(event.answer, _Held())
        held.order.append(event.index)
        held.calls[event.index] = event
        held.texts[event.index] = ""
        return b""

    def tool_piece(self, event: ToolPiece) -> bytes:
        """Kept too."""
        self._held[event.answer].texts[event.index] += event.arguments
        return b""

    def opaque(self, event: OpaquePiece) -> bytes:
        """A part of this dialect that has no neutral words."""
        return self._parts(event.answer, [own(Opaque(event.dialect, event.value))])

    def stopped(self, event: Stopped) -> bytes:
        """The calls; the reason waits for the count."""
        held = self._held.pop(event.answer, _Held())
        parts: list[Part] = []
        for item in held.order:
            if isinstance(item, Thinking):
                parts.append(item)
            else:
                began = held.calls[item]
                parts.append(ToolCall(began.id, began.name, held.texts[item]))
        reason = {"finishReason": REASONS[event.stop], "index": event.answer}
        self._stopped.append(reason)
        written = PartsOut({}, same=False, for_provider=False, sign=False).add(parts)
        return self._parts(event.answer, written) if written else b""

    def counted(self, event: Counted) -> bytes:
        """Kept for the last answer."""
        self._usage = event.usage
        return b""

    def ended(self, event: Ended) -> bytes:
        """The reasons and the count."""
        return self._frame(self._stopped, self._usage)

    def broken(self, event: Broken) -> bytes:
        """The terminal error."""
        failure = event.failure
        status = STATUS[failure.kind]
        body = errors.body_of(status, failure.kind.value, failure.message)
        return b"data: " + body + b"\r\n\r\n"

    def _parts(self, answer: int, parts: list[dict[str, Any]]) -> bytes:
        return self._frame([{"content": {"role": "model", "parts": parts}, "index": answer}], None)

    def _frame(self, candidates: list[dict[str, Any]], usage: Usage | None) -> bytes:
        value: dict[str, Any] = {"candidates": candidates}
        if usage is not None:
            value["usageMetadata"] = usage_body(usage)
        if self._model:
            value["modelVersion"] = self._model
        if self._id:
            value["responseId"] = self._id
        return b"data: " + orjson.dumps(value) + b"\r\n\r\n"


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
