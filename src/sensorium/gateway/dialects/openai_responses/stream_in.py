"""Reading streamed Responses. OpenAI API reference, "Streaming events"."""

from __future__ import annotations

from typing import Any, Final

from sensorium.gateway.dialects import openai_errors, signatures
from sensorium.gateway.dialects.openai_responses.items_in import NAME
from sensorium.gateway.dialects.openai_responses.replies import seconds_of, stop_of, usage_of
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
from sensorium.gateway.reply import Stop

# They repeat what was said piece by piece, or say that something goes on.
_SILENT: Final = frozenset(
    f"response.{name}"
    for name in """in_progress queued content_part.added content_part.done output_text.done
    refusal.done function_call_arguments.done reasoning_summary_text.done
    reasoning_summary_part.done reasoning_text.done""".split()
)
_NEUTRAL: Final = frozenset({"message", "function_call", "reasoning"})


class Reader(FrameReader):
    """Items are told apart by their ``output_index``; tool calls are counted anew from 0."""

    __slots__ = ("_bare", "_calls", "_refused", "_started")

    def __init__(self) -> None:
        super().__init__(SseParser())
        self._started = False
        self._refused = False
        self._calls: dict[int, int] = {}
        self._bare: set[int] = set()  # calls without arguments so far

    def events(self, name: bytes, data: bytes) -> list[Event]:
        """One event of theirs."""
        if data.strip() == b"[DONE]":
            return []
        value = self.json(data)
        kind = self.piece(None, value["type"])
        if kind in _SILENT:
            return []
        read = _READ.get(kind)
        return [OpaquePiece(NAME, value)] if read is None else read(self, value)

    def created(self, value: dict[str, Any]) -> list[Event]:
        """Id and model."""
        response = value["response"]
        return [
            Started(
                self.piece(None, response.get("id") or ""),
                self.piece(None, response.get("model") or ""),
                seconds_of(response.get("created_at")),
            )
        ]

    def item_added(self, value: dict[str, Any]) -> list[Event]:
        """An item begins."""
        item, index = value["item"], value["output_index"]
        if item["type"] == "function_call":
            call = self._calls[index] = len(self._calls)
            self._bare.add(index)
            return [
                ToolBegan(call, self.piece(None, item["call_id"]), self.piece(None, item["name"]))
            ]
        return [] if item["type"] in _NEUTRAL else [OpaquePiece(NAME, value)]

    def text(self, value: dict[str, Any]) -> list[Event]:
        """More text."""
        return [TextPiece(self.piece(value.get("output_index"), value["delta"]))]

    def refusal(self, value: dict[str, Any]) -> list[Event]:
        """More of a refusal."""
        self._refused = True
        return self.text(value)

    def thinking(self, value: dict[str, Any]) -> list[Event]:
        """More reasoning."""
        return [ThinkingPiece(self.piece(value.get("output_index"), value["delta"]))]

    def summary_part(self, value: dict[str, Any]) -> list[Event]:
        """Parts of a summary are paragraphs."""
        return [ThinkingPiece("\n\n")] if value.get("summary_index") else []

    def arguments(self, value: dict[str, Any]) -> list[Event]:
        """More of a call's arguments."""
        index = value["output_index"]
        text = self.piece(index, value["delta"])
        if not text:
            return []
        self._bare.discard(index)
        return [ToolPiece(self._calls[index], text)]

    def item_done(self, value: dict[str, Any]) -> list[Event]:
        """An item is whole: says a reasoning's signature, and a call's arguments if nothing did."""
        item, index = value["item"], value["output_index"]
        kind = item["type"]
        if kind == "reasoning":
            hidden = self.piece(None, item.get("encrypted_content") or "")
            return [ThinkingPiece("", signatures.marked(NAME, hidden))] if hidden else []
        if index in self._bare:
            self._bare.discard(index)
            return [ToolPiece(self._calls[index], self.piece(None, item.get("arguments") or "{}"))]
        return [] if kind in _NEUTRAL else [OpaquePiece(NAME, value)]

    def completed(self, value: dict[str, Any]) -> list[Event]:
        """The final event."""
        response = value["response"]
        stop = stop_of(response, [])
        if stop is Stop.END:
            stop = Stop.TOOL if self._calls else Stop.REFUSAL if self._refused else Stop.END
        usage = usage_of(response.get("usage"))
        counted: list[Event] = [] if usage is None else [Counted(usage)]
        return [Stopped(stop), *counted, Ended()]

    def failed(self, value: dict[str, Any]) -> list[Event]:
        """It failed after status 200."""
        return [Broken(openai_errors.from_value(200, {}, value["response"].get("error")))]

    def error(self, value: dict[str, Any]) -> list[Event]:
        """The same, said otherwise."""
        return [Broken(openai_errors.from_value(200, {}, value.get("error") or value))]


_READ: Final = {
    "response.created": Reader.created,
    "response.output_item.added": Reader.item_added,
    "response.output_item.done": Reader.item_done,
    "response.output_text.delta": Reader.text,
    "response.refusal.delta": Reader.refusal,
    "response.reasoning_summary_text.delta": Reader.thinking,
    "response.reasoning_text.delta": Reader.thinking,
    "response.reasoning_summary_part.added": Reader.summary_part,
    "response.function_call_arguments.delta": Reader.arguments,
    "response.completed": Reader.completed,
    "response.incomplete": Reader.completed,
    "response.failed": Reader.failed,
    "error": Reader.error,
}
