"""The guard of one streamed answer: text, thinking and the arguments of tools.

Each is a window of its own. What one rule would replace is replaced before it leaves; what one rule
blocks ends the stream with one ``Broken`` event, and nothing that was found has left. Where a rule
can judge an answer only when it is whole (moderation), everything waits for the end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from sensorium.gateway.events import (
    Broken,
    Ended,
    Event,
    OpaquePiece,
    Stopped,
    TextPiece,
    ThinkingPiece,
    ToolBegan,
    ToolPiece,
)
from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.guardrails.bound import BlockedError
from sensorium.gateway.guardrails.context import Context
from sensorium.gateway.guardrails.decision import Blocked, Flag
from sensorium.gateway.guardrails.looks import Looks, objected
from sensorium.gateway.guardrails.placeholders import Placeholders, Restorer
from sensorium.gateway.guardrails.places import Fragment, Place, mapped
from sensorium.gateway.guardrails.rule import Subject
from sensorium.gateway.guardrails.texts import masked_text, put_back, restored_text
from sensorium.gateway.guardrails.window import Hit, Window

# An answer that must be judged whole is held up to this many characters; a longer one counts as one
# that could not be looked at.
MAX_WHOLE: Final = 8 * 1024 * 1024

_Piece = TextPiece | ThinkingPiece | ToolPiece
_KINDS = (TextPiece, ThinkingPiece, ToolPiece)
_PLACES = {
    TextPiece: Place.ASSISTANT,
    ThinkingPiece: Place.THINKING,
    ToolPiece: Place.ARGUMENTS,
}


class _Channel:
    """One text that comes in pieces: looked at, then restored."""

    def __init__(self, piece: _Piece, guard: Window | None, restore: Window | None) -> None:
        self.piece = piece
        self.seen: list[str] = []
        self._guard = guard
        self._restore = restore

    def feed(self, text: str, *, final: bool, keep: bool) -> str:
        if self._guard is not None:
            text = self._guard.finish(text) if final else self._guard.feed(text)
        if keep and text:
            self.seen.append(text)
        if self._restore is not None:
            text = self._restore.finish(text) if final else self._restore.feed(text)
        return text


class StreamGuard:
    """One streamed answer. ``feed`` each event, then ``close``; send what each gives back.

    ``blocked`` is set when a rule ended it: what the provider still sends is of no use then.
    """

    def __init__(
        self,
        looks: Looks,
        context: Context,
        restore: Restorer | None,
        count: Callable[[Looks], None],
        apart: Callable[[Callable[[], None]], Awaitable[None]],
    ) -> None:
        self.blocked: Blocked | None = None
        self._looks = looks
        self._context = context
        self._restore = restore
        self._count = count
        self._apart = apart
        self._made = Placeholders(restore.values if restore else ())
        self._channels: dict[tuple[type, int, int], _Channel] = {}
        self._meters = [(look, rule.meter()) for look, rule in looks.wholes]
        self._whole = any(meter is None for _, meter in self._meters)
        self._waiting: list[Event] = []
        self._opaques: list[Fragment] = []
        self._size = 0
        self._closed = False

    @property
    def idle(self) -> bool:
        """Whether nothing can be changed or held: frames may go on as they came."""
        return not self._looks.all and self._restore is None

    @property
    def holds_all(self) -> bool:
        """Whether nothing leaves before the answer is whole."""
        return self._whole

    def flags(self) -> tuple[Flag, ...]:
        """What was found; whole after ``close``."""
        return self._looks.flags()

    async def take(self, events: Sequence[Event]) -> list[Event]:
        """The events that may go on now; apart from the event loop where a rule waits."""
        made: list[Event] = []

        def feed() -> None:
            for event in events:
                made.extend(self.feed(event))

        await self._apart(feed)
        return made

    def feed(self, event: Event) -> list[Event]:
        """The events that may go on now; in the thread that asks, whatever rules it has."""
        if self.blocked is not None or self._closed:
            return []
        if self.idle:
            return [event]
        made: list[Event] = []
        try:
            self._take(event, made)
        except BlockedError as error:
            return self._stop(error, made)
        return self._hold(made)

    async def close(self) -> list[Event]:
        """The rest. Judges what could be judged only when whole. More than once does nothing."""
        if self._closed:
            return []
        made: list[Event] = []
        try:
            if self.blocked is None:
                await self._apart(partial(self._flush, made))
                made = self._hold(made)
                if self._whole:
                    await self._looks.judge(Subject(self._seen()), self._context)
                    made, self._waiting = [*self._waiting, *made], []
        except BlockedError as error:
            self._waiting = []
            made = self._stop(error, [] if self._whole else made)
        finally:
            self._closed = True
            self._count(self._looks)
        return made

    def _take(self, event: Event, made: list[Event]) -> None:
        if isinstance(event, TextPiece | ThinkingPiece | ToolPiece):
            self._piece(event, made)
            return
        if isinstance(event, ToolBegan):
            # What comes after a tool is seldom the same sentence; if it is, it is read with it.
            self._flush(made, event.answer, (TextPiece, ThinkingPiece))
            for name in (event.id, event.name):
                masked_text(Fragment(name, Place.NAME), self._looks.finders, self._made)
        elif isinstance(event, OpaquePiece):
            self._flush(made, event.answer, (TextPiece, ThinkingPiece))
            event = self._opaque(event)
        elif isinstance(event, Stopped):
            self._flush(made, event.answer)
        elif isinstance(event, Ended | Broken):
            self._flush(made)
        made.append(event)

    def _piece(self, event: _Piece, made: list[Event]) -> None:
        index = event.index if isinstance(event, ToolPiece) else 0
        key = (type(event), event.answer, index)
        channel = self._channels.get(key)
        if channel is None:
            channel = self._channels[key] = self._channel(event)
        if not isinstance(event, ToolPiece):
            other = ThinkingPiece if isinstance(event, TextPiece) else TextPiece
            self._flush(made, event.answer, (other,))
        text = event.arguments if isinstance(event, ToolPiece) else event.text
        signed = isinstance(event, ThinkingPiece) and event.signature != ""
        self._measure(text)
        out = channel.feed(text, final=signed, keep=self._whole)
        if out or signed or not text:
            made.append(_with(event, out))

    def _opaque(self, event: OpaquePiece) -> OpaquePiece:
        """What is only its dialect's comes whole: it is looked at, and restored, as JSON text."""

        def visit(fragment: Fragment) -> str:
            text = masked_text(fragment, self._looks.finders, self._made)
            if self._whole:
                self._opaques.append(Fragment(text, fragment.place, json=True))
            if self._restore is not None:
                text = restored_text(text, self._restore, json=True)
            return text

        value = mapped(event.value, Place.OPAQUE, visit)
        return event if value is event.value else replace(event, value=value)

    def _channel(self, piece: _Piece) -> _Channel:
        finders = self._looks.finders
        json = isinstance(piece, ToolPiece)
        guard = Window(finders, self._decide, json=json) if finders else None
        restore = None
        if self._restore is not None:
            restore = Window((self._restore,), put_back(self._restore, json=json), json=json)
        if isinstance(piece, ThinkingPiece):
            piece = replace(piece, signature="")
        return _Channel(piece, guard, restore)

    def _decide(self, hit: Hit) -> str | None:
        finder = self._looks.finders[hit.finder]
        if not finder.note(hit.finding):
            return None
        return self._made.stand_in(hit.finding.label, hit.text, restore=False)

    def _flush(
        self, made: list[Event], answer: int | None = None, kinds: tuple[type, ...] = _KINDS
    ) -> None:
        """What is held of one answer, or of all, goes on as it is."""
        for (kind, of, _), channel in self._channels.items():
            wanted = kind in kinds and (answer is None or of == answer)
            if wanted and (out := channel.feed("", final=True, keep=self._whole)):
                made.append(_with(channel.piece, out))

    def _measure(self, text: str) -> None:
        for look, meter in self._meters:
            judgement = meter.feed(text) if meter is not None else None
            if judgement is not None:
                objected(look, judgement)
        self._size += len(text)
        if self._whole and self._size > MAX_WHOLE:
            for look, meter in self._meters:
                if meter is None:
                    look.failed()
            self._whole = False

    def _hold(self, made: list[Event]) -> list[Event]:
        if self._whole:
            self._waiting += made
            return []
        made, self._waiting = [*self._waiting, *made], []
        return made

    def _stop(self, error: BlockedError, made: list[Event]) -> list[Event]:
        self.blocked = error.blocked
        broken = Broken(
            Failure(FailureKind.CONTENT_FILTERED, error.blocked.message, code="guardrail")
        )
        made = [] if self._whole else made
        return [*made, broken]

    def _seen(self) -> Sequence[Fragment]:
        return [*self._opaques, *self._pieces()]

    def _pieces(self) -> list[Fragment]:
        return [
            Fragment("".join(channel.seen), _PLACES[key[0]], json=key[0] is ToolPiece)
            for key, channel in self._channels.items()
        ]


def _with(piece: _Piece, text: str) -> Event:
    if isinstance(piece, ToolPiece):
        return replace(piece, arguments=text)
    return replace(piece, text=text)
