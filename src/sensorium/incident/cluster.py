"""What belongs together within one window: the fewest hosts that explain the most surprise.

The set cover of Kompella et al. (2005, "IP fault localization via risk modeling"): every
anomaly is laid at the doors of the hosts it touches, the host that explains most is taken to be
the cause, what it explains is put aside, and so on. A scanner explains what all its targets
show; a server that fails explains what all its clients show; and a host that merely talks with
everybody, such as a resolver, explains nothing, because nobody's anomaly is mostly about it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from sensorium.incident.exact import grow
from sensorium.incident.footprint import DOMINANT, Footprint
from sensorium.incident.surprise import CAP_DECADES
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.topology.claims import address_order

# Of the many places and windows in which an anomaly could have turned up by chance, the ones
# that fit a group are looked for: each has to be this much more surprising to count as evidence.
CHANCE_DECADES = 1.0

_REST_SHARE = 0.1
# An anomaly that only just passed the gate is still a sign of something.
_LEAST = 0.25


@dataclass(slots=True)
class Cluster:
    """Anomalies of one window laid at one door. ``anchor`` is the canonical address there."""

    anchor: str
    members: list[Footprint] = field(default_factory=list)

    @property
    def dims(self) -> dict[str, float]:
        """What the cluster touches, weighted by surprise: see :func:`weigh`."""
        return weigh(self.members)

    @property
    def surprise(self) -> float:
        """The cluster's surprise in decades: see :func:`surprise_of`."""
        return surprise_of(self.members)

    @property
    def is_weak(self) -> bool:
        """Whether chance alone explains it well enough."""
        return surprise_of(self.members, allowance=CHANCE_DECADES) < CHANCE_DECADES

    @property
    def start_ns(self) -> int:
        """When its first window begins."""
        return min(m.anomaly.start_ns for m in self.members)

    @property
    def end_ns(self) -> int:
        """When its last window ends."""
        return max(m.anomaly.end_ns for m in self.members)


def weigh(members: Iterable[Footprint]) -> dict[str, float]:
    """What the members are about: their dimensions, weighted by surprise.

    As in :func:`surprise_of`, what one host shows in one signal and window counts about once,
    so that a host with hundreds of series does not outweigh everything else.
    """
    units: dict[tuple[str, Signal, int], list[Footprint]] = defaultdict(list)
    for member in members:
        anomaly = member.anomaly
        units[member.owner, anomaly.signal, anomaly.end_ns].append(member)
    terms: dict[str, list[float]] = defaultdict(list)
    for unit in units.values():
        weights = [m.surprise + _LEAST for m in unit]
        whole = math.fsum(weights)
        strength = _capped(max(weights), whole - max(weights))
        for member, weight in zip(unit, weights, strict=True):
            for name, share in member.dims.items():
                terms[name].append(share * strength * weight / whole)
    return {name: math.fsum(values) for name, values in terms.items()}


def surprise_of(members: Iterable[Footprint], *, allowance: float = 0.0) -> float:
    """Combined surprise in decades, with what repeats the same thing discounted.

    Anomalies of one host, signal and window depend on each other: the strongest counts in full
    and the others by a tenth, up to the cap again. An entity that stays odd tells less each
    time: in its second window half, in its third a third. Hosts, signals and windows add up,
    each less the ``allowance``: what chance alone lets one of them have.
    """
    windows: dict[tuple[EntityKind, str], set[int]] = defaultdict(set)
    units: dict[tuple[str, Signal, int], list[float]] = defaultdict(list)
    for member in sorted(members, key=lambda m: m.anomaly.end_ns):
        anomaly = member.anomaly
        seen = windows[anomaly.entity.kind, anomaly.entity.key]
        seen.add(anomaly.end_ns)
        unit = units[member.owner, anomaly.signal, anomaly.end_ns]
        unit.append(member.surprise / len(seen))
    return math.fsum(max(combined(values) - allowance, 0.0) for values in units.values())


def combined(values: Iterable[float]) -> float:
    """Surprise of what one host shows in one signal and window: the strongest, and a tenth of the
    others up to the cap."""
    *rest, strongest = sorted(values)
    return _capped(strongest, math.fsum(rest))


def _capped(strongest: float, rest: float) -> float:
    return min(strongest + _REST_SHARE * rest, max(CAP_DECADES, strongest))


def cover(prints: Iterable[Footprint]) -> list[Cluster]:
    """Divide attributable anomalies of one window by the hosts that explain them."""
    at_door: dict[str, list[Footprint]] = defaultdict(list)
    gain: dict[str, list[float]] = defaultdict(list)
    for print_ in sorted(prints, key=lambda p: p.anomaly.id):
        for host, value in _dominated(print_):
            at_door[host].append(print_)
            grow(gain[host], value)
    # A host's gain only falls, as others explain what it would have: what is on top is looked at
    # again when it is taken.
    heap = [(_rank(gain[h]), address_order(h), place, h) for place, h in enumerate(at_door)]
    heapify(heap)
    clusters, explained = [], set[str]()
    while heap:
        rank, order, place, host = heappop(heap)
        if (now := _rank(gain[host])) != rank:
            heappush(heap, (now, order, place, host))
            continue
        mine = [p for p in at_door[host] if p.anomaly.id not in explained]
        if not mine:
            continue
        for print_ in mine:
            explained.add(print_.anomaly.id)
            for other, value in _dominated(print_):
                grow(gain[other], -value)
        clusters.append(Cluster(host, mine))
    return clusters


def _dominated(print_: Footprint) -> Iterator[tuple[str, float]]:
    for host, weight in print_.hosts.items():
        if weight >= DOMINANT:
            yield host, weight * (print_.surprise + _LEAST)


def _rank(gain: list[float]) -> float:
    return -round(math.fsum(gain), 9)


def place_host_only(prints: Iterable[Footprint], clusters: list[Cluster]) -> list[Cluster]:
    """Let anomalies that name no conversation follow what their host's conversations did.

    They join the cluster that holds most of what else was found at their host in the window, or
    that is mostly about it; else all of one host make a cluster of their own.
    """
    apart: dict[str, Cluster] = {}
    found: dict[str, list[tuple[float, Cluster]]] = defaultdict(list)
    for cluster in clusters:
        own: dict[str, float] = defaultdict(float)
        for member in cluster.members:
            own[member.owner] += member.surprise
        dims = cluster.dims
        top = max(value for key, value in dims.items() if key.startswith("host "))
        for key, value in dims.items():
            kind, _, host = key.partition(" ")
            if kind == "host" and (host in own or value >= DOMINANT * top):
                found[host].append((own.get(host, 0.0), cluster))
    for print_ in sorted(prints, key=lambda p: p.anomaly.id):
        if print_.owner in found:
            best = max(found[print_.owner], key=lambda item: item[0])[1]
        else:
            best = apart.setdefault(print_.owner, Cluster(print_.owner))
        best.members.append(print_)
    return [*clusters, *(apart[host] for host in sorted(apart, key=address_order))]
