"""The incident that a group amounts to, as others see it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

from sensorium.incident.group import Group
from sensorium.incident.kind import Namer
from sensorium.model.canonical import digest
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict

_MOST_HOSTS = 20
_LEAST_INVOLVED = 0.04


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Makes and renews incidents from groups; the same group always gives the same incident."""

    namer: Namer

    def opened(self, group: Group) -> Incident:
        """A new incident, named for its first anomaly."""
        first = min((m.anomaly for m in group.members), key=lambda a: (a.start_ns, a.end_ns, a.id))
        blank = Incident(
            id="INC-" + digest(["incident", first.id])[:8],
            state=IncidentState.OPEN,
            severity=Severity.LOW,
            verdict=Verdict.UNKNOWN,
            kind=IncidentKind.UNKNOWN,
            title="",
            start_ns=0,
            end_ns=0,
            hosts=(),
            anomaly_ids=(),
            surprise=0.0,
            change_ref=group.change.ref if group.change is not None else "",
        )
        return self.renewed(group, blank)

    def grown(self, group: Group) -> Incident:
        """The incident with what has joined. Once investigated, it keeps what was concluded."""
        assert group.incident is not None
        if not group.settled_ns:
            return self.renewed(group, group.incident)
        return self.of_members(group, group.incident)

    def renewed(self, group: Group, incident: Incident) -> Incident:
        """The incident described anew from all its anomalies."""
        seen = self.namer.characterise(group.portrait(), group.change)
        described = replace(incident, kind=seen.kind, severity=seen.severity, title=seen.title)
        return replace(self.of_members(group, described), hosts=_hosts(group))

    @staticmethod
    def of_members(group: Group, incident: Incident) -> Incident:
        """The incident with the group's anomalies, their span and their surprise."""
        seen = group.portrait()
        start_ns, end_ns = seen.span_ns()
        return replace(
            incident,
            start_ns=start_ns,
            end_ns=end_ns,
            anomaly_ids=seen.anomaly_ids(),
            surprise=round(seen.whole.total(), 3),
        )


def _hosts(group: Group) -> tuple[str, ...]:
    involved = group.portrait().hosts()
    most = max(involved.values(), default=0.0)
    named = (host for host, value in involved.items() if value >= _LEAST_INVOLVED * most)
    return tuple(islice(named, _MOST_HOSTS))
