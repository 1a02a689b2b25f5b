from __future__ import annotations

import asyncio
import json

import pytest

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError
from sensorium.observe import Observe, open_observe
from sensorium.observe.config import ObserveConfig
from sensorium.supervisor import Supervisor


class Part:
    """Runs until cancelled; fails at its first ``failures`` starts."""

    def __init__(self, name: str, log: list[str], failures: int = 0) -> None:
        self.name = name
        self._log = log
        self._failures = failures

    def health(self) -> Health:
        return Health(HealthState.OK)

    async def run(self) -> None:
        self._log.append(f"start {self.name}")
        if self._failures:
            self._failures -= 1
            raise RuntimeError("not today")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self._log.append(f"stop {self.name}")


async def run_for(supervisor: Supervisor, seconds: float) -> None:
    task = asyncio.create_task(supervisor.run())
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_parts_start_in_order_and_stop_in_reverse_each_before_the_next() -> None:
    log: list[str] = []
    parts = [Part(name, log) for name in ("a", "b", "c")]
    asyncio.run(run_for(Supervisor(parts, Observe()), 0.05))
    assert log == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]


def test_a_part_that_falls_over_is_failed_then_started_again_while_others_run() -> None:
    log: list[str] = []
    observe = Observe()
    supervisor = Supervisor([Part("a", log), Part("b", log, failures=1)], observe)

    async def watch() -> list[dict[str, Health]]:
        task = asyncio.create_task(supervisor.run())
        await asyncio.sleep(0.1)
        during = supervisor.health()
        await asyncio.sleep(0.7)
        after = supervisor.health()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return [during, after]

    during, after = asyncio.run(watch())
    assert during["a"].state is HealthState.OK
    assert during["b"].state is HealthState.FAILED
    assert "not today" in during["b"].detail
    assert after["b"].state is HealthState.OK
    assert log.count("start b") == 2
    assert observe.value("sensorium_component_restarts_total", {"part": "b"}) == 1


def test_a_part_that_fails_as_it_stops_is_not_started_again() -> None:
    log: list[str] = []

    class Stubborn(Part):
        async def run(self) -> None:
            try:
                await super().run()
            finally:
                raise RuntimeError("the disk is full")

    supervisor = Supervisor([Part("a", log), Stubborn("b", log)], Observe())
    asyncio.run(run_for(supervisor, 0.05))
    assert log == ["start a", "start b", "stop b", "stop a"]
    assert [str(error) for error in supervisor.failed_at_stop] == ["the disk is full"]


def test_an_error_in_words_of_ours_is_told_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Unlucky(Part):
        async def run(self) -> None:
            raise SensoriumError("the port is taken", unaffected="", next_step="free it")

    observe = open_observe(ObserveConfig())
    parts = [Unlucky("a", []), Part("b", [], failures=1)]
    asyncio.run(run_for(Supervisor(parts, observe), 0.05))
    observe.close()
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    failed = {line["failed"]: line for line in told if "failed" in line}
    assert "the port is taken" in failed["a"]["error"]
    assert "exception" not in failed["a"]
    assert "Traceback" in failed["b"]["exception"]
