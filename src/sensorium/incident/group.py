"""A group: anomalies thought to be of one cause, before and after it is called an incident."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from sensorium.incident.cluster import CHANCE_DECADES, Cluster, surprise_of
from sensorium.incident.conversations import Conversations
from sensorium.incident.footprint import Footprint
from sensorium.incident.portrait import Portrait
from sensorium.incident.tally import Tally
from sensorium.incident.touches import Touches
from sensorium.incident.traits import Trait
from sensorium.model.change import Change
from sensorium.model.incident import Incident

SECOND = 1_000_000_000
SURPRISE_SPAN_NS = 300 * SECOND
_PAUSE_NS = 45 * SECOND
_PRELUDE_SHARE = 0.25
_NEWS_DECADES = 2.0
_NEWS_SHARE = 0.15

ATTACK = frozenset({Trait.FAN_OUT, Trait.AUTH_FAILURE})
ADVANCE = frozenset({Trait.FIRST_CONTACT, Trait.FAN_OUT, Trait.AUTH_FAILURE, Trait.LOGIN})
ATTACKED = ATTACK | ADVANCE


@dataclass(slots=True)
class Group:
    """State of one group. ``number`` is its place in the order of creation; it is added to
    ``grown`` whenever something joins.

    ``touches`` is what it was about lately. ``last_ns`` is the end of the last window that said
    something new; a stray anomaly that only joins does not move it. ``news_ns`` is the end of the
    last window in which more happened than that metric series stayed as odd as they were: it
    links causes in time. ``newest_ns`` is the end of the last window of all.
    ``ready`` groups await the end of their hold.
    ``opened_ns``, ``settled_ns`` and ``waiting_ns`` (since when it waits to settle) are event
    times, 0 where it has not come to that. ``late`` is the surprise of what joined since it
    settled; ``is_changed`` says that something joined in the window at hand.

    ``change`` is the announced change that explains it, ``work_ns`` the last window in which
    that work itself was seen; side effects that still await their work have it in ``awaits``.
    ``is_forwarding`` groups hold what routers show of traffic not yet seen. ``hosts`` are all
    that are named, ``telling`` says what was odd in which way but for series, ``courses`` which
    series and whether it rose or fell; ``lingering`` are the ids of anomalies that only went on
    in such a course. ``shed`` was dropped when the group was opened, and is named all the same.
    ``attacked`` are the servers of what an attack is seen by, ``flapping`` the
    hosts that speak of a link.
    """

    number: int
    memory_s: int
    grown: set[int] = field(default_factory=set)
    members: list[Footprint] = field(default_factory=list)
    shed: list[Footprint] = field(default_factory=list)
    touches: Touches = field(init=False)
    start_ns: int = 0
    last_ns: int = 0
    news_ns: int = 0
    newest_ns: int = 0
    traits: set[Trait] = field(default_factory=set)
    telling: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    courses: set[str] = field(default_factory=set)
    lingering: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    attacked: set[str] = field(default_factory=set)
    flapping: set[str] = field(default_factory=set)
    change: Change | None = None
    ready: bool = False
    incident: Incident | None = None
    opened_ns: int = 0
    settled_ns: int = 0
    waiting_ns: int = 0
    late: Tally | None = None
    is_changed: bool = False
    awaits: Change | None = None
    work_ns: int = 0
    is_forwarding: bool = False
    knows_talks: bool = False
    _oldest_ns: int = 0
    _tally: Tally = field(default_factory=Tally)
    _recent: tuple[int, int, Tally] | None = None
    _onset: tuple[int, int] | None = None
    _talks: Conversations = field(default_factory=Conversations)
    _portrait: Portrait | None = None

    def __post_init__(self) -> None:
        self.touches = Touches(self.memory_s)

    def absorb(self, cluster: Cluster, *, extends: bool, is_late: bool = False) -> None:
        """Take in a window's cluster; ``extends`` says whether it keeps the group going."""
        if extends and (not self.members or not self.continues_as(cluster.members)):
            self.news_ns = max(self.news_ns, cluster.end_ns)
        self._add(cluster.members, is_late=is_late)
        if not self.start_ns or cluster.start_ns < self.start_ns:
            self.start_ns = cluster.start_ns
        if extends:
            self.touches.add(cluster.dims, cluster.end_ns)
            self.last_ns = max(self.last_ns, cluster.end_ns)

    def join(self, other: Group, *, is_late: bool = False) -> None:
        """Take in another group that turned out to be of the same cause.

        What is little beside this group only joins: it neither keeps it going nor changes what
        it is about.
        """
        news = other.recent_surprise()
        tells = news >= min(_NEWS_DECADES, _NEWS_SHARE * self.recent_surprise())
        if tells and not self.is_continued_by(other):
            self.news_ns = max(self.news_ns, other.news_ns)
        self._add(other.members, is_late=is_late)
        self.lingering |= other.lingering
        self.start_ns = min(self.start_ns, other.start_ns)
        self.ready = self.ready or other.ready
        self.work_ns = max(self.work_ns, other.work_ns)
        if tells:
            self.touches.join(other.touches)
            self.last_ns = max(self.last_ns, other.last_ns)

    def _add(self, members: Sequence[Footprint], *, is_late: bool) -> None:
        self.is_changed = True
        self.grown.add(self.number)
        self.members.extend(members)
        if is_late:
            self.late = self.late or Tally()
            self.late.add(members)
        for member in members:
            self.ids.add(member.anomaly.id)
            self.traits |= member.traits
            self.hosts.update(member.hosts)
            if not member.course:
                self.telling.add(member.oddity)
            elif member.course in self.courses:
                self.lingering.add(member.anomaly.id)
            self._note(member)
        self.courses |= {m.course for m in members if m.course}

    def _note(self, member: Footprint) -> None:
        end_ns = member.anomaly.end_ns
        self.newest_ns = max(self.newest_ns, end_ns)
        self._oldest_ns = min(self._oldest_ns or end_ns, end_ns)
        self.knows_talks = self.knows_talks or bool(member.talks)
        if member.traits & ATTACKED and member.dominant is not None:
            self.attacked.add(member.dominant.server)
        if Trait.LINK in member.traits:
            self.flapping.add(member.owner)

    def continues_as(self, members: Collection[Footprint]) -> bool:
        """Whether all that others tell is that series of this group stay as odd as they were.

        Counters and gauges take minutes to come back after a fault has ended, and what happens
        meanwhile is not for that of the same cause. Beside them a chance anomaly tells nothing.
        """
        if self.courses.isdisjoint(m.course for m in members):
            return False
        fresh = (m for m in members if m.course not in self.courses)
        return surprise_of(fresh, allowance=CHANCE_DECADES) < CHANCE_DECADES

    def is_continued_by(self, other: Group) -> bool:
        """Whether :meth:`continues_as` holds of another group's members."""
        return not self.courses.isdisjoint(other.courses) and self.continues_as(other.members)

    @property
    def onset_ns(self) -> int:
        """When the first window began by whose end it told more than chance does: a stray
        anomaly that happened to come before is not the beginning."""
        tally = self.tally()
        if self._onset is None or self._onset[0] != tally.count:
            found = tally.onset_ns(CHANCE_DECADES)
            self._onset = tally.count, self.start_ns if found is None else found
        return self._onset[1]

    def tally(self) -> Tally:
        """The surprise of all members."""
        self._tally.add(self.members[self._tally.count :])
        return self._tally

    def talks(self) -> Conversations:
        """The conversations of all members."""
        self._talks.add(self.members[self._talks.count :])
        return self._talks

    def portrait(self) -> Portrait:
        """What all members amount to."""
        whole = self.tally()
        portrait = self._portrait = self._portrait or Portrait(whole)
        portrait.add(self.members[portrait.count :])
        return portrait

    def lately(self, since_ns: int, known: int = 0) -> list[Footprint]:
        """The members that end after ``since_ns`` and do not merely linger; of them those after
        the first ``known`` to have joined."""
        return [
            m
            for m in self.members[known:]
            if m.anomaly.end_ns > since_ns and m.anomaly.id not in self.lingering
        ]

    def shed_prelude(self) -> None:
        """Drop what came well before the rest and is little beside it: chance anomalies, or the
        last of something else, that happened to be of the same hosts."""
        windows = sorted({m.anomaly.end_ns for m in self.members})
        for before, after in pairwise(windows):
            if after - before <= _PAUSE_NS:
                continue
            prelude = [m for m in self.members if m.anomaly.end_ns <= before]
            if surprise_of(prelude) <= _PRELUDE_SHARE * self.tally().total():
                self.shed += prelude
                self._keep([m for m in self.members if m.anomaly.end_ns > before])
        self.start_ns = min(m.anomaly.start_ns for m in self.members)

    def put_back(self, members: list[Footprint], shed: list[Footprint]) -> None:
        """Make an empty group one of these members, of which others were shed."""
        self._add([*shed, *members], is_late=False)
        self.shed = shed
        self._keep(members)
        self.is_changed = False

    def _keep(self, members: list[Footprint]) -> None:
        self.members = members
        self.attacked, self.flapping, self.knows_talks = set(), set(), False
        self._oldest_ns = 0
        self._tally, self._talks = Tally(), Conversations()
        self._recent = self._onset = self._portrait = None
        for member in members:
            self._note(member)

    def recent_surprise(self) -> float:
        """Surprise of its last five minutes beyond chance: what decides whether it is opened."""
        since_ns = self.last_ns - SURPRISE_SPAN_NS
        if self._oldest_ns > since_ns:
            return self.tally().beyond_chance()
        if self._recent is None or self._recent[0] != since_ns:
            self._recent = since_ns, 0, Tally()
        _, known, tally = self._recent
        tally.add(m for m in self.members[known:] if m.anomaly.end_ns > since_ns)
        self._recent = since_ns, len(self.members), tally
        return tally.beyond_chance()
