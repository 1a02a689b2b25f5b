"""Reading streamed chat completions: chunks, and ``[DONE]`` at the end."""

from __future__ import annotations

from typing import Any, Final

from sensorium.gateway.dialects import openai_errors, signatures
from sensorium.gateway.dialects.counts import count
from sensorium.gateway.dialects.openai_chat.replies import stop_of, thought_of, usage_of
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

NAME: Final = "openai_chat"


class Reader(FrameReader):
    """Calls are told apart by their ``index``, or by a new id where a server repeats the index."""

    __slots__ = ("_calls", "_refused", "_started", "_thought")

    def __init__(self) -> None:
        super().__init__(SseParser())
        self._started = False
        self._refused: set[int] = set()
        self._thought: set[int] = set()
        # For each answer: where each provider's index stands, and the id of its call.
        self._calls: dict[int, dict[int, tuple[int, str]]] = {}

    def events(self, name: bytes, data: bytes) -> list[Event]:
        """One chunk."""
        if data.strip() == b"[DONE]":
            return [Ended()]
        chunk = self.json(data)
        error = chunk.get("error")
        if error or name == b"error":
            return [Broken(openai_errors.from_value(200, {}, error or chunk))]
        found: list[Event] = []
        choices = chunk.get("choices") or ()
        if not self._started and (choices or chunk.get("id")):
            self._started = True
            found.append(_started(chunk))
        for choice in choices:
            self._choice(choice, found)
        usage = chunk.get("usage")
        if usage:
            counted = usage_of(usage)
            if counted is not None:
                found.append(Counted(counted))
        return found

    def _choice(self, choice: dict[str, Any], found: list[Event]) -> None:
        answer = choice.get("index") or 0
        if type(answer) is not int:
            raise TypeError
        delta = choice.get("delta")
        if delta:
            text = delta.get("content")
            if text and type(text) is not list:
                found.append(TextPiece(self.piece(answer, text), answer))
            elif text:
                self._parts(text, answer, found)
            if len(delta) > (text is not None):
                self._more(delta, answer, found)
        reason = choice.get("finish_reason")
        if reason is not None:
            stop = stop_of(self.piece(None, reason))
            if stop is Stop.END:
                if answer in self._refused:
                    stop = Stop.REFUSAL
                elif answer in self._calls:
                    stop = Stop.TOOL
            found.append(Stopped(stop, answer=answer))

    def _parts(self, parts: list[dict[str, Any]], answer: int, found: list[Event]) -> None:
        """Content in parts, as Mistral's models that reason send it."""
        for part in parts:
            if part["type"] == "text":
                found.append(TextPiece(self.piece(answer, part["text"]), answer))
            elif (thought := thought_of(part)) is not None:
                found.append(ThinkingPiece(self.piece(("thought", answer), thought), answer=answer))
            else:
                found.append(OpaquePiece(NAME, {"content": [part]}, answer))

    def _more(self, delta: dict[str, Any], answer: int, found: list[Event]) -> None:
        # vLLM says ``reasoning`` for what others call ``reasoning_content``.
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        place = ("thought", answer)
        if thought and type(thought) is str:
            self._thought.add(answer)
            found.append(ThinkingPiece(self.piece(place, thought), answer=answer))
        for block in delta.get("thinking_blocks") or ():
            # A block repeats what was said as ``reasoning_content``, where that is said at all.
            text = "" if answer in self._thought else block.get("thinking") or ""
            signature = signatures.marked(NAME, self.piece(None, block.get("signature") or ""))
            if text or signature:
                found.append(ThinkingPiece(self.piece(place, text), signature, answer))
        refusal = delta.get("refusal")
        if refusal:
            self._refused.add(answer)
            found.append(TextPiece(self.piece(answer, refusal), answer))
        for at, call in enumerate(delta.get("tool_calls") or ()):
            self._call(call, at, answer, found)
        if delta.get("function_call") or delta.get("audio"):
            found.append(OpaquePiece(NAME, delta, answer))

    def _call(self, call: dict[str, Any], at: int, answer: int, found: list[Event]) -> None:
        if call.get("type", "function") not in ("function", None):
            found.append(OpaquePiece(NAME, {"tool_calls": [call]}, answer))
            return
        calls = self._calls.setdefault(answer, {})
        stated = call.get("index")
        if stated is None:
            stated = at if call.get("id") else max(calls, default=0)
        if type(stated) is not int:
            raise TypeError
        function = call.get("function") or {}
        known = calls.get(stated)
        identity = call.get("id") or ""
        if known is None or (identity and function.get("name") and identity != known[1]):
            index = 0 if not calls else 1 + max(place for place, _ in calls.values())
            if known is not None and stated in calls:
                # The same index for another call: the earlier one is whole.
                calls[-1 - index] = known
            known = calls[stated] = (index, self.piece(None, identity))
            name = self.piece(None, function.get("name") or "")
            found.append(ToolBegan(index, known[1], name, answer))
        arguments = function.get("arguments")
        if arguments:
            place = known[0]
            found.append(ToolPiece(place, self.piece((answer, place), arguments), answer))


def _started(chunk: dict[str, Any]) -> Started:
    identity = chunk.get("id")
    model = chunk.get("model")
    return Started(
        identity if isinstance(identity, str) else "",
        model if isinstance(model, str) else "",
        count(chunk, "created"),
    )
