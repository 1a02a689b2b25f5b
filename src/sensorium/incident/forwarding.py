"""What a router shows because others' traffic crosses it, laid at the door of that traffic.

A router's counters and interfaces move with everything that moves. They are a cause of their own
only where they speak of the link itself; else they follow the strongest cause of the moment
whose hosts' traffic the router has exported, and wait for it where flows are told of later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from sensorium.incident.cluster import Cluster
from sensorium.incident.footprint import DOMINANT, Footprint
from sensorium.incident.group import SECOND, Group
from sensorium.incident.groups import Groups
from sensorium.incident.linking import Carried
from sensorium.incident.tally import Tally
from sensorium.incident.traits import Trait
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal

_OF_ITSELF = frozenset({Trait.LINK, Trait.SILENT, Trait.AUTH_FAILURE, Trait.LOGIN, Trait.RESTART})
_RECENT_NS = 60 * SECOND
_HEAD = 0.3


def is_forwarding(print_: Footprint, is_exporter: Callable[[str], bool]) -> bool:
    """Whether an anomaly says only that a router carries more, or loses more, than usual."""
    if print_.traits & _OF_ITSELF or not is_exporter(print_.owner):
        return False
    return _is_interface(print_) or print_.anomaly.signal is Signal.METRICS


def forward(groups: Groups, prints: Iterable[Footprint], end_ns: int, carried: Carried) -> None:
    """Give one window's forwarding anomalies to the traffic that explains them best.

    Where nothing explains them they make a group of their own, one for all routers, which joins
    what explains it within a minute.
    """
    waiting = next((g for g in groups if g.is_forwarding and g.incident is None), None)
    by_carrier = _of_one_carrier(prints)
    if waiting is None and not by_carrier:
        return
    causes = _Causes(groups, end_ns, carried)
    for owner, mine in by_carrier:
        cause = causes.best(mine)
        if cause is not None:
            cause.absorb(Cluster(owner, mine), extends=False, is_late=bool(cause.settled_ns))
            causes.took(cause)
            continue
        if waiting is None or end_ns - waiting.last_ns > _RECENT_NS:
            waiting = groups.new()
            waiting.is_forwarding = True
        waiting.absorb(Cluster(owner, mine), extends=True)
    if waiting is not None and waiting in groups:
        cause = causes.best(waiting.members)
        if cause is not None and cause.start_ns - waiting.last_ns <= _RECENT_NS:
            groups.absorb(cause, waiting)


class _Causes:
    """The groups that may have made routers carry more, by their main hosts."""

    def __init__(self, groups: Groups, end_ns: int, carried: Carried) -> None:
        self._since_ns = end_ns - _RECENT_NS
        self._carried = carried
        self._by_head: dict[str, list[Group]] = defaultdict(list)
        self._recent: dict[int, tuple[int, Tally]] = {}
        self._of_owner: dict[str, dict[int, Group]] = {}
        self._grown: set[int] = set()
        for group in groups:
            if group.is_forwarding or group.awaits is not None or not self._speaks(group):
                continue
            # What announced work leaves odd at its hosts when it is over moves no traffic.
            if group.change is not None and group.work_ns <= self._since_ns:
                continue
            for host in group.touches.heads(_HEAD):
                self._by_head[host].append(group)

    def best(self, prints: Sequence[Footprint]) -> Group | None:
        """The strongest of the moment whose hosts' traffic the carrier has exported; one that the
        anomalies name goes before."""
        named = {h for p in prints for h, share in p.mentions.items() if share >= DOMINANT}
        hit = {g.number for h in named for g in self._by_head.get(h, ())}
        # Announced work excuses an interface only where it is what the interface carried.
        names_all = all(map(_is_interface, prints))

        def fits(group: Group) -> bool:
            return group.change is None or not names_all or group.number in hit

        found = self._carried_by(prints[0].owner)
        strongest = next(filter(fits, found.values()), None)
        if strongest is None:
            return None
        rivals = (found[number] for number in hit | self._grown if number in found)
        return max(
            (strongest, *filter(fits, rivals)),
            key=lambda g: (g.number in hit, self._surprise(g), -g.number),
        )

    def took(self, group: Group) -> None:
        """Take note that a group has become stronger."""
        self._grown.add(group.number)

    def _carried_by(self, owner: str) -> dict[int, Group]:
        """The groups whose main hosts' traffic a carrier has reported, the strongest first."""
        if owner not in self._of_owner:
            hosts = self._by_head.keys() & self._carried(owner)
            found = {g.number: g for host in hosts for g in self._by_head[host]}
            order = sorted(found.values(), key=lambda g: (-self._surprise(g), g.number))
            self._of_owner[owner] = {g.number: g for g in order}
        return self._of_owner[owner]

    def _speaks(self, group: Group) -> bool:
        """Whether a group told anything lately but what lingers."""
        return group.newest_ns > self._since_ns and bool(self._lately(group).count)

    def _surprise(self, group: Group) -> float:
        return self._lately(group).total()

    def _lately(self, group: Group) -> Tally:
        known, tally = self._recent.get(group.number) or (0, Tally())
        if known < len(group.members):
            tally.add(group.lately(self._since_ns, known))
            self._recent[group.number] = len(group.members), tally
        return tally


def _of_one_carrier(prints: Iterable[Footprint]) -> list[tuple[str, list[Footprint]]]:
    """Each interface by itself, since it names what it carried; a router's counters together."""
    found: dict[tuple[str, str], list[Footprint]] = {}
    for print_ in sorted(prints, key=lambda p: p.anomaly.id):
        interface = print_.anomaly.entity.key if _is_interface(print_) else ""
        found.setdefault((print_.owner, interface), []).append(print_)
    return [(owner, found[owner, interface]) for owner, interface in sorted(found)]


def _is_interface(print_: Footprint) -> bool:
    return print_.anomaly.entity.kind is EntityKind.INTERFACE
