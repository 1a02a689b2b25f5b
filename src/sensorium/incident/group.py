"""A group: anomalies thought to be of one cause, before and after it is called an incident."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from sensorium.incident.cluster import CHANCE_DECADES, Cluster, surprise_of
from sensorium.incident.footprint import Footprint
from sensorium.incident.planned_scope import Talk
from sensorium.incident.surprise import CAP_DECADES
from sensorium.incident.traits import Trait
from sensorium.model.anomaly import EntityKind
from sensorium.model.change import Change
from sensorium.model.incident import Incident
from sensorium.model.signals import Signal

SECOND = 1_000_000_000
SURPRISE_SPAN_NS = 300 * SECOND
_JUST_PASSED = 0.25
_PAUSE_NS = 45 * SECOND
_PRELUDE_SHARE = 0.25
_NEWS_DECADES = 2.0
_NEWS_SHARE = 0.15


@dataclass(slots=True)
class Group:
    """State of one group. ``number`` is its place in the order of creation.

    ``touches`` is what it was about lately: dimensions weighted by surprise, halved every
    ``memory_s``. ``last_ns`` is the end of the last window that said something new; a stray
    anomaly that only joins does not move it. ``news_ns`` is the end of the last window in which
    more happened than that metric series stayed as odd as they were: it links causes in time.
    ``ready`` groups await the end of their hold.
    ``opened_ns``, ``settled_ns`` and ``waiting_ns`` (since when it waits to settle) are event
    times, 0 where it has not come to that. ``late`` holds what joined since it settled;
    ``is_changed`` says that something joined in the window at hand.

    ``change`` is the announced change that explains it, ``work_ns`` the last window in which
    that work itself was seen; side effects that still await their work have it in ``awaits``.
    ``is_forwarding`` groups hold what routers show of traffic not yet seen. ``oddities`` say
    what was odd in which way, ``courses`` which series and whether it rose or fell;
    ``lingering`` are the ids of anomalies that only went on in such a course.
    """

    number: int
    memory_s: int
    members: list[Footprint] = field(default_factory=list)
    touches: dict[str, float] = field(default_factory=dict)
    touched_ns: int = 0
    start_ns: int = 0
    last_ns: int = 0
    news_ns: int = 0
    traits: set[Trait] = field(default_factory=set)
    oddities: set[str] = field(default_factory=set)
    courses: set[str] = field(default_factory=set)
    lingering: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    change: Change | None = None
    ready: bool = False
    incident: Incident | None = None
    opened_ns: int = 0
    settled_ns: int = 0
    waiting_ns: int = 0
    late: list[Footprint] = field(default_factory=list)
    is_changed: bool = False
    awaits: Change | None = None
    work_ns: int = 0
    is_forwarding: bool = False
    recent_known: tuple[tuple[int, int], float] | None = None
    onset_known: tuple[int, int] | None = None

    def absorb(self, cluster: Cluster, *, extends: bool, is_late: bool = False) -> None:
        """Take in a window's cluster; ``extends`` says whether it keeps the group going."""
        if extends and (not self.members or not self.continues_as(cluster.members)):
            self.news_ns = max(self.news_ns, cluster.end_ns)
        self._add(cluster.members, is_late=is_late)
        if not self.start_ns or cluster.start_ns < self.start_ns:
            self.start_ns = cluster.start_ns
        if extends:
            self.touches = _sum(self.faded(cluster.end_ns), cluster.dims)
            self.touched_ns = max(self.touched_ns, cluster.end_ns)
            self.last_ns = max(self.last_ns, cluster.end_ns)

    def join(self, other: Group, *, is_late: bool = False) -> None:
        """Take in another group that turned out to be of the same cause.

        What is little beside this group only joins: it neither keeps it going nor changes what
        it is about.
        """
        news = other.recent_surprise()
        tells = news >= min(_NEWS_DECADES, _NEWS_SHARE * self.recent_surprise())
        if tells and not self.continues_as(other.members):
            self.news_ns = max(self.news_ns, other.news_ns)
        self._add(other.members, is_late=is_late)
        self.lingering |= other.lingering
        self.start_ns = min(self.start_ns, other.start_ns)
        self.ready = self.ready or other.ready
        self.work_ns = max(self.work_ns, other.work_ns)
        if tells:
            now = max(self.touched_ns, other.touched_ns)
            self.touches = _sum(self.faded(now), other.faded(now))
            self.touched_ns = now
            self.last_ns = max(self.last_ns, other.last_ns)

    def _add(self, members: list[Footprint], *, is_late: bool) -> None:
        self.is_changed = True
        self.members.extend(members)
        if is_late:
            self.late.extend(members)
        for member in members:
            self.ids.add(member.anomaly.id)
            self.traits |= member.traits
            self.oddities.add(member.oddity)
            if member.course in self.courses:
                self.lingering.add(member.anomaly.id)
        self.courses |= {m.course for m in members if m.course}

    def continues_as(self, members: Collection[Footprint]) -> bool:
        """Whether all that others tell is that series of this group stay as odd as they were.

        Counters and gauges take minutes to come back after a fault has ended, and what happens
        meanwhile is not for that of the same cause. Beside them a chance anomaly tells nothing.
        """
        if self.courses.isdisjoint(m.course for m in members):
            return False
        fresh = (m for m in members if m.course not in self.courses)
        return surprise_of(fresh, allowance=CHANCE_DECADES) < CHANCE_DECADES

    @property
    def onset_ns(self) -> int:
        """When the first window began by whose end it told more than chance does: a stray
        anomaly that happened to come before is not the beginning."""
        if self.onset_known is None or self.onset_known[0] != len(self.members):
            self.onset_known = len(self.members), self._onset()
        return self.onset_known[1]

    def _onset(self) -> int:
        for end_ns in sorted({m.anomaly.end_ns for m in self.members}):
            so_far = [m for m in self.members if m.anomaly.end_ns <= end_ns]
            if surprise_of(so_far, allowance=CHANCE_DECADES) >= CHANCE_DECADES:
                return min(m.anomaly.start_ns for m in so_far if m.anomaly.end_ns == end_ns)
        return self.start_ns

    def lately(self, since_ns: int) -> list[Footprint]:
        """The members that end after ``since_ns`` and do not merely linger."""
        return [
            m
            for m in self.members
            if m.anomaly.end_ns > since_ns and m.anomaly.id not in self.lingering
        ]

    def faded(self, now_ns: int) -> dict[str, float]:
        """What the group was about, as it counts at ``now_ns``."""
        age = max(now_ns - self.touched_ns, 0) / SECOND
        factor = 0.5 ** (age / self.memory_s)
        return {key: weight * factor for key, weight in self.touches.items()}

    def shed_prelude(self) -> None:
        """Drop what came well before the rest and is little beside it: chance anomalies, or the
        last of something else, that happened to be of the same hosts."""
        windows = sorted({m.anomaly.end_ns for m in self.members})
        for before, after in pairwise(windows):
            if after - before <= _PAUSE_NS:
                continue
            prelude = [m for m in self.members if m.anomaly.end_ns <= before]
            if surprise_of(prelude) <= _PRELUDE_SHARE * self.surprise:
                self.members = [m for m in self.members if m.anomaly.end_ns > before]
        self.start_ns = min(m.anomaly.start_ns for m in self.members)

    @property
    def surprise(self) -> float:
        """Surprise of all members, in decades."""
        return surprise_of(self.members)

    def recent_surprise(self) -> float:
        """Surprise of its last five minutes beyond chance: what decides whether it is opened."""
        known = (len(self.members), self.last_ns)
        if self.recent_known is None or self.recent_known[0] != known:
            since = self.last_ns - SURPRISE_SPAN_NS
            recent = (m for m in self.members if m.anomaly.end_ns > since)
            self.recent_known = known, surprise_of(recent, allowance=CHANCE_DECADES)
        return self.recent_known[1]

    def knows_talks(self) -> bool:
        """Whether any member says who talked with whom."""
        return any(m.talks for m in self.members)

    def heads(self, share: float = 0.5) -> list[str]:
        """The hosts that the group is mostly about: with at least ``share`` of the greatest."""
        hosts = {
            key.removeprefix("host "): weight
            for key, weight in self.touches.items()
            if key.startswith("host ")
        }
        most = max(hosts.values(), default=0.0)
        return sorted(host for host, weight in hosts.items() if weight >= share * most)


def involvement(members: Iterable[Footprint]) -> dict[str, float]:
    """Hosts with the surprise laid at their doors, strongest first.

    What one host shows in one signal and window counts up to the cap, so that a host with
    hundreds of series does not outweigh the one that caused it all. Metrics count half, since a
    host's counters move with what others do. Of a conversation, the client takes half again: it
    acted, the server was acted upon.
    """
    units: dict[tuple[str, str, int], dict[str, float]] = defaultdict(dict)
    for member in members:
        unit = units[member.owner, member.anomaly.signal.value, member.anomaly.end_ns]
        clients = {talk.client for talk, share in member.talks if share >= 0.3}
        for host, weight in member.hosts.items():
            factor = 1.5 if host in clients else 1.0
            if member.anomaly.signal is Signal.METRICS or is_interface(member):
                factor *= 0.5
            value = weight * (member.surprise + _JUST_PASSED) * factor
            unit[host] = max(unit.get(host, 0.0), value)
    totals: dict[str, list[float]] = defaultdict(list)
    for unit in units.values():
        for host, value in unit.items():
            totals[host].append(min(value, 1.5 * CAP_DECADES))
    sums = {host: math.fsum(values) for host, values in totals.items()}
    return dict(sorted(sums.items(), key=lambda item: (-round(item[1], 6), item[0])))


def is_interface(member: Footprint) -> bool:
    """Whether the anomaly is about a router's interface."""
    return member.anomaly.entity.kind is EntityKind.INTERFACE


def talks_of(members: Iterable[Footprint]) -> dict[Talk, float]:
    """Conversations the members point at, weighted by share and surprise, strongest first."""
    weights: dict[Talk, list[float]] = defaultdict(list)
    for member in members:
        for talk, share in member.talks:
            weights[talk].append(share * (member.surprise + _JUST_PASSED))
    sums = {talk: math.fsum(values) for talk, values in weights.items()}
    return dict(sorted(sums.items(), key=lambda item: (-round(item[1], 6), item[0])))


def _sum(left: dict[str, float], right: dict[str, float]) -> dict[str, float]:
    keys = sorted(left.keys() | right.keys())
    return {key: left.get(key, 0.0) + right.get(key, 0.0) for key in keys}
