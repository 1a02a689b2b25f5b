"""What sort of cause a group looks like, how severe it is and what to call it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sensorium.incident.cluster import surprise_of
from sensorium.incident.footprint import Footprint
from sensorium.incident.group import involvement, talks_of
from sensorium.incident.planned_scope import Talk
from sensorium.incident.traits import Trait
from sensorium.model.anomaly import EntityKind
from sensorium.model.change import Change, ChangeKind
from sensorium.model.incident import IncidentKind, Severity

_CLEAR = 3.0
_OUTAGE = (Trait.FAILING, Trait.SILENT, Trait.ERRORS, Trait.SLOW)
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

    def characterise(self, members: list[Footprint], change: Change | None) -> Characterisation:
        """Kind, severity and title of a group's members."""
        kind = self._kind(members, change)
        severity = self._severity(kind, members, change)
        return Characterisation(kind, severity, self._title(kind, members, change))

    def _kind(self, members: list[Footprint], change: Change | None) -> IncidentKind:
        if change is not None:
            return _OF_CHANGE[change.kind]
        mass = {trait: _mass(members, trait) for trait in Trait}
        outage = _mass(members, *_OUTAGE)
        wide, guessing = mass[Trait.FAN_OUT], mass[Trait.AUTH_FAILURE]
        scanning = wide >= _CLEAR and self._one_client_fans_out(members)
        if scanning or (guessing >= _CLEAR and guessing >= mass[Trait.LINK]):
            return IncidentKind.INTRUSION
        if mass[Trait.LINK] >= _CLEAR or self._forwarding(members) >= max(_CLEAR, outage / 2):
            return IncidentKind.LINK_FAULT
        if mass[Trait.BULK] >= _CLEAR and mass[Trait.BULK] > outage:
            return IncidentKind.BULK_TRANSFER
        if outage >= _CLEAR:
            return IncidentKind.SERVICE_FAILURE
        return IncidentKind.UNKNOWN

    def _forwarding(self, members: list[Footprint]) -> float:
        """Surprise about forwarding itself: loss at an exporter, or an interface."""
        return surprise_of(
            m
            for m in members
            if m.anomaly.entity.kind is EntityKind.INTERFACE
            or (self.is_exporter(m.owner) and m.traits & set(_OUTAGE))
        )

    @staticmethod
    def _one_client_fans_out(members: list[Footprint]) -> bool:
        # The hosts that are fanned out over show wide features too; who does it is a client.
        return any(
            Trait.FAN_OUT in m.traits and m.talks and m.talks[0][0].client == m.owner
            for m in members
        )

    def _severity(
        self, kind: IncidentKind, members: list[Footprint], change: Change | None
    ) -> Severity:
        if change is not None:
            return Severity.INFO
        surprise = surprise_of(members)
        hosts = list(involvement(members))
        if kind is IncidentKind.INTRUSION:
            moved = len(_acting(members)) > 1 and _mass(members, Trait.LOGIN, Trait.BULK) > 0
            return Severity.CRITICAL if moved else Severity.HIGH
        if kind in (IncidentKind.SERVICE_FAILURE, IncidentKind.LINK_FAULT):
            critical = max((self.criticality(h) for h in hosts[:3]), default=0.0)
            return Severity.HIGH if critical >= 0.25 or len(hosts) >= 5 else Severity.MEDIUM
        if kind is IncidentKind.BULK_TRANSFER:
            outside = any(not self.is_known(h) for h in hosts[:2])
            return Severity.HIGH if outside else Severity.MEDIUM
        return Severity.MEDIUM if surprise >= 30.0 else Severity.LOW

    def _title(self, kind: IncidentKind, members: list[Footprint], change: Change | None) -> str:
        hosts = list(involvement(members))
        if change is not None:
            return change.title or change.ref
        if kind is IncidentKind.INTRUSION:
            return f"{_attack(members)} from {self.label(self._intruder(members, hosts))}"
        if kind is IncidentKind.SERVICE_FAILURE:
            return self._failure_title(members, hosts)
        if kind is IncidentKind.LINK_FAULT:
            routers = [h for h in hosts if self.is_exporter(h)] or hosts
            return f"Link fault at {' and '.join(self.label(r) for r in routers[:2])}"
        if kind is IncidentKind.BULK_TRANSFER:
            talk = next(iter(talks_of(members)), None)
            if talk is not None:
                return (
                    f"Large transfer between {self.label(talk.client)} and "
                    f"{self.label(talk.server)} ({_port(talk)})"
                )
        return f"Unusual activity at {self.label(hosts[0])}"

    @staticmethod
    def _intruder(members: list[Footprint], hosts: list[str]) -> str:
        first = min(
            (m for m in members if Trait.FAN_OUT in m.traits and m.talks),
            key=lambda m: (m.anomaly.end_ns, -m.surprise, m.anomaly.id),
            default=None,
        )
        if first is not None:
            return first.talks[0][0].client
        talk = next(iter(talks_of(members)), None)
        return talk.client if talk is not None else hosts[0]

    def _failure_title(self, members: list[Footprint], hosts: list[str]) -> str:
        failing = [m for m in members if m.traits & set(_OUTAGE)]
        ported = {t: w for t, w in talks_of(failing).items() if t.port}
        services: dict[tuple[str, int, int], float] = {}
        for talk, weight in ported.items():
            key = (talk.server, talk.port, talk.proto)
            services[key] = services.get(key, 0.0) + weight
        if services:
            server, port, proto = min(services, key=lambda k: (-round(services[k], 6), k))
            name = _PORT_NAMES.get(proto, str(proto))
            return f"Service failure on {self.label(server)}, port {port}/{name}"
        return f"Service failure on {self.label(hosts[0])}"


def _mass(members: Iterable[Footprint], *wanted: Trait) -> float:
    return surprise_of(m for m in members if m.traits & set(wanted))


def _acting(members: list[Footprint]) -> set[str]:
    """Clients of first contacts, fan-outs and bulk: the hosts an attack works from."""
    loud = {Trait.FIRST_CONTACT, Trait.FAN_OUT, Trait.BULK}
    return {m.talks[0][0].client for m in members if m.talks and m.traits & loud}


def _attack(members: list[Footprint]) -> str:
    steps = []
    if _mass(members, Trait.FAN_OUT) > 0:
        steps.append("port scan")
    if _mass(members, Trait.AUTH_FAILURE) > 0:
        steps.append("password guessing")
    if len(_acting(members)) > 1:
        steps.append("lateral movement")
    text = ", ".join(steps[:-1]) + " and " + steps[-1] if len(steps) > 1 else "".join(steps)
    return (text or "intrusion").capitalize()


def _port(talk: Talk) -> str:
    name = _PORT_NAMES.get(talk.proto, str(talk.proto))
    return f"port {talk.port}/{name}" if talk.port else name
