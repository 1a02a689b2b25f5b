from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from sensorium.component import HealthState
from sensorium.ingest.datagrams import Datagrams
from sensorium.observe import Observe
from sensorium.observe.testing import RecordingObserve
from sensorium.pipeline.config import InboxConfig
from sensorium.pipeline.inbox import Inbox
from sensorium.pipeline.live import LivePipeline

NOW = 1_800_000_000_000_000_000


class Turns:
    """Stands where the pipeline stands: takes arrivals, and fails where it is told to."""

    def __init__(self) -> None:
        self.taken = self.kept = 0
        self.fail = False
        self.lag_s = 0.0
        self.is_full = False
        self.watermark_ns = NOW
        self.meanwhile: Callable[[], None] = lambda: None
        self.long: Callable[[], None] = lambda: None

    def keep(self, arrivals: Any) -> None:
        if self.fail:
            self.fail = False
            raise RuntimeError("poison")
        self.kept += len(arrivals.datagrams)

    def take(self, arrivals: Any) -> None:
        if self.fail:
            self.fail = False
            raise RuntimeError("poison")
        self.taken += len(arrivals.datagrams)
        self.long()

    def wait(self) -> None:
        """Nothing to do here."""


def one_datagram() -> Datagrams:
    return Datagrams.of([b"x"], arrival_ns=[NOW], src_addr=[bytes(16)])


def live(turns: Turns, box: Inbox, log: list[str], observe: Observe) -> LivePipeline:
    return LivePipeline(
        turns,  # type: ignore[arg-type]
        box,
        observe,
        settle_s=1,
        ahead_s=60.0,
        resume=lambda _: log.append("resumed"),
        go_back=lambda: log.append("went back"),
        housekeeping=lambda: None,
        close=lambda: log.append("closed"),
        clock_ns=lambda: NOW,
    )


def test_it_resumes_first_and_closes_last_after_taking_what_still_waits() -> None:
    log: list[str] = []
    turns, observe = Turns(), Observe()
    box = Inbox(InboxConfig(), observe, lambda: NOW)
    part = live(turns, box, log, observe)
    assert part.health().state is HealthState.STARTING

    async def scenario() -> None:
        task = asyncio.create_task(part.run())
        await asyncio.sleep(0.1)
        assert part.health().state is HealthState.OK
        box.put_datagrams(one_datagram())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert log == ["resumed", "closed"]
    assert turns.taken == 1


def test_a_stop_while_it_resumes_is_told_to_what_it_resumes() -> None:
    log: list[str] = []
    observe = Observe()
    part = live(Turns(), Inbox(InboxConfig(), observe, lambda: NOW), log, observe)

    def resume(ending: Callable[[], bool]) -> None:
        log.append("resuming")
        for _ in range(1000):
            if ending():
                log.append("told")
                return
            time.sleep(0.01)

    part._resume = resume

    async def scenario() -> None:
        task = asyncio.create_task(part.run())
        while not log:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())
    assert log == ["resuming", "told", "closed"]


def test_a_turn_that_fails_is_counted_and_the_next_go_on() -> None:
    log: list[str] = []
    turns, observe = Turns(), Observe()
    box = Inbox(InboxConfig(), observe, lambda: NOW)
    part = live(turns, box, log, observe)

    async def scenario() -> None:
        turns.fail = True
        box.put_datagrams(one_datagram())
        task = asyncio.create_task(part.run())
        await asyncio.sleep(0.2)
        box.put_datagrams(one_datagram())
        await asyncio.sleep(0.4)
        assert part.health().state is HealthState.DEGRADED
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())
    assert turns.taken == 1
    assert observe.value("sensorium_turn_failures_total") == 1
    assert log == ["resumed", "closed"]


@pytest.mark.parametrize(
    ("lag_s", "is_full", "kept"), [(0.0, False, 2), (61.0, False, 0), (0.0, True, 0)]
)
def test_what_arrives_during_a_long_turn_is_kept_unless_time_is_far_behind_or_too_much_waits(
    lag_s: float, is_full: bool, kept: int
) -> None:
    turns, observe = Turns(), Observe()
    box = Inbox(InboxConfig(), observe, lambda: NOW)
    live(turns, box, [], observe)
    turns.lag_s, turns.is_full = lag_s, is_full
    for _ in range(2):
        box.put_datagrams(one_datagram())
    turns.meanwhile()
    turns.meanwhile()
    assert turns.kept == kept


def test_what_fails_while_a_turn_is_under_way_does_not_end_that_turn() -> None:
    log: list[str] = []
    turns, observe = Turns(), Observe()
    box = Inbox(InboxConfig(), observe, lambda: NOW)
    part = live(turns, box, log, observe)
    ended: list[str] = []

    def long() -> None:
        if ended:
            return
        turns.fail = True
        box.put_datagrams(one_datagram())
        turns.meanwhile()
        box.put_datagrams(one_datagram())
        turns.meanwhile()
        ended.append("whole")

    turns.long = long

    async def scenario() -> None:
        box.put_datagrams(one_datagram())
        task = asyncio.create_task(part.run())
        while not ended:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())
    assert (turns.taken, turns.kept, ended) == (1, 1, ["whole"])
    assert observe.value("sensorium_turn_failures_total") == 1


def test_a_backlog_larger_than_a_turn_is_taken_before_it_closes() -> None:
    log: list[str] = []
    turns, observe = Turns(), Observe()
    box = Inbox(InboxConfig(turn_bytes=1), observe, lambda: NOW)
    part = live(turns, box, log, observe)
    turns.long = lambda: log.append("turn")

    async def scenario() -> None:
        task = asyncio.create_task(part.run())
        while part.health().state is not HealthState.OK:
            await asyncio.sleep(0.01)
        task.cancel()
        # Before its thread can end: they wait in one piece, and are taken one by one.
        for _ in range(5):
            box.put_datagrams(one_datagram())
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert turns.taken == 5
    assert log[0] == "resumed"
    assert log[-1] == "closed"
    assert log.count("turn") >= 5


def test_during_a_long_turn_all_that_waits_is_kept_but_not_what_comes_meanwhile() -> None:
    turns, observe = Turns(), Observe()
    box = Inbox(InboxConfig(turn_bytes=1), observe, lambda: NOW)
    live(turns, box, [], observe)
    keep = turns.keep

    def keep_while_more_comes(arrivals: Any) -> None:
        keep(arrivals)
        box.put_datagrams(one_datagram())

    turns.keep = keep_while_more_comes  # type: ignore[method-assign]
    for _ in range(3):
        box.put_datagrams(one_datagram())
    turns.meanwhile()
    assert turns.kept == 3
    assert box.pieces() == 3


def test_an_error_that_each_turn_meets_is_said_once_and_is_over_when_they_succeed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sensorium.pipeline.live._DEGRADED_S", 0.1)
    monkeypatch.setattr("sensorium.pipeline.live._TURN_S", 0.01)
    turns, observe = Turns(), RecordingObserve()
    kept: list[str] = []
    box = Inbox(InboxConfig(), observe, lambda: NOW)
    part = live(turns, box, [], observe)
    part._housekeeping = lambda: kept.append("flushed")

    def fail() -> None:
        raise OSError("the disk is full")

    def failures() -> float:
        return observe.value("sensorium_turn_failures_total")

    turns.wait = fail  # type: ignore[method-assign]

    async def scenario() -> None:
        task = asyncio.create_task(part.run())
        while failures() < 4:
            await asyncio.sleep(0.01)
        assert part.health().state is HealthState.DEGRADED
        turns.wait = lambda: None  # type: ignore[method-assign]
        while part.health().state is not HealthState.OK:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(scenario(), 60))
    assert [entry["level"] for entry in observe.entries] == ["error", "info"]
    assert len(kept) > failures()


def test_a_replay_of_what_is_to_come_is_told_until_the_clock_has_caught_up() -> None:
    turns, observe, log = Turns(), RecordingObserve(), list[str]()
    part = live(turns, Inbox(InboxConfig(), observe, lambda: NOW), log, observe)
    hour = 3600 * 1_000_000_000

    async def scenario() -> None:
        task = asyncio.create_task(part.run())
        for ahead, state in ((0, "ok"), (hour, "degraded"), (0, "ok")):
            turns.watermark_ns = NOW + ahead
            async with asyncio.timeout(20):
                while part.health().state != state or (ahead and not observe.events):
                    await asyncio.sleep(0.01)
            if ahead:
                assert part.health().detail.startswith("the clock is 3600 s behind event time")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(scenario())
    assert len(observe.events) == 1
    assert "event time is ahead of the clock" in observe.events[0]
    assert "went back" not in log
