"""The slow obvious twin of grouping: all is added up anew, every group compared with every other.

``slow_manager`` gives an incident manager that works so. What groups are about lately is the same
in both, since it depends on all that happened; how it is compared is spelled out here.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import pytest

from sensorium.incident import IncidentManager, book, forwarding, grouping
from sensorium.incident.cluster import CHANCE_DECADES, Cluster, surprise_of
from sensorium.incident.config import IncidentConfig
from sensorium.incident.footprint import DOMINANT, Footprint
from sensorium.incident.group import ADVANCE, ATTACK, SURPRISE_SPAN_NS, Group
from sensorium.incident.groups import Groups
from sensorium.incident.linking import OUTAGE, Carried, Linker
from sensorium.incident.planned_scope import Talk
from sensorium.incident.portrait import Portrait
from sensorium.incident.tally import Tally
from sensorium.incident.traits import Trait
from sensorium.incident.union import is_one
from sensorium.model.entity_kind import EntityKind
from sensorium.topology.claims import address_order

SECOND = 1_000_000_000
Likeness = Callable[[Group, Group], float]


def slow_manager(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], IncidentManager]
) -> IncidentManager:
    """A manager whose parts are the ones below, for as long as the patch holds."""
    monkeypatch.setattr(book, "Merging", SlowMerging)
    monkeypatch.setattr(book, "next_union", slow_union)
    monkeypatch.setattr(grouping, "cover", slow_cover)
    monkeypatch.setattr(forwarding, "_Causes", SlowCauses)
    monkeypatch.setattr(Group, "portrait", slow_portrait)
    monkeypatch.setattr(Group, "tally", lambda group: Tally(group.members))
    monkeypatch.setattr(Group, "onset_ns", property(slow_onset))
    monkeypatch.setattr(Group, "recent_surprise", slow_recent)
    return make()


def slow_portrait(group: Group) -> Portrait:
    portrait = Portrait(Tally(group.members))
    portrait.add(group.members)
    return portrait


def slow_recent(group: Group) -> float:
    since_ns = group.last_ns - SURPRISE_SPAN_NS
    recent = (m for m in group.members if m.anomaly.end_ns > since_ns)
    return surprise_of(recent, allowance=CHANCE_DECADES)


def slow_onset(group: Group) -> int:
    for end_ns in sorted({m.anomaly.end_ns for m in group.members}):
        so_far = [m for m in group.members if m.anomaly.end_ns <= end_ns]
        if surprise_of(so_far, allowance=CHANCE_DECADES) >= CHANCE_DECADES:
            return min(m.anomaly.start_ns for m in so_far if m.anomaly.end_ns == end_ns)
    return group.start_ns


def slow_cover(prints: Iterable[Footprint]) -> list[Cluster]:
    left = sorted(prints, key=lambda p: p.anomaly.id)
    clusters = []
    while left:
        gain: dict[str, list[float]] = defaultdict(list)
        for print_ in left:
            for host, weight in print_.hosts.items():
                if weight >= DOMINANT:
                    gain[host].append(weight * (print_.surprise + 0.25))
        anchor = min(gain, key=lambda h: (-round(math.fsum(gain[h]), 9), address_order(h)))
        mine = [p for p in left if p.hosts.get(anchor, 0.0) >= DOMINANT]
        left = [p for p in left if p.hosts.get(anchor, 0.0) < DOMINANT]
        clusters.append(Cluster(anchor, mine))
    return clusters


def slow_union(groups: Sequence[Group]) -> tuple[Group, Group] | None:
    found = [
        (group.incident.start_ns, group.incident.id, group)
        for group in groups
        if group.incident is not None and group.change is None
    ]
    ordered = [group for _, _, group in sorted(found, key=lambda f: f[:2])]
    for place, earlier in enumerate(ordered):
        for later in ordered[place + 1 :]:
            if is_one(earlier.incident, later.incident):
                return earlier, later
    return None


def talks_of(members: Iterable[Footprint]) -> dict[Talk, float]:
    weights: dict[Talk, list[float]] = defaultdict(list)
    for member in members:
        for talk, share in member.talks:
            weights[talk].append(share * (member.surprise + 0.25))
    sums = {talk: math.fsum(values) for talk, values in weights.items()}
    return dict(sorted(sums.items(), key=lambda item: (-round(item[1], 6), item[0])))


class SlowMerging:
    """Compares all pairs again after every merge."""

    def __init__(self, groups: Groups, linker: Linker, config: IncidentConfig) -> None:
        self.in_turn = 0
        self._groups = groups
        self._config = config
        self._likeness = SlowLinker(linker, config).likeness

    def stray_joins(self, cluster: Cluster) -> bool:
        lone = self._groups.lone(cluster)
        best: tuple[float, Group] | None = None
        for group in self._groups:
            if group.change is None and group.awaits is None:
                affinity = self._likeness(group, lone)
                if affinity >= self._config.affinity and (best is None or affinity > best[0]):
                    best = affinity, group
        if best is None:
            return False
        best[1].absorb(cluster, extends=False, is_late=bool(best[1].settled_ns))
        return True

    def merge_alike(self, changed: set[int]) -> None:
        while True:
            best: tuple[float, Group, Group] | None = None
            for number in sorted(changed):
                for other in self._groups:
                    affinity = self._affinity(self._groups[number], other)
                    if best is None or affinity > best[0]:
                        best = affinity, self._groups[number], other
            if best is None or best[0] < self._config.affinity:
                return
            kept, gone = sorted(
                best[1:], key=lambda g: (g.incident is None, g.change is None, g.number)
            )
            self._groups.absorb(kept, gone)
            changed = (changed - {gone.number}) | {kept.number}

    def _affinity(self, left: Group, right: Group) -> float:
        both = (left, right)
        if left is right or all(g.incident is not None for g in both):
            return 0.0
        if any(g.awaits is not None for g in both) or all(g.change is not None for g in both):
            return 0.0
        if all(g.change is None for g in both):
            return self._likeness(*sorted(both, key=lambda g: g.number))
        free, planned = sorted(both, key=lambda g: g.change is not None)
        if free.start_ns - planned.last_ns > 45 * SECOND:
            return 0.0
        mine, theirs = (next(iter(talks_of(g.members)), None) for g in (planned, free))
        return 1.0 if mine is not None and mine == theirs else 0.0


class SlowLinker:
    """Affinity, from all that both groups hold."""

    def __init__(self, linker: Linker, config: IncidentConfig) -> None:
        self._config = config
        self._edges = linker.edges
        self._carried = linker.carried
        self._importance = linker.importance

    def likeness(self, left: Group, right: Group) -> float:
        earlier, later = sorted((left, right), key=lambda g: (g.last_ns, g.start_ns, g.number))
        goes_on = earlier.continues_as(later.members)
        quiet_ns = earlier.last_ns if goes_on else earlier.news_ns
        gap_s = max(later.onset_ns - quiet_ns, 0) / SECOND
        again = self._recurrence(earlier, later, gap_s)
        if gap_s > self._config.gap_s:
            return again
        best = max(
            self._alike(earlier, later),
            _overlap(earlier, later),
            _progression(earlier, later),
            self._dependence(earlier, later, is_over=gap_s > 0),
            self._path(earlier, later),
        )
        return float(max(best * 0.5 ** (gap_s / self._config.memory_s), again))

    def _alike(self, earlier: Group, later: Group) -> float:
        one, other = (_faded(g, later.last_ns) for g in (earlier, later))
        dot = math.fsum(
            one[k] * other[k] * self._importance(k) ** 2 for k in one.keys() & other.keys()
        )
        if not dot:
            return 0.0
        squares = [
            math.fsum((v * self._importance(k)) ** 2 for k, v in side.items())
            for side in (one, other)
        ]
        return dot / math.sqrt(squares[0] * squares[1])

    def _recurrence(self, earlier: Group, later: Group, gap_s: float) -> float:
        if earlier.traits & ATTACK and not later.traits & ATTACK:
            return 0.0
        if gap_s > self._config.recurrence_s or len(later.telling) < 2:
            return 0.0
        shared = later.telling & earlier.telling
        return 0.9 if 2 * len(shared) > len(later.telling) else 0.0

    def _dependence(self, earlier: Group, later: Group, *, is_over: bool) -> float:
        if any(not g.traits & OUTAGE or g.traits & ATTACK for g in (earlier, later)):
            return 0.0
        best = 0.0
        for one in _heads(earlier, 0.5):
            for other in _heads(later, 0.5):
                if self._suffers(later, other, one, is_over) or self._suffers(
                    later, one, other, is_over
                ):
                    weight = self._importance(f"host {one}") * self._importance(f"host {other}")
                    best = max(best, 0.6 * math.sqrt(weight))
        return best

    def _suffers(self, group: Group, client: str, server: str, is_over: bool) -> bool:
        if not self._edges.depends_on(client, server):
            return False
        talks = {t: w for t, w in talks_of(group.members).items() if t.client == client}
        asked = {talk.server for talk in _main(talks)}
        if not is_over or not asked:
            return True
        return any(s == server or self._edges.depends_on(s, server) for s in asked)

    def _path(self, earlier: Group, later: Group) -> float:
        for one, other in ((earlier, later), (later, earlier)):
            if Trait.LINK not in one.traits or other.traits & ATTACK:
                continue
            if Trait.LINK in other.traits:
                return 0.7
            if not other.traits & OUTAGE or one.onset_ns - other.onset_ns > 60 * SECOND:
                continue
            routers = [m.owner for m in one.members if Trait.LINK in m.traits]
            if any(h in self._carried(r) for r in routers for h in _heads(other, 0.5)):
                return 0.5
        return 0.0


def _progression(earlier: Group, later: Group) -> float:
    if not earlier.traits & ATTACK or not later.traits & ADVANCE:
        return 0.0
    attacked = {
        m.dominant.server
        for m in earlier.members
        if m.dominant is not None and m.traits & (ATTACK | ADVANCE)
    }
    acting = {t.client for t in _main(talks_of(later.members))} or set(_heads(later, 0.5))
    return 0.7 if acting & attacked else 0.0


def _overlap(left: Group, right: Group) -> float:
    if min(left.recent_surprise(), right.recent_surprise()) < 3.0:
        return 0.0
    shares = []
    for one, other in ((left, right), (right, left)):
        hosts, heads = _hosts(one), set(_heads(other, 0.3))
        inside = math.fsum(w for h, w in hosts.items() if h in heads)
        shares.append(inside / max(math.fsum(hosts.values()), 1e-9))
    return math.sqrt(shares[0] * shares[1])


def _faded(group: Group, now_ns: int) -> dict[str, float]:
    factor = group.touches.factor(now_ns)
    return {key: weight * factor for key, weight in group.touches.weights.items()}


def _hosts(group: Group) -> dict[str, float]:
    weights = group.touches.weights
    return {k.removeprefix("host "): w for k, w in weights.items() if k.startswith("host ")}


def _heads(group: Group, share: float) -> list[str]:
    hosts = _hosts(group)
    most = max(hosts.values(), default=0.0)
    return sorted(host for host, weight in hosts.items() if weight >= share * most)


def _main(talks: dict[Talk, float]) -> list[Talk]:
    most = max(talks.values(), default=0.0)
    return [talk for talk, weight in talks.items() if weight >= 0.5 * most]


class SlowCauses:
    """Looks at every group for every carrier."""

    def __init__(self, groups: Groups, end_ns: int, carried: Carried) -> None:
        self._groups = list(groups)
        self._since_ns = end_ns - 60 * SECOND
        self._carried = carried

    def took(self, group: Group) -> None:
        assert group in self._groups

    def best(self, prints: Sequence[Footprint]) -> Group | None:
        carried = self._carried(prints[0].owner)
        named = {h for p in prints for h, share in p.mentions.items() if share >= DOMINANT}
        names_all = all(p.anomaly.entity.kind is EntityKind.INTERFACE for p in prints)
        best: tuple[tuple[bool, float], Group] | None = None
        for group in self._groups:
            recent, heads = group.lately(self._since_ns), _heads(group, 0.3)
            if group.is_forwarding or group.awaits is not None or not recent:
                continue
            if carried.isdisjoint(heads):
                continue
            if group.change is not None and group.work_ns <= self._since_ns:
                continue
            if group.change is not None and names_all and named.isdisjoint(heads):
                continue
            rank = (not named.isdisjoint(heads), surprise_of(recent))
            if best is None or rank > best[0]:
                best = rank, group
        return best[1] if best else None
