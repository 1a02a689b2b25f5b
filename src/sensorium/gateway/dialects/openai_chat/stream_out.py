"""Writing streamed chat completions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects import openai_errors, signatures
from sensorium.gateway.dialects.failures import STATUS
from sensorium.gateway.dialects.openai_chat.replies import FINISH, usage_body
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

NAME: Final = "openai_chat"


class Writer:
    """A :class:`~sensorium.gateway.dialect.StreamWriter`.

    The count of tokens comes in a chunk of its own at the end, if it was asked for. An error ends
    the stream without ``[DONE]``. A call without arguments gets ``{}``, because callers read what
    they collected as JSON. Signed reasoning is repeated as a whole block, for callers to keep.
    """

    __slots__ = ("_bare", "_counted", "_head", "_spoke", "_tail", "_thoughts", "_usage")

    def __init__(self, *, usage: bool) -> None:
        self._usage = usage
        self._counted: Usage | None = None
        self._spoke: set[int] = set()
        self._bare: dict[tuple[int, int], None] = {}
        self._thoughts: dict[int, str] = {}
        self._tail = b',"usage":null}\n\n' if usage else b"}\n\n"
        self._head = _head("", "", 0)

    def write(self, event: Event) -> bytes:
        """The bytes that say this event."""
        return _WRITE[type(event)](self, event)

    def _chunk(self, answer: int, delta: dict[str, Any], finish: str | None = None) -> bytes:
        if answer not in self._spoke:
            self._spoke.add(answer)
            delta = {"role": "assistant", "content": "", **delta}
        choice = {"index": answer, "delta": delta, "finish_reason": finish}
        return b"".join((self._head, b"[", orjson.dumps(choice), b"]", self._tail))

    def started(self, event: Started) -> bytes:
        """The role of the first answer."""
        self._head = _head(event.id, event.model, event.created)
        return self._chunk(0, {})

    def text(self, event: TextPiece) -> bytes:
        """More text."""
        return self._chunk(event.answer, {"content": event.text})

    def thinking(self, event: ThinkingPiece) -> bytes:
        """More reasoning, in the field that compatible servers use for it."""
        delta: dict[str, Any] = {}
        if event.text:
            delta["reasoning_content"] = event.text
            self._thoughts[event.answer] = self._thoughts.get(event.answer, "") + event.text
        if event.signature:
            signature = signatures.bare(NAME, event.signature)
            text = self._thoughts.pop(event.answer, "")
            delta["thinking_blocks"] = [
                {"type": "thinking", "thinking": text, "signature": signature}
            ]
        return self._chunk(event.answer, delta)

    def tool_began(self, event: ToolBegan) -> bytes:
        """A call's id and name."""
        self._bare[event.answer, event.index] = None
        function = {"name": event.name, "arguments": ""}
        call = {"index": event.index, "id": event.id, "type": "function", "function": function}
        return self._chunk(event.answer, {"tool_calls": [call]})

    def tool_piece(self, event: ToolPiece) -> bytes:
        """More of a call's arguments."""
        if event.arguments:
            self._bare.pop((event.answer, event.index), None)
        call = {"index": event.index, "function": {"arguments": event.arguments}}
        return self._chunk(event.answer, {"tool_calls": [call]})

    def opaque(self, event: OpaquePiece) -> bytes:
        """A delta of this dialect that has no neutral words."""
        if event.dialect != NAME:
            raise UntranslatableError(f"a piece of {event.dialect} has no form in chat completions")
        return self._chunk(event.answer, dict(event.value))

    def stopped(self, event: Stopped) -> bytes:
        """Why an answer ended."""
        bare = [index for answer, index in self._bare if answer == event.answer]
        pieces = [self.tool_piece(ToolPiece(index, "{}", event.answer)) for index in bare]
        return b"".join((*pieces, self._chunk(event.answer, {}, FINISH[event.stop])))

    def counted(self, event: Counted) -> bytes:
        """Kept for the end."""
        self._counted = event.usage
        return b""

    def ended(self, event: Ended) -> bytes:
        """The count, if it was asked for and is known, and the end."""
        if not self._usage or self._counted is None:
            return b"data: [DONE]\n\n"
        usage = orjson.dumps(usage_body(self._counted))
        return b"".join((self._head, b'[],"usage":', usage, b"}\n\ndata: [DONE]\n\n"))

    def broken(self, event: Broken) -> bytes:
        """The terminal error."""
        failure = event.failure
        value = openai_errors.value_of(STATUS[failure.kind], failure.kind.value, failure.message)
        return b"data: " + orjson.dumps({"error": value}) + b"\n\n"


def _head(identity: str, model: str, created: int) -> bytes:
    head = orjson.dumps(
        {"id": identity, "object": "chat.completion.chunk", "created": created, "model": model}
    )
    return b"data: " + head[:-1] + b',"choices":'


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
