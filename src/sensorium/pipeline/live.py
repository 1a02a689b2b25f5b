"""The pipeline as a running part: one thread that empties the inbox, turn after turn."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sensorium.component import Health, HealthState

if TYPE_CHECKING:
    from sensorium.observe import Observe
    from sensorium.pipeline.inbox import Inbox
    from sensorium.pipeline.turn import Pipeline

_TURN_S = 0.25

_DEGRADED_S = 60.0
"""Seconds without a turn that fails after which all is well again."""

_SET_BACK_NS = 60_000_000_000
"""How far event time must be ahead of the clock to go back; after a smaller correction it waits."""

_SURE_TURNS = 20
"""Turns after which the clock is believed; by then what arrived before it was set is taken."""

_SAY_EVERY_S = 30.0
"""Seconds between two lines about the same error, as of a full disk, which each turn meets."""


class LivePipeline:
    """Owns the only thread that touches the pipeline's state.

    ``resume`` brings back what a restart finds, before the first turn; it is given a way to ask
    whether the service is ending already. ``housekeeping`` runs in
    the same thread after every turn (decisions that people made since, expiries, flushes), so
    that a resumed graph and a turn never overlap; after one that failed as well. ``close``
    releases the stores at the end.

    Where the clock was set back by more than a minute, all that waits is judged, and ``go_back``
    lets event time go on from the clock's time. A replay of what is to come is none of that.

    Within a long turn, after each window and each investigation, what has arrived is kept, up to
    ``ahead_s`` seconds ahead of event time, and as much as may wait for its window: beyond that it
    waits in the inbox, which is bounded.
    """

    name = "pipeline"

    def __init__(
        self,
        pipeline: Pipeline,
        inbox: Inbox,
        observe: Observe,
        *,
        settle_s: int,
        ahead_s: float,
        resume: Callable[[Callable[[], bool]], None],
        go_back: Callable[[], None],
        housekeeping: Callable[[], None],
        close: Callable[[], None],
        clock_ns: Callable[[], int],
    ):
        self._pipeline = pipeline
        self._inbox = inbox
        self._clock_ns = clock_ns
        self._latest_ns = self._turns_behind = 0
        self._settle_s = settle_s
        self._ahead_s = ahead_s
        self._end_ns = 0
        pipeline.meanwhile = self._meanwhile
        self._resume, self._go_back = resume, go_back
        self._housekeeping = housekeeping
        self._close = close
        self._stop = threading.Event()
        self._state = Health(HealthState.STARTING, "reading back what was kept")
        self._failed_s = self._say_at_s = 0.0
        self._said = ""
        self._log = observe.logger(self.name)
        self._turns = observe.histogram(
            "sensorium_turn_seconds", "How long one turn of the pipeline took"
        )
        self._set_back = observe.counter(
            "sensorium_clock_set_back",
            "Times that event time went back since the clock was set back",
        )
        self._failures = observe.counter(
            "sensorium_turn_failures", "Turns that ended in an error; a bug to report"
        )

    def health(self) -> Health:
        """Starting until what was kept has been read back; degraded where turns fail, or where
        event time is ahead of the clock and has to wait for it."""
        if self._state.state is HealthState.OK and self._turns_behind:
            seconds = self._ahead_of(self._clock_ns()) / 1e9
            return Health(
                HealthState.DEGRADED,
                f"the clock is {seconds:.0f} s behind event time: it was set back, or what is to "
                "come was replayed",
            )
        return self._state

    def _ahead_of(self, now_ns: int) -> int:
        return self._pipeline.watermark_ns - now_ns

    def _look_at_clock(self) -> None:
        """Follow a clock that was set back, once that is sure.

        Only our clock counts, not what exporters' clocks or a replay say: the clock must have been
        later before, or event time must have got there before a restart.
        """
        now_ns = self._clock_ns()
        if self._ahead_of(now_ns) <= _SET_BACK_NS:
            self._latest_ns, self._turns_behind = now_ns, 0
            return
        self._turns_behind += 1
        if self._turns_behind <= _SURE_TURNS:
            return
        if self._latest_ns - now_ns > _SET_BACK_NS:
            self._pipeline.wind_up(self._settle_s)
            self._go_back()
            self._inbox.set_back()
            self._set_back.inc()
            self._latest_ns, self._turns_behind = self._clock_ns(), 0
        elif self._turns_behind == _SURE_TURNS + 1:
            self._log.warning(
                "event time is ahead of the clock, as after a replay of what is to come; telemetry "
                "is stored, and judged in one window when the clock has caught up",
                seconds=self._ahead_of(now_ns) // 1_000_000_000,
            )

    async def run(self) -> None:
        """Turn until cancelled, then finish the turn, flush and close the stores."""
        self._stop.clear()
        thread = asyncio.create_task(asyncio.to_thread(self._loop))
        try:
            await asyncio.shield(thread)
        except asyncio.CancelledError:
            self._stop.set()
            await thread
            raise

    def _loop(self) -> None:
        self._resume(self._stop.is_set)
        self._latest_ns = self._pipeline.watermark_ns
        self._state = Health(HealthState.OK)
        while not self._stop.is_set():
            self._attempt()
        self._inbox.finish()
        self._attempt()
        while self._inbox.pieces():
            self._attempt()
        self._close()

    def _attempt(self) -> None:
        """One turn; what makes it fail costs that turn's arrivals and nothing more."""
        good = True
        for step in (self._look_at_clock, self._turn, self._housekeeping):
            try:
                step()
            except Exception as error:  # noqa: BLE001  one bad turn must not end the service
                self._failed(error)
                good = False
        if good and self._state.state is HealthState.DEGRADED:
            self._recover()

    def _recover(self) -> None:
        if time.monotonic() - self._failed_s >= _DEGRADED_S:
            self._state, self._said = Health(HealthState.OK), ""
            self._log.info("turns succeed again")

    def _failed(self, error: Exception) -> None:
        now_s = time.monotonic()
        self._failures.inc()
        self._failed_s = now_s
        self._state = Health(HealthState.DEGRADED, f"a turn failed: {error}")
        if str(error) == self._said and now_s < self._say_at_s:
            return
        self._said, self._say_at_s = str(error), now_s + _SAY_EVERY_S
        self._log.error(
            "a turn failed; its arrivals may be stored but not scored, and the next go on",
            error=str(error),
            exc_info=error,
        )

    def _meanwhile(self) -> None:
        """Keep what arrived while a turn takes long; what fails costs these arrivals alone."""
        if self._pipeline.lag_s > self._ahead_s or self._pipeline.is_full:
            return
        try:
            # What comes while this is kept waits for the next time, or the turn would never go on.
            for _ in range(max(self._inbox.pieces(), 1)):
                arrivals, end_ns = self._inbox.take(0)
                self._end_ns = max(self._end_ns, end_ns)
                if arrivals is not None:
                    self._pipeline.keep(arrivals)
        except Exception as error:  # noqa: BLE001  the turn that goes on must not end for it
            self._failed(error)

    def _turn(self) -> None:
        arrivals, end_ns = self._inbox.take(_TURN_S)
        end_ns, self._end_ns = max(end_ns, self._end_ns), 0
        with self._turns.time():
            if arrivals is not None:
                self._pipeline.take(arrivals)
            else:
                self._pipeline.wait()
            if end_ns:
                self._pipeline.finish(end_ns, self._settle_s)
                self._log.info("replayed stream ended", event_time_ns=self._pipeline.watermark_ns)
