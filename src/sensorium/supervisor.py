"""Starts parts in order, restarts what falls over, and stops them in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sensorium.component import Component, Health, HealthState
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from sensorium.observe import Observe

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0


class Supervisor:
    """Runs components until cancelled.

    One that raises is logged, counted and started again after a wait that doubles up to 30 s.
    On cancellation they are stopped last-started first, each given its time to let go, so that
    receivers close before the parts they feed. One that raises then is left, and the others are
    stopped all the same; what it raised is in ``failed_at_stop``, and logged unless it is an error
    that a person is to read, which is whoever stops the program to say.
    """

    def __init__(self, components: Sequence[Component], observe: Observe):
        self._components = tuple(components)
        self._failed: dict[str, str] = {}
        self._stopping = False
        self.failed_at_stop: list[Exception] = []
        self._log = observe.logger("supervisor")
        self._restarts = observe.counter(
            "sensorium_component_restarts", "Parts started again after an error", ("part",)
        )

    def health(self) -> dict[str, Health]:
        """Every part's health; one that is waiting to be restarted is failed."""
        return {
            part.name: Health(HealthState.FAILED, self._failed[part.name])
            if part.name in self._failed
            else part.health()
            for part in self._components
        }

    async def run(self) -> None:
        """Run all parts; returns only by cancellation, after every part has stopped."""
        tasks: list[asyncio.Task[None]] = []
        try:
            for part in self._components:
                tasks.append(asyncio.create_task(self._keep_running(part), name=part.name))
                # One turn of the loop, so that a part's sockets exist before the next begins.
                await asyncio.sleep(0)
            await asyncio.Event().wait()
        finally:
            self._stopping = True
            for task in reversed(tasks):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _keep_running(self, part: Component) -> None:
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                await part.run()
                return
            except Exception as error:  # noqa: BLE001  any failure of a part is the supervisor's
                self._failed[part.name] = f"{type(error).__name__}: {error}"
                if self._stopping:
                    self.failed_at_stop.append(error)
                    if not isinstance(error, SensoriumError):
                        self._log.error(
                            "part failed while it stopped; the others stop as well",
                            failed=part.name,
                            error=str(error),
                            exc_info=True,
                        )
                    return
                self._restarts.labels(part.name).inc()
                self._log.error(
                    "part failed; the others go on",
                    failed=part.name,
                    error=str(error),
                    retry_in_s=wait_s,
                    exc_info=not isinstance(error, SensoriumError),
                )
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
            del self._failed[part.name]
