from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sensorium.component import HealthState
from sensorium.ingest.datagrams import Datagrams
from sensorium.observe import Observe
from sensorium.pipeline.config import InboxConfig
from sensorium.pipeline.inbox import Inbox
from sensorium.pipeline.live import LivePipeline

NOW = 1_800_000_000_000_000_000


class Turns:
    """Stands where the pipeline stands: takes arrivals, and fails where it is told to."""

    def __init__(self) -> None:
        self.taken = 0
        self.fail = False

    def take(self, arrivals: Any) -> None:
        if self.fail:
            self.fail = False
            raise RuntimeError("poison")
        self.taken += len(arrivals.datagrams)

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
        resume=lambda: log.append("resumed"),
        housekeeping=lambda: None,
        close=lambda: log.append("closed"),
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
