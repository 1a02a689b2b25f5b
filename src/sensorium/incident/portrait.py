"""What an incident's anomalies amount to, kept while more join: what it is named and rated by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from sensorium.incident.conversations import JUST_PASSED, Conversations
from sensorium.incident.exact import grow
from sensorium.incident.footprint import Footprint
from sensorium.incident.surprise import CAP_DECADES
from sensorium.incident.tally import Tally, Unit
from sensorium.incident.traits import Trait
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal

_OUTAGE = frozenset({Trait.FAILING, Trait.SILENT, Trait.ERRORS, Trait.SLOW})
_WEIGHED = (Trait.FAN_OUT, Trait.AUTH_FAILURE, Trait.LINK, Trait.BULK)
_MOVES = frozenset({Trait.LOGIN, Trait.BULK})
_LOUD = frozenset({Trait.FIRST_CONTACT, Trait.FAN_OUT, Trait.BULK})


class Involvement:
    """Hosts with the surprise laid at their doors.

    What one host shows in one signal and window counts up to the cap, so that a host with
    hundreds of series does not outweigh the one that caused it all. Metrics count half, since a
    host's counters move with what others do. Of a conversation, the client takes half again: it
    acted, the server was acted upon.
    """

    __slots__ = ("_totals", "_units")

    def __init__(self) -> None:
        self._units: dict[Unit, dict[str, float]] = {}
        self._totals: dict[str, list[float]] = {}

    def add(self, member: Footprint) -> None:
        """Count this as well."""
        anomaly = member.anomaly
        unit = self._units.setdefault((member.owner, anomaly.signal, anomaly.end_ns), {})
        clients = {talk.client for talk, share in member.talks if share >= 0.3}
        for host, weight in member.hosts.items():
            factor = 1.5 if host in clients else 1.0
            if anomaly.signal is Signal.METRICS or is_interface(member):
                factor *= 0.5
            value = weight * (member.surprise + JUST_PASSED) * factor
            before = unit.get(host)
            if before is not None and value <= before:
                continue
            unit[host] = value
            total = self._totals.setdefault(host, [])
            if before is not None:
                grow(total, -min(before, 1.5 * CAP_DECADES))
            grow(total, min(value, 1.5 * CAP_DECADES))

    def ranked(self) -> dict[str, float]:
        """Every host with its sum, strongest first."""
        sums = [(host, math.fsum(parts)) for host, parts in self._totals.items()]
        return dict(sorted(sums, key=lambda item: (-round(item[1], 6), item[0])))


class Portrait:
    """A group's members as they are named and rated by; ``count`` is how many were added.

    ``mass`` is the surprise of those with a trait, ``outage`` of those that tell of one. ``acting``
    are the clients of first contacts, fan-outs and bulk: the hosts an attack works from. ``whole``
    is the surprise of all members, which whoever adds members here keeps.
    """

    def __init__(self, whole: Tally) -> None:
        self.count = 0
        self.whole = whole
        self.mass = {trait: Tally() for trait in _WEIGHED}
        self.outage = Tally()
        self.talks = Conversations()
        self.failing_talks = Conversations()
        self.acting: set[str] = set()
        self.moves = False
        self.client_fans_out = False
        self._first_fan_out: tuple[tuple[int, float, str], str] | None = None
        self._involved = Involvement()
        self._hosts: tuple[int, dict[str, float]] = (0, {})
        self._passing: dict[str, list[Footprint]] = {}
        self._forwarding: tuple[frozenset[str], Tally] = (frozenset(), Tally())
        self._order: list[tuple[int, str]] = []
        self._span_ns: tuple[int, int] | None = None

    def add(self, members: Sequence[Footprint]) -> None:
        """Count these as well."""
        self.talks.add(members)
        for trait, tally in self.mass.items():
            tally.add(m for m in members if trait in m.traits)
        failing = [m for m in members if m.traits & _OUTAGE]
        self.outage.add(failing)
        self.failing_talks.add(failing)
        for member in members:
            self._involved.add(member)
            self._order.append((member.anomaly.end_ns, member.anomaly.id))
            self._look(member)
        self._forward(members)
        self.count += len(members)

    def span_ns(self) -> tuple[int, int]:
        """Start of the first window and end of the last; ValueError where there are no members."""
        if self._span_ns is None:
            raise ValueError("a portrait of nobody has no span; add members first")
        return self._span_ns

    def anomaly_ids(self) -> tuple[str, ...]:
        """Every anomaly's id, in order of their windows' ends."""
        self._order.sort()
        return tuple(anomaly_id for _, anomaly_id in self._order)

    def hosts(self) -> dict[str, float]:
        """The hosts by how far they are involved, the most first: see :class:`Involvement`."""
        if self._hosts[0] != self.count:
            self._hosts = self.count, self._involved.ranked()
        return self._hosts[1]

    def first_to_fan_out(self) -> str | None:
        """The client of the first fan-out; None where nobody fanned out."""
        return None if self._first_fan_out is None else self._first_fan_out[1]

    def forwarding(self, is_exporter: Callable[[str], bool]) -> float:
        """Surprise about forwarding itself: loss at an exporter, or an interface."""
        exporters = frozenset(filter(is_exporter, self._passing))
        if exporters != self._forwarding[0]:
            # Who exports is learnt as time passes, and seldom.
            tally = Tally(
                m
                for owner, mine in self._passing.items()
                for m in mine
                if owner in exporters or is_interface(m)
            )
            self._forwarding = exporters, tally
        return self._forwarding[1].total()

    def _forward(self, members: Iterable[Footprint]) -> None:
        exporters, tally = self._forwarding
        for member in members:
            if is_interface(member) or member.traits & _OUTAGE:
                self._passing.setdefault(member.owner, []).append(member)
                if is_interface(member) or member.owner in exporters:
                    tally.add((member,))

    def _look(self, member: Footprint) -> None:
        start_ns, end_ns = member.anomaly.start_ns, member.anomaly.end_ns
        known = self._span_ns or (start_ns, end_ns)
        self._span_ns = min(known[0], start_ns), max(known[1], end_ns)
        self.moves = self.moves or bool(member.traits & _MOVES and member.surprise > 0)
        if not member.talks:
            return
        client = member.talks[0][0].client
        if member.traits & _LOUD:
            self.acting.add(client)
        if Trait.FAN_OUT in member.traits:
            # The hosts that are fanned out over show wide features too; who does it is a client.
            self.client_fans_out = self.client_fans_out or client == member.owner
            rank = member.anomaly.end_ns, -member.surprise, member.anomaly.id
            if self._first_fan_out is None or rank < self._first_fan_out[0]:
                self._first_fan_out = rank, client


def is_interface(member: Footprint) -> bool:
    """Whether the anomaly is about a router's interface."""
    return member.anomaly.entity.kind is EntityKind.INTERFACE
