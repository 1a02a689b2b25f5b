"""What a router shows because others' traffic crosses it, laid at the door of that traffic.

A router's counters and interfaces move with everything that moves. They are a cause of their own
only where they speak of the link itself; else they follow the strongest cause of the moment
whose hosts' traffic the router has exported, and wait for it where flows are told of later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sensorium.incident.cluster import Cluster, surprise_of
from sensorium.incident.footprint import DOMINANT, Footprint
from sensorium.incident.group import SECOND, Group
from sensorium.incident.groups import Groups
from sensorium.incident.traits import Trait
from sensorium.model.anomaly import EntityKind
from sensorium.model.signals import Signal

Carries = Callable[[str, str], bool]
"""Whether an exporter (first) has reported traffic of a host (second)."""

_OF_ITSELF = frozenset({Trait.LINK, Trait.SILENT, Trait.AUTH_FAILURE, Trait.LOGIN, Trait.RESTART})
_RECENT_NS = 60 * SECOND
_HEAD = 0.3


def is_forwarding(print_: Footprint, is_exporter: Callable[[str], bool]) -> bool:
    """Whether an anomaly says only that a router carries more, or loses more, than usual."""
    if print_.traits & _OF_ITSELF or not is_exporter(print_.owner):
        return False
    return _is_interface(print_) or print_.anomaly.signal is Signal.METRICS


def forward(groups: Groups, prints: Iterable[Footprint], end_ns: int, carries: Carries) -> None:
    """Give one window's forwarding anomalies to the traffic that explains them best.

    Where nothing explains them they make a group of their own, one for all routers, which joins
    what explains it within a minute.
    """
    waiting = next((g for g in groups if g.is_forwarding and g.incident is None), None)
    for owner, mine in _of_one_carrier(prints):
        cause = _cause(groups, mine, end_ns, carries)
        if cause is not None:
            cause.absorb(Cluster(owner, mine), extends=False, is_late=bool(cause.settled_ns))
            continue
        if waiting is None or end_ns - waiting.last_ns > _RECENT_NS:
            waiting = groups.new()
            waiting.is_forwarding = True
        waiting.absorb(Cluster(owner, mine), extends=True)
    if waiting is not None and waiting in groups:
        _catch_up(groups, waiting, end_ns, carries)


def _of_one_carrier(prints: Iterable[Footprint]) -> list[tuple[str, list[Footprint]]]:
    """Each interface by itself, since it names what it carried; a router's counters together."""
    found: dict[tuple[str, str], list[Footprint]] = {}
    for print_ in sorted(prints, key=lambda p: p.anomaly.id):
        interface = print_.anomaly.entity.key if _is_interface(print_) else ""
        found.setdefault((print_.owner, interface), []).append(print_)
    return [(owner, found[owner, interface]) for owner, interface in sorted(found)]


def _is_interface(print_: Footprint) -> bool:
    return print_.anomaly.entity.kind is EntityKind.INTERFACE


def _cause(
    groups: Groups, prints: Sequence[Footprint], end_ns: int, carries: Carries
) -> Group | None:
    owner = prints[0].owner
    named = {h for p in prints for h, share in p.mentions.items() if share >= DOMINANT}
    names_all = all(map(_is_interface, prints))
    best: tuple[tuple[bool, float], Group] | None = None
    for group in groups:
        if group.is_forwarding or group.awaits is not None:
            continue
        recent = group.lately(end_ns - _RECENT_NS)
        heads = group.heads(_HEAD)
        if not recent or not any(carries(owner, host) for host in heads):
            continue
        # What announced work leaves odd at its hosts when it is over moves no traffic.
        if group.change is not None and group.work_ns <= end_ns - _RECENT_NS:
            continue
        # Announced work excuses an interface only where it is what the interface carried.
        if group.change is not None and names_all and named.isdisjoint(heads):
            continue
        rank = (not named.isdisjoint(heads), surprise_of(recent))
        if best is None or rank > best[0]:
            best = rank, group
    return best[1] if best else None


def _catch_up(groups: Groups, waiting: Group, end_ns: int, carries: Carries) -> None:
    cause = _cause(groups, waiting.members, end_ns, carries)
    if cause is not None and cause.start_ns - waiting.last_ns <= _RECENT_NS:
        groups.absorb(cause, waiting)
