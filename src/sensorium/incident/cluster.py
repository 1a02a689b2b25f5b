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
from collections.abc import Iterable
from dataclasses import dataclass, field

from sensorium.incident.footprint import DOMINANT, Footprint
from sensorium.incident.surprise import CAP_DECADES
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
    units: dict[tuple[str, str, int], list[Footprint]] = defaultdict(list)
    for member in sorted(members, key=lambda m: m.anomaly.id):
        anomaly = member.anomaly
        units[member.owner, anomaly.signal.value, anomaly.end_ns].append(member)
    dims: dict[str, float] = defaultdict(float)
    for key in sorted(units):
        unit = units[key]
        weights = [m.surprise + _LEAST for m in unit]
        whole = math.fsum(weights)
        combined = _capped(max(weights), whole - max(weights))
        for member, weight in zip(unit, weights, strict=True):
            for name, share in member.dims.items():
                dims[name] += share * combined * weight / whole
    return dict(dims)


def surprise_of(members: Iterable[Footprint], *, allowance: float = 0.0) -> float:
    """Combined surprise in decades, with what repeats the same thing discounted.

    Anomalies of one host, signal and window depend on each other: the strongest counts in full
    and the others by a tenth, up to the cap again. An entity that stays odd tells less each
    time: in its second window half, in its third a third. Hosts, signals and windows add up,
    each less the ``allowance``: what chance alone lets one of them have.
    """
    windows: dict[tuple[str, str], set[int]] = defaultdict(set)
    units: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for member in sorted(members, key=lambda m: (m.anomaly.end_ns, m.anomaly.id)):
        anomaly = member.anomaly
        seen = windows[anomaly.entity.kind.value, anomaly.entity.key]
        seen.add(anomaly.end_ns)
        unit = units[member.owner, anomaly.signal.value, anomaly.end_ns]
        unit.append(member.surprise / len(seen))
    total = 0.0
    for key in sorted(units):
        values = sorted(units[key])
        combined = _capped(values[-1], math.fsum(values[:-1]))
        total += max(combined - allowance, 0.0)
    return total


def _capped(strongest: float, rest: float) -> float:
    return min(strongest + _REST_SHARE * rest, max(CAP_DECADES, strongest))


def cover(prints: Iterable[Footprint]) -> list[Cluster]:
    """Divide attributable anomalies of one window by the hosts that explain them."""
    left = sorted(prints, key=lambda p: p.anomaly.id)
    clusters = []
    while left:
        gain: dict[str, float] = defaultdict(float)
        for print_ in left:
            for host, weight in print_.hosts.items():
                if weight >= DOMINANT:
                    gain[host] += weight * (print_.surprise + _LEAST)
        anchor = max(gain, key=lambda h: (round(gain[h], 9), [-n for n in address_order(h)]))
        mine = [p for p in left if p.hosts.get(anchor, 0.0) >= DOMINANT]
        left = [p for p in left if p.hosts.get(anchor, 0.0) < DOMINANT]
        clusters.append(Cluster(anchor, mine))
    return clusters


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
