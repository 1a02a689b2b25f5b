"""What sort of cause a group looks like, how severe it is and what to call it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from sensorium.incident.planned_scope import Talk
from sensorium.incident.portrait import Portrait
from sensorium.incident.traits import Trait
from sensorium.model.change import Change, ChangeKind
from sensorium.model.incident import IncidentKind, Severity

_CLEAR = 3.0
_OF_CHANGE = {
    ChangeKind.DEPLOYMENT: IncidentKind.DEPLOYMENT,
    ChangeKind.BACKUP: IncidentKind.BULK_TRANSFER,
    ChangeKind.JOB: IncidentKind.BULK_TRANSFER,
    ChangeKind.MAINTENANCE: IncidentKind.UNKNOWN,
}
_PORT_NAMES = {6: "tcp", 17: "udp", 1: "icmp", 132: "sctp"}


@dataclass(frozen=True, slots=True)
class Characterisation:
    """The answer: kind, severity and title."""

    kind: IncidentKind
    severity: Severity
    title: str


@dataclass(frozen=True, slots=True)
class Namer:
    """Draws conclusions from a group's shape alone, by rules in a fixed order.

    ``label`` turns an address into how to call the host; ``is_known`` says whether it is a host
    of this network; ``is_exporter`` whether it forwards others' traffic; ``criticality`` is the
    share of the network that depends on it.
    """

    label: Callable[[str], str]
    is_known: Callable[[str], bool]
    is_exporter: Callable[[str], bool]
    criticality: Callable[[str], float]

    def characterise(self, seen: Portrait, change: Change | None) -> Characterisation:
        """Kind, severity and title of what a group amounts to."""
        kind = self._kind(seen, change)
        severity = self._severity(kind, seen, change)
        return Characterisation(kind, severity, self._title(kind, seen, change))

    def _kind(self, seen: Portrait, change: Change | None) -> IncidentKind:
        if change is not None:
            return _OF_CHANGE[change.kind]
        mass = {trait: tally.total() for trait, tally in seen.mass.items()}
        outage = seen.outage.total()
        wide, guessing = mass[Trait.FAN_OUT], mass[Trait.AUTH_FAILURE]
        scanning = wide >= _CLEAR and seen.client_fans_out
        if scanning or (guessing >= _CLEAR and guessing >= mass[Trait.LINK]):
            return IncidentKind.INTRUSION
        forwarding = seen.forwarding(self.is_exporter)
        if mass[Trait.LINK] >= _CLEAR or forwarding >= max(_CLEAR, outage / 2):
            return IncidentKind.LINK_FAULT
        if mass[Trait.BULK] >= _CLEAR and mass[Trait.BULK] > outage:
            return IncidentKind.BULK_TRANSFER
        if outage >= _CLEAR:
            return IncidentKind.SERVICE_FAILURE
        return IncidentKind.UNKNOWN

    def _severity(self, kind: IncidentKind, seen: Portrait, change: Change | None) -> Severity:
        if change is not None:
            return Severity.INFO
        hosts = list(seen.hosts())
        if kind is IncidentKind.INTRUSION:
            return Severity.CRITICAL if len(seen.acting) > 1 and seen.moves else Severity.HIGH
        if kind in (IncidentKind.SERVICE_FAILURE, IncidentKind.LINK_FAULT):
            critical = max((self.criticality(h) for h in hosts[:3]), default=0.0)
            return Severity.HIGH if critical >= 0.25 or len(hosts) >= 5 else Severity.MEDIUM
        if kind is IncidentKind.BULK_TRANSFER:
            outside = any(not self.is_known(h) for h in hosts[:2])
            return Severity.HIGH if outside else Severity.MEDIUM
        return Severity.MEDIUM if seen.whole.total() >= 30.0 else Severity.LOW

    def _title(self, kind: IncidentKind, seen: Portrait, change: Change | None) -> str:
        hosts = list(seen.hosts())
        if change is not None:
            return change.title or change.ref
        if kind is IncidentKind.INTRUSION:
            return f"{_attack(seen)} from {self.label(_intruder(seen, hosts))}"
        if kind is IncidentKind.SERVICE_FAILURE:
            return self._failure_title(seen, hosts)
        if kind is IncidentKind.LINK_FAULT:
            routers = list(islice(filter(self.is_exporter, hosts), 2)) or hosts[:2]
            return f"Link fault at {' and '.join(map(self.label, routers))}"
        if kind is IncidentKind.BULK_TRANSFER:
            talk = seen.talks.first()
            if talk is not None:
                return (
                    f"Large transfer between {self.label(talk.client)} and "
                    f"{self.label(talk.server)} ({_port(talk)})"
                )
        return f"Unusual activity at {self.label(hosts[0])}"

    def _failure_title(self, seen: Portrait, hosts: list[str]) -> str:
        services: dict[tuple[str, int, int], list[float]] = defaultdict(list)
        for talk, weight in seen.failing_talks.weights():
            if talk.port:
                services[talk.server, talk.port, talk.proto].append(weight)
        if services:
            ranked = ((-round(math.fsum(weights), 6), key) for key, weights in services.items())
            server, port, proto = min(ranked)[1]
            name = _PORT_NAMES.get(proto, str(proto))
            return f"Service failure on {self.label(server)}, port {port}/{name}"
        return f"Service failure on {self.label(hosts[0])}"


def _intruder(seen: Portrait, hosts: list[str]) -> str:
    first = seen.first_to_fan_out()
    if first is not None:
        return first
    talk = seen.talks.first()
    return talk.client if talk is not None else hosts[0]


def _attack(seen: Portrait) -> str:
    steps = []
    if seen.mass[Trait.FAN_OUT].total() > 0:
        steps.append("port scan")
    if seen.mass[Trait.AUTH_FAILURE].total() > 0:
        steps.append("password guessing")
    if len(seen.acting) > 1:
        steps.append("lateral movement")
    text = ", ".join(steps[:-1]) + " and " + steps[-1] if len(steps) > 1 else "".join(steps)
    return (text or "intrusion").capitalize()


def _port(talk: Talk) -> str:
    name = _PORT_NAMES.get(talk.proto, str(talk.proto))
    return f"port {talk.port}/{name}" if talk.port else name
