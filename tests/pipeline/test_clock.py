"""A clock that is set back while the service runs, on the real pipeline with a clock of our own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sensorium.app.spine import Spine, build_spine
from sensorium.component import HealthState
from sensorium.config import Settings
from sensorium.detect.windows import ClosedWindow, WindowBuffer
from sensorium.ingest.datagrams import Datagrams
from sensorium.model.signals import Signal
from sensorium.observe.testing import RecordingObserve
from sensorium.pipeline.config import InboxConfig
from sensorium.pipeline.inbox import Inbox
from sensorium.pipeline.live import LivePipeline
from sensorium.pipeline.memory import Known, Memory
from sensorium.pipeline.resumption import Resumption
from sensorium.state.file import StateFile

SECOND = 1_000_000_000
START = 1_800_000_000 * SECOND
HOUR, DAY = 3600, 86_400
SENDER = bytes(10) + b"\xff\xff\x0a\x00\x00\x01"


@dataclass
class Clock:
    """Ours, as it is set."""

    ns: int = START

    def __call__(self) -> int:
        return self.ns


class Machine:
    """A service's pipeline with its stores, which syslog lines arrive at, each with a number."""

    def __init__(self, folder: Path, clock: Clock, sent: int = 0) -> None:
        self.clock = clock
        self.observe = RecordingObserve()
        self.settings = Settings(data_dir=folder)
        self.spine: Spine = build_spine(self.settings, self.observe, clock)
        self.box = Inbox(InboxConfig(), self.observe, clock)
        self.sent = self.before = sent
        spine, observe = self.spine, self.observe
        memory = Memory(
            Known(spine.engine, spine.identities, spine.graph),
            StateFile(folder / "memory"),
            observe,
            settings=self.settings.detect,
            version="1",
            every_s=0,
            hours=2,
        )
        resumption = Resumption(
            spine.pipeline,
            spine.inquest,
            spine.records,
            spine.telemetry,
            memory,
            observe,
            hours=2,
            clock_ns=clock,
        )
        self.part = LivePipeline(
            spine.pipeline,
            self.box,
            observe,
            settle_s=self.settings.incident.settle_s,
            ahead_s=300,
            resume=lambda _: resumption.run(),
            go_back=resumption.go_back,
            housekeeping=lambda: None,
            close=lambda: memory.close(spine.pipeline.watermark_ns),
            clock_ns=clock,
        )

    @property
    def behind_s(self) -> float:
        """How far event time is behind the clock."""
        return (self.clock.ns - self.spine.pipeline.watermark_ns) / SECOND

    @property
    def times_back(self) -> float:
        return self.observe.value("sensorium_clock_set_back_total")

    async def see(self, seconds: int, every: int = 10, stamp: str = "-", ahead: int = 0) -> None:
        """Let so many seconds pass with a line every few of them, each taken before the next.

        ``stamp`` is what the sender's clock says; ``ahead`` seconds are added to the arrivals.
        """
        for _ in range(0, seconds, every):
            self.clock.ns += every * SECOND
            line = f"<13>1 {stamp} host app - - - line {self.sent} of many".encode()
            slab = Datagrams.of(
                [line], arrival_ns=[self.clock.ns + ahead * SECOND], src_addr=[SENDER]
            )
            self.box.put_datagrams(replace(slab, dst_port=slab.dst_port * 0 + 514))
            self.sent += 1
            await until(lambda: self.stored() == self.sent - self.before)

    def stored(self) -> float:
        name = "sensorium_records_total"
        return self.observe.registry.get_sample_value(name, {"signal": "logs"}) or 0.0

    def run(self, scenario: Callable[[], object]) -> None:
        """Run the part while the scenario lasts."""

        async def both() -> None:
            task = asyncio.create_task(self.part.run())
            try:
                await until(lambda: self.part.health().state is not HealthState.STARTING)
                await scenario()  # type: ignore[misc]
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        asyncio.run(asyncio.wait_for(both(), 120))

    def kept(self) -> tuple[int, int]:
        """How many lines are stored, and how many different ones."""
        self.spine.telemetry.flush()
        found = self.spine.telemetry.query("SELECT count() AS n, uniqExact(body) AS d FROM logs")
        row = found.to_pylist()[0]
        return row["n"], row["d"]

    def failures(self) -> float:
        return self.observe.value("sensorium_turn_failures_total")


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not what():
            await asyncio.sleep(0.001)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path, Clock())
    yield made
    made.spine.close()


class Judged:
    """Which lines were in the windows that closed, but for those that were learnt again."""

    def __init__(self, patch: pytest.MonkeyPatch, machine: Machine) -> None:
        self.lines: Counter[str] = Counter()
        self.windows: list[int] = []
        self._again = False
        close = WindowBuffer.close

        def closing(buffer: WindowBuffer, watermark_ns: int) -> list[ClosedWindow]:
            closed = close(buffer, watermark_ns)
            for window in closed if not self._again else ():
                self.windows.append(window.index)
                for part in window.parts.get(Signal.LOGS, []):
                    self.lines.update(part.taken().column("body").to_pylist())
            return closed

        patch.setattr(WindowBuffer, "close", closing)
        self.follow(patch, machine)

    def follow(self, patch: pytest.MonkeyPatch, machine: Machine) -> None:
        """Leave out what this one learns again, as well."""
        relearn = machine.spine.pipeline.relearn

        def relearning(*args: object) -> int:
            self._again = True
            try:
                return relearn(*args)  # type: ignore[arg-type]
            finally:
                self._again = False

        patch.setattr(machine.spine.pipeline, "relearn", relearning)


@pytest.mark.parametrize("back", [300, HOUR, DAY])
def test_detection_goes_on_from_the_time_that_the_clock_was_set_back_to(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, back: int
) -> None:
    judged = Judged(monkeypatch, machine)

    async def scenario() -> None:
        await machine.see(900)
        assert 60 < machine.behind_s < 100
        machine.clock.ns -= back * SECOND
        await machine.see(60, every=1)
        assert machine.times_back == 1
        told = machine.observe.value("sensorium_event_time_seconds") * SECOND
        assert told == machine.spine.pipeline.watermark_ns
        await machine.see(900)
        assert 60 < machine.behind_s < 100
        assert machine.part.health().state is HealthState.OK

    machine.run(scenario)
    assert machine.failures() == 0
    assert machine.times_back == 1
    told = [entry for entry in machine.observe.entries if "set back" in str(entry["event"])]
    assert len(told) == 1
    assert machine.kept() == (machine.sent, machine.sent)
    machine.spine.pipeline.advance(machine.clock.ns + HOUR * SECOND)
    assert len(judged.lines) == machine.sent
    assert set(judged.lines.values()) == {1}
    backwards = [at for at in range(1, len(judged.windows)) if _goes_back(judged.windows, at)]
    assert len(backwards) == 1
    assert len(judged.windows) - backwards[0] > 25, "windows after it are judged one by one"


def _goes_back(windows: list[int], at: int) -> bool:
    return windows[at] <= windows[at - 1]


@pytest.mark.parametrize("back", [2, 90])
def test_a_small_correction_changes_nothing_but_that_detection_waits_for_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, back: int
) -> None:
    judged = Judged(monkeypatch, machine)

    async def scenario() -> None:
        await machine.see(300)
        machine.clock.ns -= back * SECOND
        await machine.see(60, every=1)
        await machine.see(300)

    machine.run(scenario)
    assert machine.times_back == 0
    machine.spine.pipeline.advance(machine.clock.ns + HOUR * SECOND)
    assert judged.windows == sorted(set(judged.windows))
    assert len(judged.lines) == machine.sent == judged.lines.total()


def test_wrong_clocks_of_senders_and_a_replay_of_what_is_to_come_set_nothing_back(
    machine: Machine,
) -> None:
    async def scenario() -> None:
        await machine.see(300)
        for stamp in ("2027-01-20T00:00:00Z", "2026-01-15T00:00:00Z", "2038-01-19T00:00:00Z"):
            await machine.see(60, every=1, stamp=stamp)
        assert 60 < machine.behind_s < 100
        assert machine.part.health().state is HealthState.OK
        await machine.see(60, every=1, ahead=DAY)
        assert machine.part.health().state is HealthState.DEGRADED
        assert "behind event time" in machine.part.health().detail

    machine.run(scenario)
    assert machine.times_back == 0
    assert machine.behind_s < -DAY / 2


def test_a_restart_goes_on_from_the_time_that_the_clock_was_set_back_to_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Machine(tmp_path, Clock())
    judged = Judged(monkeypatch, first)
    first.run(lambda: first.see(900))
    first.spine.close()
    assert 0 < len(judged.lines) < first.sent
    again = Machine(tmp_path, Clock(first.clock.ns - 600 * SECOND), first.sent)
    judged.follow(monkeypatch, again)

    async def scenario() -> None:
        await again.see(60, every=1)
        assert again.times_back == 1
        await again.see(240)
        assert 60 < again.behind_s < 100

    again.run(scenario)
    assert again.kept() == (again.sent, again.sent)
    again.spine.close()
    before = [f"line {number} of many" for number in range(first.sent)]
    assert {judged.lines[line] for line in before} == {1}, "those that were left are judged, too"
    third = Machine(tmp_path, Clock(again.clock.ns), again.sent)
    judged.follow(monkeypatch, third)
    third.run(lambda: third.see(60))
    assert third.times_back == 0
    third.spine.pipeline.advance(third.clock.ns + DAY * SECOND)
    third.spine.close()
    assert len(judged.lines) == third.sent
    # What came the first time in the minutes around the restart cannot be told from the second.
    assert {judged.lines[line] for line in before[:50] + before[75:]} == {1}
