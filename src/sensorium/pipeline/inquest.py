"""Between the pipeline and the agent: hand over an incident, keep what comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.model.incident import IncidentState

if TYPE_CHECKING:
    from sensorium.agent import InvestigationResult, OnCall
    from sensorium.model.incident import Incident
    from sensorium.store.records import Records


class Inquest:
    """Runs investigations and writes each brief to a file that a person can open.

    The agent saves evidence, brief and approval itself. A brief's file is a convenience: the
    records hold it too.
    """

    def __init__(self, agent: OnCall, records: Records, briefs: Path) -> None:
        self._agent = agent
        self._records = records
        self._briefs = briefs

    def investigate(self, incident: Incident, until_ns: int) -> Incident:
        """Investigate one settled incident with what is known up to ``until_ns``."""
        anomalies = self._records.anomalies.of_incident(incident.id)
        result = self._agent.investigate(incident, anomalies, until_ns)
        return self._keep(result, until_ns)

    def resume_decided(self, at_ns: int) -> list[Incident]:
        """Resume every graph whose approval a person, or its expiry, has decided."""
        return [
            self._keep(self._agent.resume(approval.incident_id, approval), at_ns)
            for approval in self._records.approvals.decided_and_awaited()
        ]

    def finish_interrupted(self, until_ns: int) -> list[Incident]:
        """Finish what a stopped process was in the middle of."""
        return [self._keep(result, until_ns) for result in self._agent.continue_unfinished()]

    def not_begun(self) -> tuple[Incident, ...]:
        """The incidents that settled and were not investigated, the first to begin first."""
        left = self._records.incidents.list(states=[IncidentState.INVESTIGATING], limit=None)
        return left[::-1]

    def _keep(self, result: InvestigationResult, at_ns: int) -> Incident:
        """Save the incident, and its brief as ``briefs/ID.md``, whole or not at all."""
        path = self._briefs / f"{result.incident.id}.md"
        self._briefs.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(result.brief, encoding="utf-8")
        partial.replace(path)
        incident = replace(result.incident, brief_path=f"{self._briefs.name}/{path.name}")
        self._records.incidents.save(incident, at_ns=at_ns)
        return incident

    def close(self) -> None:
        """Release the checkpoints."""
        self._agent.close()
