"""Writing streamed Responses. Every event has its number, and the last repeats the whole answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson

from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects import openai_errors, signatures
from sensorium.gateway.dialects.block_writer import BlockWriter
from sensorium.gateway.dialects.failures import STATUS
from sensorium.gateway.dialects.openai_responses.items_in import NAME
from sensorium.gateway.dialects.openai_responses.replies import (
    finish,
    item_id,
    skeleton,
    usage_body,
)
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


class Writer(BlockWriter):
    """A :class:`~sensorium.gateway.dialect.StreamWriter`. Counts are always written."""

    __slots__ = ("_item", "_number", "_response", "_stop", "_text", "_usage")

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._response = skeleton("", "", 0)
        self._item: dict[str, Any] = {}
        self._text: list[str] = []
        self._stop = Stop.END
        self._usage: Usage | None = None

    def write(self, event: Event) -> bytes:
        """The bytes that say this event."""
        if getattr(event, "answer", 0):
            raise UntranslatableError("Responses gives one answer")
        return _WRITE[type(event)](self, event)

    def started(self, event: Started) -> bytes:
        """The empty answer."""
        self._response = skeleton(event.id, event.model, event.created)
        created = self._event("response.created", response=self._response)
        return created + self._event("response.in_progress", response=self._response)

    def text(self, event: TextPiece) -> bytes:
        """More text."""
        if not event.text or self.hold(event):
            return b""
        out = self.within("message")
        self._text.append(event.text)
        more = self._within_item(
            "response.output_text.delta", content_index=0, delta=event.text, logprobs=[]
        )
        return out + more

    def thinking(self, event: ThinkingPiece) -> bytes:
        """More reasoning, as a summary; a signature ends its item."""
        if self.hold(event):
            return b""
        out = self.within("reasoning")
        if event.text:
            if not self._text:
                part = {"type": "summary_text", "text": ""}
                out += self._within_item(
                    "response.reasoning_summary_part.added", summary_index=0, part=part
                )
            self._text.append(event.text)
            out += self._within_item(
                "response.reasoning_summary_text.delta", summary_index=0, delta=event.text
            )
        if event.signature:
            self._item["encrypted_content"] = signatures.bare(NAME, event.signature)
            out += self.close()
        return out

    def opaque(self, event: OpaquePiece) -> bytes:
        """An event of this dialect that has no neutral words, with its numbers put right."""
        if event.dialect != NAME:
            raise UntranslatableError(f"a piece of {event.dialect} has no form in Responses")
        value = dict(event.value)
        kind = value.pop("type")
        if kind == "response.output_item.added":
            return self.fresh("opaque", value["item"])
        if kind == "response.output_item.done" and self.open == "opaque":
            self._item = value["item"]
            return self.close()
        if "output_index" in value:
            value["output_index"] = max(0, self.index)
        value.pop("sequence_number", None)
        return self._event(kind, **value)

    def stopped(self, event: Stopped) -> bytes:
        """What was held back; the reason waits for the count."""
        self._stop = event.stop
        return self.rest()

    def counted(self, event: Counted) -> bytes:
        """Kept for the end."""
        self._usage = event.usage
        return b""

    def ended(self, event: Ended) -> bytes:
        """The whole answer."""
        out = self.close()
        finish(self._response, self._stop)
        if self._usage is not None:
            self._response["usage"] = usage_body(self._usage)
        return out + self._event(f"response.{self._response['status']}", response=self._response)

    def broken(self, event: Broken) -> bytes:
        """The terminal error. ``error`` in it makes OpenAI's SDK raise."""
        failure = event.failure
        code = failure.kind.value
        value = openai_errors.value_of(STATUS[failure.kind], code, failure.message)
        return self._event("error", code=code, message=failure.message, param=None, error=value)

    def begin(self, kind: str, what: Any) -> bytes:
        """``output_item.added``, and for text the part that it goes into."""
        self._text = []
        self._item = {"type": kind, "id": item_id(self._response["id"], kind, self.index)}
        if isinstance(what, ToolBegan):
            self._item = {
                "type": "function_call",
                "id": item_id(self._response["id"], "function_call", self.index),
                "call_id": what.id,
                "name": what.name,
                "arguments": "",
                "status": "in_progress",
            }
        elif what is not None:
            self._item = what
        elif kind == "message":
            self._item |= {"role": "assistant", "status": "in_progress", "content": []}
        else:
            self._item |= {"summary": []}
        out = self._event("response.output_item.added", output_index=self.index, item=self._item)
        if kind == "message":
            part = {"type": "output_text", "text": "", "annotations": []}
            out += self._within_item("response.content_part.added", content_index=0, part=part)
        return out

    def end(self) -> bytes:
        """What the item came to."""
        text = "".join(self._text)
        item, out = self._item, b""
        if self.open == "message":
            part = {"type": "output_text", "text": text, "annotations": []}
            out += self._within_item(
                "response.output_text.done", content_index=0, text=text, logprobs=[]
            )
            out += self._within_item("response.content_part.done", content_index=0, part=part)
            item |= {"status": "completed", "content": [part]}
        elif self.open == "tool":
            text = text or "{}"
            out += self._within_item(
                "response.function_call_arguments.done", arguments=text, name=item["name"]
            )
            item |= {"status": "completed", "arguments": text}
        elif self.open == "reasoning" and text:
            part = {"type": "summary_text", "text": text}
            out += self._within_item(
                "response.reasoning_summary_text.done", summary_index=0, text=text
            )
            out += self._within_item(
                "response.reasoning_summary_part.done", summary_index=0, part=part
            )
            item |= {"summary": [part]}
        self._response["output"].append(item)
        return out + self._event("response.output_item.done", output_index=self.index, item=item)

    def arguments(self, text: str) -> bytes:
        """More of a call's arguments."""
        self._text.append(text)
        return self._within_item("response.function_call_arguments.delta", delta=text)

    def _within_item(self, kind: str, **value: Any) -> bytes:
        return self._event(kind, item_id=self._item["id"], output_index=self.index, **value)

    def _event(self, kind: str, **value: Any) -> bytes:
        body = {"type": kind, "sequence_number": self._number, **value}
        self._number += 1
        return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(body) + b"\n\n"


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
