"""From a whole answer to a stream of events, and back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sensorium.gateway.conversation import Opaque, Part, Text, Thinking, ToolCall
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
from sensorium.gateway.reply import Answer, Reply, Usage


def events_of(reply: Reply) -> list[Event]:
    """The answer as it would have come in pieces: one piece for each part."""
    made: list[Event] = [Started(reply.id, reply.model, reply.created)]
    for place, answer in enumerate(reply.answers):
        calls = 0
        for part in answer.parts:
            made += _pieces(part, place, calls)
            calls += isinstance(part, ToolCall)
        made.append(Stopped(answer.stop, answer.stop_sequence, place))
    if reply.usage is not None:
        made.append(Counted(reply.usage))
    made.append(Ended())
    return made


def _pieces(part: Part, answer: int, calls: int) -> Iterator[Event]:
    if isinstance(part, Text):
        yield TextPiece(part.text, answer)
    elif isinstance(part, Thinking):
        yield ThinkingPiece(part.text, part.signature, answer)
    elif isinstance(part, ToolCall):
        yield ToolBegan(calls, part.id, part.name, answer)
        yield ToolPiece(calls, part.arguments, answer)
    elif isinstance(part, Opaque):
        yield OpaquePiece(part.dialect, part.value, answer)
    else:
        raise TypeError(f"a model does not answer with {type(part).__name__}")


def streamable(reply: Reply) -> bool:
    """Whether a stream can say all of it: no field that only the answer's own dialect knows."""
    return not reply.extra and not any(
        answer.extra or getattr(part, "extra", None)
        for answer in reply.answers
        for part in answer.parts
    )


@dataclass(slots=True)
class _Growing:
    """One answer while its pieces come. Texts are kept in pieces until it is whole."""

    tools: dict[int, tuple[ToolBegan, list[str]]] = field(default_factory=dict)
    order: list[int | tuple[type, list[str], str] | Opaque] = field(default_factory=list)
    stopped: Stopped | None = None


class Gathering:
    """Puts a streamed answer together. ``reply`` is None where it did not come to its end."""

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._answers: dict[int, _Growing] = {}
        self._started: Started | None = None
        self._usage: Usage | None = None
        self._left = limit
        self._ended = False

    def feed(self, event: Event) -> None:
        """Take in the next event."""
        if isinstance(event, Started):
            self._started = event
        elif isinstance(event, Counted):
            self._usage = event.usage
        elif isinstance(event, Ended):
            self._ended = True
        elif isinstance(event, Broken):
            self._left = -1
        elif self._left >= 0:
            self._take(event, self._answers.setdefault(event.answer, _Growing()))

    def _take(self, event: Event, answer: _Growing) -> None:
        if isinstance(event, TextPiece):
            self._text(answer, Text, event.text, "")
        elif isinstance(event, ThinkingPiece):
            self._text(answer, Thinking, event.text, event.signature)
        elif isinstance(event, ToolBegan):
            answer.tools[event.index] = (event, [])
            answer.order.append(event.index)
        elif isinstance(event, ToolPiece) and event.index in answer.tools:
            answer.tools[event.index][1].append(event.arguments)
            self._left -= len(event.arguments)
        elif isinstance(event, OpaquePiece):
            answer.order.append(Opaque(event.dialect, event.value))
        elif isinstance(event, Stopped):
            answer.stopped = event

    def _text(self, answer: _Growing, kind: type, text: str, signature: str) -> None:
        self._left -= len(text)
        last = answer.order[-1] if answer.order else None
        if isinstance(last, tuple) and last[0] is kind and not last[2]:
            last[1].append(text)
            answer.order[-1] = (kind, last[1], signature)
        else:
            answer.order.append((kind, [text], signature))

    def reply(self, dialect: str = "") -> Reply | None:
        """The whole answer; None where it broke, never ended, or is over the limit."""
        whole = all(one.stopped is not None for one in self._answers.values())
        if not (self._ended and self._started and self._answers and whole) or self._left < 0:
            return None
        return Reply(
            id=self._started.id,
            model=self._started.model,
            created=self._started.created,
            answers=tuple(_answer(self._answers[place]) for place in sorted(self._answers)),
            usage=self._usage or self._started.usage,
            dialect=dialect,
        )


def _answer(growing: _Growing) -> Answer:
    parts: list[Part] = []
    for one in growing.order:
        if isinstance(one, int):
            began, pieces = growing.tools[one]
            parts.append(ToolCall(began.id, began.name, "".join(pieces)))
        elif isinstance(one, Opaque):
            parts.append(one)
        elif one[0] is Text:
            parts.append(Text("".join(one[1])))
        else:
            parts.append(Thinking("".join(one[1]), one[2]))
    stopped = growing.stopped
    assert stopped is not None  # `reply` asked for it
    return Answer(tuple(parts), stopped.stop, stopped.stop_sequence)
