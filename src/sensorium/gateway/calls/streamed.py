"""A streamed answer, for whoever asked: frames forwarded as they are, or written anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from sensorium.gateway.calls.naming import named
from sensorium.gateway.conversation import UntranslatableError
from sensorium.gateway.dialects.failures import protocol
from sensorium.gateway.events import Broken, Counted, Event, Frame, Started
from sensorium.gateway.failure import Failure, FailureKind

if TYPE_CHECKING:
    from sensorium.gateway.calls.attempt import Attempt
    from sensorium.gateway.calls.facts import Facts
    from sensorium.gateway.calls.kept import CacheAttempt, Gatherer, ReplaySource
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.calls.source import Source
    from sensorium.gateway.dialect import StreamWriter
    from sensorium.gateway.guardrails.stream import StreamGuard


class Streamed:
    """Call :meth:`next` until it gives None, or :meth:`events`; then :meth:`close`, always.

    What was read of the provider is settled once, when the stream ends, breaks or is closed.
    """

    def __init__(
        self,
        parts: Parts,
        attempt: Attempt | CacheAttempt,
        facts: Facts,
        source: Source | ReplaySource,
        first: list[Frame],
        *,
        writer: StreamWriter | None,
        guard: StreamGuard | None,
        gatherer: Gatherer | None = None,
        verbatim: bool,
        hide_usage: bool,
    ) -> None:
        self.facts = facts
        self._parts = parts
        self._attempt = attempt
        self._source = source
        self._held: list[Frame] | None = first
        self._writer = writer
        self._guard = guard
        self._gatherer = gatherer
        self._verbatim = verbatim
        self._hide_usage = hide_usage
        self._settled = False
        self._cut = False  # by a guardrail
        self._unsayable = False

    async def next(self) -> bytes | None:
        """The next bytes for the caller; None at the end."""
        while frames := await self._frames():
            if self._verbatim:
                data = self._verbatim_bytes(frames)
            else:
                data = b"".join([self._write(event) for event in await self._guarded(frames)])
            if data:
                return data
        return None

    async def events(self) -> AsyncIterator[Event]:
        """The events, for a caller in process."""
        while frames := await self._frames():
            for event in await self._guarded(frames):
                yield event

    async def close(self) -> None:
        """Settle what is not settled: the caller left."""
        source = self._source
        if not self._settled:
            self._settled = True
            self._attempt.abandoned(usage=source.usage, seen=source.seen)
            self._end("cancelled")
        await source.close()

    async def _frames(self) -> list[Frame]:
        held, self._held = self._held, None
        frames = held if held else await self._source.read()
        if self._gatherer is not None:
            self._gatherer.see(frames)
        if self._source.done and not self._settled:
            self._settle()
        return frames

    async def _guarded(self, frames: list[Frame]) -> list[Event]:
        """The events that the guardrails let pass."""
        guard = self._guard
        if guard is None:
            return [event for frame in frames for event in frame.events]
        passed = await guard.take([event for frame in frames for event in frame.events])
        if self._source.done and guard.blocked is None:
            passed += await guard.close()
        if guard.blocked is not None and not self._cut:
            self._cut = True
            self._source.break_off(Failure(FailureKind.CONTENT_FILTERED, guard.blocked.message))
            await guard.close()
        return passed

    def _settle(self) -> None:
        """Whatever the last frame says, it was read: the books do not wait for the caller."""
        self._settled = True
        source = self._source
        if source.ended:
            self._attempt.answered(source.usage, seen=source.seen)
            if self._gatherer is not None:
                self._gatherer.finish()
            self._end("ok")
            return
        failure = source.failure or protocol("the stream ended early")
        self._attempt.failed(failure, usage=source.usage, seen=source.seen)
        self._end(failure.kind.value)

    def _end(self, outcome: str) -> None:
        self.facts.outcome = outcome
        parts = self._parts
        parts.background.soon(
            parts.measures.ended, self.facts, parts.clock.now(), self._attempt.kind
        )

    def _verbatim_bytes(self, frames: list[Frame]) -> bytes:
        if len(frames) == 1 and self._is_plain(frames[0]):
            return frames[0].raw
        found = []
        for frame in frames:
            if self._is_plain(frame):
                found.append(frame.raw)
                continue
            found += [self._write(one) for one in frame.events if isinstance(one, Broken)]
        return b"".join(found)

    def _is_plain(self, frame: Frame) -> bool:
        """Whether the caller gets it as it is: no provider's error, no count unasked for."""
        events = frame.events
        if not events:
            return True
        last = events[-1]
        if isinstance(last, Broken):
            return False
        return not (self._hide_usage and len(events) == 1 and isinstance(last, Counted))

    def _write(self, event: Event) -> bytes:
        if self._writer is None or self._unsayable:
            return b""
        if isinstance(event, Started):
            event = named(event, self.facts, self._parts.clock.wall_ns())
        try:
            return self._writer.write(event)
        except UntranslatableError as error:
            self._unsayable = True
            failure = protocol(str(error))
            self._source.break_off(failure)
            return self._writer.write(Broken(failure))
