"""How likely two groups of anomalies have one cause."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Set
from functools import cache

from sensorium.incident.config import IncidentConfig
from sensorium.incident.group import ADVANCE, ATTACK, SECOND, Group
from sensorium.incident.touches import HOST
from sensorium.incident.traits import Trait
from sensorium.topology import EdgeTable

Carried = Callable[[str], Set[str]]
"""The hosts whose traffic an exporter has reported, or who is behind a device by its cables."""

OUTAGE = frozenset({Trait.FAILING, Trait.SILENT, Trait.ERRORS, Trait.SLOW, Trait.RESTART})
_PROGRESSION = 0.7
_DEPENDENCE = 0.6
_PATH = 0.5
_MOST = 0.8
_RECURRENCE = 0.9
HEAD = 0.5
_AMONG_HEADS = 0.3
_TELLING = 3.0
_ONSET_NS = 60 * SECOND


class Linker:
    """Compares groups as the network is known at one moment, which must not change meanwhile.

    A comparison costs what the smaller of the two groups is about, however large the other.
    """

    def __init__(
        self,
        config: IncidentConfig,
        edges: EdgeTable,
        carried: Carried,
        behind: Carried = lambda _device: frozenset(),
    ) -> None:
        self.config = config
        self.edges = edges
        self.carried = carried
        self.behind = behind
        self.importance: Callable[[str], float] = cache(self._importance)

    def affinity(self, left: Group, right: Group) -> float:
        """0 to 1; at or above the setting the two are taken for one cause."""
        earlier, later = sorted((left, right), key=lambda g: (g.last_ns, g.start_ns, g.number))
        quiet_ns = earlier.news_ns
        if earlier.is_continued_by(later):
            quiet_ns = earlier.last_ns
        gap_s = max(later.onset_ns - quiet_ns, 0) / SECOND
        if gap_s > self.config.gap_s:
            return self._recurrence(earlier, later, gap_s)
        freshness: float = 0.5 ** (gap_s / self.config.memory_s)
        best = max(
            earlier.touches.alike(later.touches, later.last_ns, self.importance),
            _overlap(earlier, later),
            self._progression(earlier, later),
            self._dependence(earlier, later, is_over=gap_s > 0),
            self._path(earlier, later),
        )
        return max(best * freshness, self._recurrence(earlier, later, gap_s))

    def neighbours(self, group: Group) -> Iterator[str]:
        """The hosts that use a service of the group's main hosts, or whose service those use."""
        if _is_outage(group):
            for host in group.touches.heads(HEAD):
                yield from self.edges.adjacent(host)

    def _importance(self, dimension: str) -> float:
        """A dimension's weight: hosts that talk with nearly everybody tell half as much."""
        if not dimension.startswith(HOST) or len(self.edges.hosts) < 3:
            return 1.0
        degree = self.edges.degree(dimension.removeprefix(HOST))
        return 1.0 - 0.5 * degree / (len(self.edges.hosts) - 1)

    def _recurrence(self, earlier: Group, later: Group, gap_s: float) -> float:
        """The same things odd again, soon after: a service that fails a second time.

        A host's counters move with anything it does, so metric series say nothing here; and an
        attack makes much odd that later is odd without it, so it recurs only as an attack.
        """
        if earlier.traits & ATTACK and not later.traits & ATTACK:
            return 0.0
        if gap_s > self.config.recurrence_s or len(later.telling) < 2:
            return 0.0
        shared = later.telling & earlier.telling
        return _RECURRENCE if 2 * len(shared) > len(later.telling) else 0.0

    def _progression(self, earlier: Group, later: Group) -> float:
        """An attack moves on: who was attacked now reaches out to hosts it never knew."""
        if not earlier.traits & ATTACK or not later.traits & ADVANCE:
            return 0.0
        if later.talks():
            moves = later.talks().has_main_client(earlier.attacked)
        else:
            moves = any(later.touches.is_head(h, HEAD) for h in earlier.attacked)
        return _PROGRESSION if moves else 0.0

    def _dependence(self, earlier: Group, later: Group, *, is_over: bool) -> float:
        """A failure spreads to whoever uses the service that failed.

        One that ``is_over`` before the other began spreads only to hosts in trouble with that
        service: a client that has its trouble elsewhere did not get it from there.
        """
        if not (_is_outage(earlier) and _is_outage(later)):
            return 0.0
        few, many = sorted((earlier, later), key=lambda g: len(g.touches.hosts))
        best = 0.0
        for one in few.touches.heads(HEAD):
            for other in (*(many.touches.hosts.keys() & self.edges.adjacent(one)), one):
                if not many.touches.is_head(other, HEAD):
                    continue
                if self._suffers(later, other, one, is_over) or self._suffers(
                    later, one, other, is_over
                ):
                    weight = self.importance(HOST + one) * self.importance(HOST + other)
                    best = max(best, _DEPENDENCE * math.sqrt(weight))
        return best

    def _suffers(self, group: Group, client: str, server: str, is_over: bool) -> bool:
        if not self.edges.depends_on(client, server):
            return False
        asked = group.talks().main_servers(client) if is_over else ()
        if not asked:
            return True
        return any(s == server or self.edges.depends_on(s, server) for s in asked)

    def _path(self, earlier: Group, later: Group) -> float:
        """A link fails: the routers at its ends, and the hosts whose traffic it carried. Trouble
        that was there well before the link's is not the link's."""
        for one, other in ((earlier, later), (later, earlier)):
            if Trait.LINK not in one.traits or other.traits & ATTACK:
                continue
            if Trait.LINK in other.traits:
                return _PROGRESSION
            if not other.traits & OUTAGE or one.onset_ns - other.onset_ns > _ONSET_NS:
                continue
            hosts = other.touches.hosts.keys()
            for router in one.flapping:
                near = hosts & self.carried(router)
                if any(other.touches.is_head(host, HEAD) for host in near):
                    return _PATH
                behind = hosts & self.behind(router)
                if behind and _are_most(behind, other):
                    return _PATH
        return 0.0


def _are_most(near: Set[str], group: Group) -> bool:
    """Whether nearly all who suffer are among these: what they all asked for is somewhere else."""
    touches = group.touches
    suffering = {h: w for h, w in touches.hosts.items() if not touches.is_head(h, HEAD)}
    return sum(suffering.get(h, 0.0) for h in near) >= _MOST * sum(suffering.values()) > 0


def _is_outage(group: Group) -> bool:
    return bool(group.traits & OUTAGE) and not group.traits & ATTACK


def _overlap(left: Group, right: Group) -> float:
    """How far each is about the main hosts of the other: the geometric mean of both shares.

    Only of groups that tell something: chance anomalies of one host have much in common.
    """
    if min(left.recent_surprise(), right.recent_surprise()) < _TELLING:
        return 0.0
    one, other = left.touches, right.touches
    return math.sqrt(one.inside(other, _AMONG_HEADS) * other.inside(one, _AMONG_HEADS))
