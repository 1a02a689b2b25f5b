"""What a replay did, as plain data: the demo prints it, ``--json`` dumps it, tests check it."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.model.action import RiskTier
from sensorium.model.incident import Incident, IncidentState, Verdict


@dataclass(frozen=True, slots=True)
class Intake:
    """What came in and how fast. ``records_per_s`` is wall time through the whole path."""

    recording: str
    started_ns: int
    ended_ns: int
    flows: int
    log_lines: int
    samples: int
    exporters: int
    log_senders: int
    scrape_targets: int
    malformed: int
    wall_s: float
    records_per_s: float


@dataclass(frozen=True, slots=True)
class Gate:
    """What was scored and what passed.

    ``quiet_share`` (0 to 1) is the share that passed while no incident was open.
    """

    setting: float
    scored: int
    passed: int
    quiet_share: float

    @property
    def share(self) -> float:
        """The share that passed in all, 0 to 1."""
        return self.passed / self.scored if self.scored else 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """The approval that an incident waits for."""

    approval_id: str
    title: str
    target: str
    commands: tuple[str, ...]
    risk: RiskTier


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """An incident with its hosts' names, and what a person may do about it."""

    incident: Incident
    entities: tuple[str, ...]
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """Everything a replay came to; ``data_dir`` holds its stores and briefs."""

    intake: Intake
    gate: Gate
    incidents: tuple[IncidentLine, ...]
    data_dir: str
    peak_rss_bytes: int

    def whole(self) -> list[IncidentLine]:
        """Those that did not turn out to be part of another."""
        return [line for line in self.incidents if line.incident.state is not IncidentState.MERGED]

    def planned(self) -> list[IncidentLine]:
        """Those closed by code because they were planned."""
        return [
            line
            for line in self.incidents
            if line.incident.state is IncidentState.AUTO_RESOLVED
            and line.incident.verdict is Verdict.PLANNED
        ]

    def waiting(self) -> list[IncidentLine]:
        """Those that wait for a person."""
        return [line for line in self.incidents if line.decision is not None]
