"""Which groups turn out to be of one cause, found without comparing each with each."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import islice

from sensorium.incident.cluster import Cluster
from sensorium.incident.config import IncidentConfig
from sensorium.incident.group import SECOND, Group
from sensorium.incident.groups import Groups
from sensorium.incident.linking import Linker

_OVERRUN_GAP_S = 45
_IN_TURN = 8

Pair = tuple[float, int, int, int, int]
"""Less the affinity, the changed group's number, the other's, and how often each has changed."""


class Merging:
    """Brings a window's groups together. ``in_turn`` says how many were too many to compare all.

    The most alike are merged first, until no two are alike enough. That takes time that grows
    with how many groups have something in common, so it ends after ``max_comparisons``: what is
    left then joins, in turn, what it is most like among a few with which it has the rarest things
    in common.
    """

    def __init__(self, groups: Groups, linker: Linker, config: IncidentConfig) -> None:
        self.in_turn = 0
        self._groups = groups
        self._linker = linker
        self._affinity = config.affinity
        self._left = config.max_comparisons
        self._changes: dict[int, int] = {}
        self._heap: list[Pair] = []

    def stray_joins(self, cluster: Cluster) -> bool:
        """A weak cluster joins what it is most like, without keeping that going."""
        self._groups.learn()
        lone = self._groups.lone(cluster)
        if self._left > 0:
            found = sorted(set(self._partners(lone)))
        else:
            few = dict.fromkeys(self._partners(lone, in_order=True))
            found = sorted(islice(few, _IN_TURN))
        self._left -= len(found)
        best: tuple[float, Group] | None = None
        for group in map(self._groups.__getitem__, found):
            if group.change is None and group.awaits is None:
                affinity = self._linker.affinity(group, lone)
                if affinity >= self._affinity and (best is None or affinity > best[0]):
                    best = affinity, group
        if best is None:
            return False
        best[1].absorb(cluster, extends=False, is_late=bool(best[1].settled_ns))
        return True

    def merge_alike(self, changed: set[int]) -> None:
        """Merge the most alike groups, the best pair first, until no pair is alike enough.

        ``changed`` are the numbers of the groups that this window made or changed: others have
        been compared before. Two incidents are never merged here: see
        :mod:`sensorium.incident.union`.
        """
        self._groups.learn()
        partners: dict[int, set[int]] = {}
        pairs = 0
        for number in sorted(changed):
            partners[number] = set(self._partners(self._groups[number]))
            pairs += len(partners[number])
            if pairs > self._left:
                self._join_in_turn(changed)
                return
        for number, found in partners.items():
            self._compare(number, {n for n in found if n > number or n not in changed}, changed)
        while self._heap:
            _, one, other, *then = heappop(self._heap)
            if then != [self._changes.get(one, 0), self._changes.get(other, 0)]:
                continue
            kept, gone = self._merge(one, other)
            changed = (changed - {gone}) | {kept}
            if self._left <= 0:
                self._join_in_turn(changed)
                return
            self._compare(kept, set(self._partners(self._groups[kept])), changed)

    def _partners(self, group: Group, *, in_order: bool = False) -> Iterator[int]:
        found = self._groups.sharing.partners(group, self._linker, in_order=in_order)
        return (number for number in found if number != group.number)

    def _compare(self, number: int, partners: set[int], changed: set[int]) -> None:
        self._left -= len(partners)
        for other in partners:
            affinity = self._likeness(number, other)
            if affinity >= self._affinity:
                # Of pairs that are equally alike the one is first whose changed group is older.
                one, two = sorted((number, other))
                if one not in changed:
                    one, two = two, one
                then = self._changes.get(one, 0), self._changes.get(two, 0)
                heappush(self._heap, (-affinity, one, two, *then))

    def _merge(self, one: int, other: int) -> tuple[int, int]:
        kept, gone = _in_rank(self._groups[one], self._groups[other])
        self._groups.absorb(kept, gone)
        self._groups.learn()
        self._changes[kept.number] = self._changes.get(kept.number, 0) + 1
        self._changes[gone.number] = -1
        return kept.number, gone.number

    def _join_in_turn(self, changed: set[int]) -> None:
        """Let each group join the best of a few, strongest group first."""
        for number in sorted(changed):
            group = self._groups.get(number)
            if group is None:
                continue
            self.in_turn += 1
            few = islice(dict.fromkeys(self._partners(group, in_order=True)), _IN_TURN)
            found = [(self._likeness(number, other), -other) for other in few]
            affinity, other = max(found, default=(0.0, 0))
            if affinity >= self._affinity:
                self._merge(number, -other)

    def _likeness(self, one: int, other: int) -> float:
        left, right = self._groups[one], self._groups[other]
        if left.incident is not None and right.incident is not None:
            return 0.0
        if left.awaits is not None or right.awaits is not None:
            return 0.0
        if left.change is not None and right.change is not None:
            return 0.0
        if left.change is None and right.change is None:
            return self._linker.affinity(left, right)
        planned, free = (left, right) if left.change is not None else (right, left)
        return 1.0 if _overruns(planned, free) else 0.0


def _in_rank(left: Group, right: Group) -> tuple[Group, Group]:
    """Which of two is kept: an incident, else planned work, else the older."""
    ranked = sorted((left, right), key=lambda g: (g.incident is None, g.change is None, g.number))
    return ranked[0], ranked[1]


def _overruns(planned: Group, free: Group) -> bool:
    """Whether unexplained anomalies are the planned work itself, out of its bounds."""
    if free.start_ns - planned.last_ns > _OVERRUN_GAP_S * SECOND:
        return False
    mine = planned.talks().first()
    return mine is not None and mine == free.talks().first()
