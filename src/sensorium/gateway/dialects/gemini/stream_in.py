"""Reading ``streamGenerateContent`` with ``alt=sse``: answers in part, the last with a reason.

There is no event after the last answer, so ``Ended`` comes when the stream is closed and every
candidate had its reason.
"""

from __future__ import annotations

from typing import Any

from sensorium.gateway.dialects import arguments, signatures
from sensorium.gateway.dialects.gemini import errors
from sensorium.gateway.dialects.gemini.parts_in import GIVEN, NAME
from sensorium.gateway.dialects.gemini.replies import refuse_blocked, stop_of, usage_of
from sensorium.gateway.dialects.identifiers import short
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


class Reader(FrameReader):
    """Calls come whole, one after the other."""

    __slots__ = ("_calls", "_id", "_started", "_stopped")

    def __init__(self) -> None:
        super().__init__(SseParser())
        self._started = False
        self._id = ""
        self._calls: dict[int, int] = {}
        self._stopped: dict[int, bool] = {}

    def cut_off(self) -> tuple[Event, ...]:
        """The end of the stream, which is whole if every candidate is."""
        whole = bool(self._stopped) and all(self._stopped.values())
        return (Ended(),) if whole else super().cut_off()

    def events(self, name: bytes, data: bytes) -> list[Event]:
        """One answer in part."""
        value = self.json(data)
        if value.get("error"):
            return [Broken(errors.from_value(200, {}, value["error"]))]
        refuse_blocked(value)
        found: list[Event] = []
        if not self._started:
            self._started = True
            self._id = self.piece(None, value.get("responseId") or "")
            found.append(Started(self._id, self.piece(None, value.get("modelVersion") or "")))
        for candidate in value.get("candidates") or ():
            self._candidate(candidate, found)
        usage = usage_of(value.get("usageMetadata"))
        if usage is not None:
            found.append(Counted(usage))
        return found

    def _candidate(self, candidate: dict[str, Any], found: list[Event]) -> None:
        answer = candidate.get("index") or 0
        if type(answer) is not int:
            raise TypeError
        self._stopped.setdefault(answer, False)
        content = candidate.get("content") or {}
        for part in content.get("parts") or ():
            self._part(part, answer, found)
        reason = candidate.get("finishReason")
        if reason and not self._stopped[answer]:
            found.append(Stopped(stop_of(reason, called=answer in self._calls), answer=answer))
            self._stopped[answer] = True

    def _part(self, part: dict[str, Any], answer: int, found: list[Event]) -> None:
        mark = signatures.marked(NAME, self.piece(None, part.get("thoughtSignature") or ""))
        if "functionCall" in part:
            if mark:
                found.append(ThinkingPiece("", mark, answer))
            self._call(part["functionCall"], answer, found)
        elif "text" in part:
            text = self.piece((answer, part.get("thought")), part["text"])
            if part.get("thought") is True:
                found.append(ThinkingPiece(text, mark, answer))
                return
            if text:
                found.append(TextPiece(text, answer))
            if mark:
                found.append(ThinkingPiece("", mark, answer))
        else:
            found.append(OpaquePiece(NAME, part, answer))

    def _call(self, call: dict[str, Any], answer: int, found: list[Event]) -> None:
        index = self._calls.get(answer, 0)
        self._calls[answer] = index + 1
        given = short(f"{GIVEN}{self._id}_{answer}_{index}")
        identity = self.piece(None, call.get("id") or given)
        found.append(ToolBegan(index, identity, self.piece(None, call["name"]), answer))
        args = call.get("args") or {}
        if not isinstance(args, dict):
            raise TypeError
        text = self.piece((answer, "call", index), arguments.text_of(args))
        found.append(ToolPiece(index, text, answer))
