"""The investigator, woken when there is something for it to do.

LangGraph and what it brings take longer to load than all else that a service or a replay needs to
begin, and many a replay and most minutes of a service have nothing to investigate.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.agent.counters import Counters
from sensorium.agent.deps import AgentDeps

if TYPE_CHECKING:
    from sensorium.agent.investigator import Investigator
    from sensorium.agent.result import InvestigationResult
    from sensorium.model.anomaly import Anomaly
    from sensorium.model.approval import Approval
    from sensorium.model.incident import Incident


class OnCall:
    """Does what an :class:`~sensorium.agent.investigator.Investigator` does, and is one from the
    first incident on, or at once where ``checkpoint_path`` holds investigations already.

    StoreOpenError where that file cannot be used: at once, not at the first incident.
    """

    def __init__(self, deps: AgentDeps, checkpoint_path: Path) -> None:
        self._deps = deps
        self._path = checkpoint_path
        self._woken: Investigator | None = None
        Counters(deps.observe)  # none is missing from /metrics before there was an incident
        if not _ready_and_empty(checkpoint_path):
            self._wake()

    def investigate(
        self, incident: Incident, anomalies: Sequence[Anomaly], until_ns: int
    ) -> InvestigationResult:
        """Investigate with the telemetry up to ``until_ns``; returns when done or waiting."""
        return self._wake().investigate(incident, anomalies, until_ns)

    def resume(self, incident_id: str, approval: Approval) -> InvestigationResult:
        """Go on after a decision; LookupError if nothing waits for that incident."""
        return self._wake().resume(incident_id, approval)

    def continue_unfinished(self) -> list[InvestigationResult]:
        """Finish what a crash cut off, and resume what was decided meanwhile."""
        return self._woken.continue_unfinished() if self._woken else []

    def close(self) -> None:
        """Release the checkpoint file."""
        if self._woken:
            self._woken.close()

    def _wake(self) -> Investigator:
        if self._woken is None:
            from sensorium.agent.investigator import Investigator

            self._woken = Investigator(self._deps, self._path)
        return self._woken


def _ready_and_empty(path: Path) -> bool:
    """Whether the file holds nothing to go on with; it is made, which shows that it can be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        return path.stat().st_size == 0
    except OSError:
        return False  # who opens it says why
