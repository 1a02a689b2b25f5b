"""How likely two groups of anomalies have one cause."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from sensorium.incident.config import IncidentConfig
from sensorium.incident.group import SECOND, Group, talks_of
from sensorium.incident.planned_scope import Talk
from sensorium.incident.traits import Trait
from sensorium.model.anomaly import EntityKind
from sensorium.topology import EdgeTable

_OUTAGE = frozenset({Trait.FAILING, Trait.SILENT, Trait.ERRORS, Trait.SLOW, Trait.RESTART})
_ATTACK = frozenset({Trait.FAN_OUT, Trait.AUTH_FAILURE})
_ADVANCE = frozenset({Trait.FIRST_CONTACT, Trait.FAN_OUT, Trait.AUTH_FAILURE, Trait.LOGIN})
_PROGRESSION = 0.7
_DEPENDENCE = 0.6
_PATH = 0.5
_RECURRENCE = 0.9
_HEAD = 0.5
_AMONG_HEADS = 0.3
_TELLING = 3.0
_ONSET_NS = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Linker:
    """Compares groups as the network is known at one moment.

    ``carries`` says whether an exporter (first) has reported traffic of a host (second).
    """

    config: IncidentConfig
    edges: EdgeTable
    carries: Callable[[str, str], bool]

    def affinity(self, left: Group, right: Group) -> float:
        """0 to 1; at or above the setting the two are taken for one cause."""
        earlier, later = sorted((left, right), key=lambda g: (g.last_ns, g.start_ns, g.number))
        quiet_ns = earlier.news_ns
        if earlier.continues_as(later.members):
            quiet_ns = earlier.last_ns
        gap_s = max(later.onset_ns - quiet_ns, 0) / SECOND
        if gap_s > self.config.gap_s:
            return self._recurrence(earlier, later, gap_s)
        freshness: float = 0.5 ** (gap_s / self.config.memory_s)
        now = later.last_ns
        best = max(
            alike(earlier.faded(now), later.faded(now), self.importance),
            _overlap(earlier, later),
            self._progression(earlier, later),
            self._dependence(earlier, later, is_over=gap_s > 0),
            self._path(earlier, later),
        )
        return max(best * freshness, self._recurrence(earlier, later, gap_s))

    def importance(self, dimension: str) -> float:
        """A dimension's weight: hosts that talk with nearly everybody tell half as much."""
        kind, _, host = dimension.partition(" ")
        if kind != "host" or len(self.edges.hosts) < 3:
            return 1.0
        return 1.0 - 0.5 * self.edges.degree(host) / (len(self.edges.hosts) - 1)

    def _recurrence(self, earlier: Group, later: Group, gap_s: float) -> float:
        """The same things odd again, soon after: a service that fails a second time.

        A host's counters move with anything it does, so metric series say nothing here; and an
        attack makes much odd that later is odd without it, so it recurs only as an attack.
        """
        if earlier.traits & _ATTACK and not later.traits & _ATTACK:
            return 0.0
        telling = {o for o in later.oddities if not o.startswith(EntityKind.SERIES)}
        if gap_s > self.config.recurrence_s or len(telling) < 2:
            return 0.0
        shared = telling & earlier.oddities
        return _RECURRENCE if 2 * len(shared) > len(telling) else 0.0

    def _progression(self, earlier: Group, later: Group) -> float:
        """An attack moves on: who was attacked now reaches out to hosts it never knew."""
        if not earlier.traits & _ATTACK or not later.traits & _ADVANCE:
            return 0.0
        attacked = {
            print_.dominant.server
            for print_ in earlier.members
            if print_.dominant is not None and print_.traits & (_ATTACK | _ADVANCE)
        }
        acting = {t.client for t in _main(talks_of(later.members))} or set(later.heads())
        return _PROGRESSION if acting & attacked else 0.0

    def _dependence(self, earlier: Group, later: Group, *, is_over: bool) -> float:
        """A failure spreads to whoever uses the service that failed.

        One that ``is_over`` before the other began spreads only to hosts in trouble with that
        service: a client that has its trouble elsewhere did not get it from there.
        """
        if not all(self._is_outage(g) for g in (earlier, later)):
            return 0.0
        best = 0.0
        for one in earlier.heads():
            for other in later.heads():
                if self._suffers(later, other, one, is_over) or self._suffers(
                    later, one, other, is_over
                ):
                    weight = self.importance(f"host {one}") * self.importance(f"host {other}")
                    best = max(best, _DEPENDENCE * math.sqrt(weight))
        return best

    def _suffers(self, group: Group, client: str, server: str, is_over: bool) -> bool:
        if not self.edges.depends_on(client, server):
            return False
        talks = {t: w for t, w in talks_of(group.members).items() if t.client == client}
        asked = {talk.server for talk in _main(talks)}
        if not is_over or not asked:
            return True
        return any(s == server or self.edges.depends_on(s, server) for s in asked)

    def _path(self, earlier: Group, later: Group) -> float:
        """A link fails: the routers at its ends, and the hosts whose traffic it carried. Trouble
        that was there well before the link's is not the link's."""
        for one, other in ((earlier, later), (later, earlier)):
            if Trait.LINK not in one.traits or other.traits & _ATTACK:
                continue
            routers = [m.owner for m in one.members if Trait.LINK in m.traits]
            if Trait.LINK in other.traits:
                return _PROGRESSION
            if not other.traits & _OUTAGE or one.onset_ns - other.onset_ns > _ONSET_NS:
                continue
            if any(self.carries(router, host) for router in routers for host in other.heads()):
                return _PATH
        return 0.0

    @staticmethod
    def _is_outage(group: Group) -> bool:
        return bool(group.traits & _OUTAGE) and not group.traits & _ATTACK


def alike(
    left: dict[str, float], right: dict[str, float], importance: Callable[[str], float]
) -> float:
    """Cosine similarity of two weighted touches, 0 to 1, each dimension by its importance."""
    small, large = sorted((left, right), key=len)
    dot = math.fsum(
        weight * large[key] * importance(key) ** 2 for key, weight in small.items() if key in large
    )
    if not dot:
        return 0.0
    squares = [
        math.fsum((value * importance(key)) ** 2 for key, value in side.items())
        for side in (left, right)
    ]
    return dot / math.sqrt(squares[0] * squares[1])


def _overlap(left: Group, right: Group) -> float:
    """How far each is about the main hosts of the other: the geometric mean of both shares.

    Only of groups that tell something: chance anomalies of one host have much in common.
    """
    if min(left.recent_surprise(), right.recent_surprise()) < _TELLING:
        return 0.0
    shares = []
    for one, other in ((left, right), (right, left)):
        heads = {f"host {host}" for host in other.heads(_AMONG_HEADS)}
        hosts = {k: w for k, w in one.touches.items() if k.startswith("host ")}
        inside = math.fsum(w for k, w in sorted(hosts.items()) if k in heads)
        shares.append(inside / max(math.fsum(sorted(hosts.values())), 1e-9))
    return math.sqrt(shares[0] * shares[1])


def _main(talks: dict[Talk, float]) -> list[Talk]:
    most = max(talks.values(), default=0.0)
    return [talk for talk, weight in talks.items() if weight >= _HEAD * most]
