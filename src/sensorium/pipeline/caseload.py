"""Which settled incidents are investigated now, and which wait: so many a window, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sensorium.incident.urgency import worst_first
from sensorium.model.incident import IncidentState

if TYPE_CHECKING:
    from sensorium.incident import IncidentUpdates
    from sensorium.model.incident import Incident
    from sensorium.observe import Observe


class Caseload:
    """Incidents that wait to be investigated.

    An investigation takes as long as telemetry takes to arrive for a second or more, and a storm
    settles hundreds of incidents at once. So only ``per_window`` are investigated after each
    window, the first by ``order``, and the others wait for the next ones. What waits is in the
    records as ``investigating``, is counted, and is taken up again after a restart. How many are
    investigated depends on windows and never on the clock, so that a replay finds the same.
    """

    def __init__(
        self,
        observe: Observe,
        per_window: int,
        order: Callable[[Iterable[Incident]], list[Incident]] = worst_first,
    ) -> None:
        self._per_window = per_window
        self._order = order
        self._due: dict[str, Incident] = {}
        self._log = observe.logger("pipeline")
        self._waiting = observe.gauge(
            "sensorium_investigations_waiting", "Settled incidents that are not investigated yet"
        )
        self._put_off = observe.counter(
            "sensorium_investigations_put_off",
            "Investigations put off to a later window, once for each window",
        )

    def __len__(self) -> int:
        return len(self._due)

    def add(self, incidents: Iterable[Incident]) -> None:
        """Let these wait, in their order."""
        for incident in incidents:
            self._due[incident.id] = incident
        self._waiting.set(len(self._due))

    def follow(self, updates: IncidentUpdates) -> None:
        """Take over what a window changed: what waits may have grown, been reopened or merged."""
        for incident in updates.changed:
            if incident.id not in self._due:
                continue
            if incident.state is IncidentState.INVESTIGATING:
                self._due[incident.id] = incident
            else:
                del self._due[incident.id]  # it settles again, or is looked at with another
        self.add(updates.settled)

    def take(self) -> list[Incident]:
        """What is to be investigated now, in the order in which it settled."""
        taken = list(self._due.values())
        if len(taken) > self._per_window:
            now = {incident.id for incident in self._order(taken)[: self._per_window]}
            taken = [incident for incident in taken if incident.id in now]
        for incident in taken:
            del self._due[incident.id]
        self._waiting.set(len(self._due))
        if self._due:
            self._put_off.inc(len(self._due))
            self._log.warning(
                "more incidents settled than are investigated in one window; the rest wait",
                investigated=len(taken),
                waiting=len(self._due),
            )
        return taken
