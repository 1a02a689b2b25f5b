"""The groups of the moment, and which of them turn out to be of one cause."""

from __future__ import annotations

from collections.abc import Iterator

from sensorium.incident.cluster import Cluster
from sensorium.incident.config import IncidentConfig
from sensorium.incident.group import SECOND, Group, talks_of
from sensorium.incident.linking import Linker

_OVERRUN_GAP_S = 45


class Groups:
    """All groups by number, in the order in which they were made."""

    def __init__(self, config: IncidentConfig) -> None:
        self._config = config
        self._groups: dict[int, Group] = {}
        self._next = 0

    def __iter__(self) -> Iterator[Group]:
        """The groups in order; a copy, so that the loop may add and remove."""
        return iter(list(self._groups.values()))

    def __contains__(self, group: Group) -> bool:
        return group.number in self._groups

    def new(self) -> Group:
        """A new, empty group."""
        group = Group(self._next, self._config.memory_s)
        self._groups[group.number] = group
        self._next += 1
        return group

    def remove(self, group: Group) -> None:
        """Forget a group."""
        del self._groups[group.number]

    def absorb(self, kept: Group, gone: Group) -> None:
        """Move everything of one group into another."""
        kept.join(gone, is_late=bool(kept.settled_ns))
        self.remove(gone)

    def stray_joins(self, cluster: Cluster, linker: Linker) -> bool:
        """A weak cluster joins what it is most like, without keeping that going."""
        lone = Group(self._next, self._config.memory_s)
        lone.absorb(cluster, extends=True)
        best: tuple[float, Group] | None = None
        for group in self:
            if group.change is None and group.awaits is None:
                affinity = linker.affinity(group, lone)
                if affinity >= self._config.affinity and (best is None or affinity > best[0]):
                    best = affinity, group
        if best is None:
            return False
        best[1].absorb(cluster, extends=False, is_late=bool(best[1].settled_ns))
        return True

    def merge_alike(self, changed: set[int], linker: Linker) -> None:
        """Merge the most alike groups, the best pair first, until no pair is alike enough.

        ``changed`` are the numbers of the groups that this window made or changed: others have
        been compared before. Two incidents are never merged here: see
        :mod:`sensorium.incident.union`.
        """
        known: dict[tuple[int, int], float] = {}
        while changed:
            best: tuple[float, int, int] | None = None
            for number in sorted(changed):
                for other in self._groups:
                    pair = (min(number, other), max(number, other))
                    if pair not in known:
                        known[pair] = self._affinity(*pair, linker)
                    if best is None or known[pair] > best[0]:
                        best = (known[pair], *pair)
            if best is None or best[0] < self._config.affinity:
                return
            kept, gone = _in_rank(self._groups[best[1]], self._groups[best[2]])
            self.absorb(kept, gone)
            known = {p: a for p, a in known.items() if not {*p} & {kept.number, gone.number}}
            changed = (changed - {gone.number}) | {kept.number}

    def _affinity(self, one: int, other: int, linker: Linker) -> float:
        left, right = self._groups[one], self._groups[other]
        if one == other or (left.incident is not None and right.incident is not None):
            return 0.0
        if left.awaits is not None or right.awaits is not None:
            return 0.0
        if left.change is not None and right.change is not None:
            return 0.0
        if left.change is None and right.change is None:
            return linker.affinity(left, right)
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
    mine, theirs = (next(iter(talks_of(g.members)), None) for g in (planned, free))
    return mine is not None and mine == theirs
