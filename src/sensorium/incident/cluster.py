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

from sensorium.incident.footprint import CAP_DECADES, DOMINANT, Footprint
from sensorium.topology.claims import address_order

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
    def start_ns(self) -> int:
        """When its first window begins."""
        return min(m.anomaly.start_ns for m in self.members)

    @property
    def end_ns(self) -> int:
        """When its last window ends."""
        return max(m.anomaly.end_ns for m in self.members)


def weigh(members: Iterable[Footprint]) -> dict[str, float]:
    """The sum of the members' dimensions, each weighted by its anomaly's surprise."""
    dims: dict[str, float] = defaultdict(float)
    for member in sorted(members, key=lambda m: m.anomaly.id):
        for key, weight in member.dims.items():
            dims[key] += weight * (member.surprise + _LEAST)
    return dict(dims)


def surprise_of(members: Iterable[Footprint], *, allowance: float = 0.0) -> float:
    """Combined surprise in decades, with what repeats the same thing discounted.

    Anomalies of one host, signal and window depend on each other: the strongest counts in full
    and the others by a tenth, up to the cap again. Hosts, signals and windows add up, each less
    the ``allowance``: what chance alone lets one of them have.
    """
    units: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for member in members:
        anomaly = member.anomaly
        units[member.owner, anomaly.signal.value, anomaly.end_ns].append(member.surprise)
    total = 0.0
    for key in sorted(units):
        values = sorted(units[key])
        unit = min(values[-1] + _REST_SHARE * math.fsum(values[:-1]), CAP_DECADES)
        total += max(unit - allowance, 0.0)
    return total


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

    They join the cluster of the window that is most about their host, if any is; else all of
    one host make a cluster of their own.
    """
    apart: dict[str, Cluster] = {}
    about = [(cluster, cluster.dims) for cluster in clusters]
    for print_ in sorted(prints, key=lambda p: p.anomaly.id):
        best = _most_about(print_.owner, about)
        if best is None:
            best = apart.setdefault(print_.owner, Cluster(print_.owner))
        best.members.append(print_)
    return [*clusters, *(apart[host] for host in sorted(apart, key=address_order))]


def _most_about(host: str, about: list[tuple[Cluster, dict[str, float]]]) -> Cluster | None:
    best: tuple[float, Cluster] | None = None
    for cluster, dims in about:
        weight = dims.get(f"host {host}", 0.0)
        top = max(value for key, value in dims.items() if key.startswith("host "))
        # A host that is one of many victims keeps its own logs and metrics to itself.
        if weight >= DOMINANT * top and (best is None or weight > best[0]):
            best = (weight, cluster)
    return best[1] if best else None
