"""Every group through its life: opened, settled, reopened, given up, forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from sensorium.incident.cluster import Cluster
from sensorium.incident.config import IncidentConfig
from sensorium.incident.explained import Explainer, Fit
from sensorium.incident.footprint import Footprint
from sensorium.incident.forwarding import forward
from sensorium.incident.group import SECOND, Group
from sensorium.incident.groups import Groups
from sensorium.incident.keeping import Kept, Ledger, News, Plain, mark, put_back
from sensorium.incident.lifecycle import is_settled, transition
from sensorium.incident.linking import Linker
from sensorium.incident.merging import Merging
from sensorium.incident.planned_work import PlannedWork
from sensorium.incident.snapshot import Snapshots
from sensorium.incident.union import merged, next_union
from sensorium.model.anomaly import Anomaly
from sensorium.model.change import Change
from sensorium.model.incident import Incident, IncidentState

NEVER = 2**62
_LATE_SHARE = 0.25
_FLOW_LAG_S = 60


class Step(StrEnum):
    """What can happen to a group."""

    OPENED = "opened"
    JOINED = "joined"
    SETTLED = "settled"
    REOPENED = "reopened"
    MERGED = "merged"
    GIVEN_UP = "given_up"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class Event:
    """One step, with the incident as it was then; None for a group that never was one."""

    step: Step
    incident: Incident | None


class GroupBook:
    """Holds all groups and moves each through its life. Time is handed in, always event time."""

    def __init__(self, config: IncidentConfig, snapshots: Snapshots) -> None:
        self._config = config
        self._snapshots = snapshots
        self._groups = Groups(config)
        self._planned = PlannedWork(self._groups, config)
        self._events: list[Event] = []
        self._ledger = Ledger()

    def incidents(self) -> tuple[Incident, ...]:
        """Snapshots of all groups that are incidents."""
        return tuple(g.incident for g in self._groups if g.incident is not None)

    def held(self, anomaly_ids: Set[str]) -> set[str]:
        """Those of the anomalies that are in a group already."""
        return {held for group in self._groups for held in group.ids & anomaly_ids}

    def drain(self) -> list[Event]:
        """What has happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def explain(self, print_: Footprint, fit: Fit, change: Change) -> bool:
        """Put an anomaly with the change that explains it; false if it must not excuse it."""
        return self._planned.take(print_, fit, change)

    def take(
        self,
        clusters: Sequence[Cluster],
        forwarded: Sequence[Footprint],
        *,
        end_ns: int,
        linker: Linker,
        explainer: Explainer,
    ) -> int:
        """Let a window's unexplained clusters join groups or become groups, then what routers
        show of them. Groups that turn out to be of one cause are merged.

        Returns how many were too many to compare each with all: see :class:`Merging`.
        """
        self._planned.adopt(explainer)
        changed = self._planned.release(end_ns)
        merging = Merging(self._groups, linker, self._config)
        for cluster in sorted(clusters, key=lambda c: (-c.surprise, c.anchor)):
            if not cluster.is_weak or not merging.stray_joins(cluster):
                group = self._groups.new()
                group.absorb(cluster, extends=True)
                changed.add(group.number)
        merging.merge_alike(changed)
        self._planned.adopt(explainer)
        forward(self._groups, forwarded, end_ns, linker.carried)
        self._groups.learn()
        self._groups.forget_importance()
        for group in self._groups:
            if group.is_changed:
                group.is_changed = False
                self._weigh(group, end_ns)
        return merging.in_turn

    def next_due_ns(self) -> int:
        """When something is next due though nothing happens; :data:`NEVER` if nothing is."""
        return min((self._due(g) for g in self._groups), default=NEVER)

    def act(self, now_ns: int) -> None:
        """Open, settle, give up and forget what is due by ``now_ns``."""
        for group in self._groups:
            while group in self._groups and self._due(group) <= now_ns:
                self._step(group, self._due(group))

    def unite(self, now_ns: int) -> None:
        """Make one of incidents that were concluded to be the same: the later becomes part of the
        earlier, which is looked at again."""
        while (pair := next_union(list(self._groups))) is not None:
            kept, gone = pair
            assert kept.incident is not None
            assert gone.incident is not None
            self._events.append(Event(Step.MERGED, merged(gone.incident, kept.incident)))
            self._groups.absorb(kept, gone)
            kept.is_changed = False
            self._reopen(kept, now_ns)

    def concluded(self, incident: Incident) -> None:
        """Take over a conclusion, unless the incident has been reopened in the meantime."""
        for group in self._groups:
            held = group.incident
            if held is None or held.id != incident.id or held.state is IncidentState.REOPENED:
                continue
            group.incident = replace(
                incident,
                anomaly_ids=held.anomaly_ids,
                end_ns=held.end_ns,
                surprise=held.surprise,
            )

    def restore(
        self, incident: Incident, members: Sequence[Footprint], change: Change | None
    ) -> None:
        """Put back an incident as the records hold it."""
        group = self._groups.new()
        for _, window in groupby(sorted(members, key=_end_ns), key=_end_ns):
            mine = list(window)
            group.absorb(Cluster(mine[0].owner, mine), extends=True)
        group.change, group.incident, group.ready = change, incident, True
        group.opened_ns = group.waiting_ns = group.start_ns
        group.work_ns = group.last_ns
        group.is_changed = False
        if is_settled(incident.state):
            group.settled_ns = group.last_ns

    def forget(self) -> None:
        """Let go of all groups, as of a time that has ended; what was kept of them is gone with
        the next :meth:`news`."""
        for group in self._groups:
            self._groups.remove(group)
        self._planned.doubted = {}

    def news(self, common: Plain) -> News:
        """What differs from what was last :meth:`written`; ``common`` is told along with it."""
        doubted = dict(self._planned.doubted)
        more = {"next_number": self._groups.next_number, "doubted": doubted}
        return self._ledger.news(self._groups, {**common, **more})

    def written(self, news: News) -> None:
        """Take note that the news is kept."""
        self._ledger.written(news.marks)

    def put_back(
        self, kept: Kept, incidents: Mapping[str, Incident], anomalies: Mapping[str, Anomaly]
    ) -> None:
        """Fill a new book with groups as they were; incidents are as they are on record.

        Within :func:`sensorium.incident.keeping.whole`, StateError where what was kept does not
        fit; the book is of no use then.
        """
        for number in kept.common["groups"]:
            group = self._groups.put_back(number)
            plain = kept.groups[number]
            put_back(group, plain, anomalies)
            if plain["incident"]:
                group.incident = self._snapshots.of_members(group, incidents[plain["incident"]])
        self._groups.learn()
        self._groups.next_number = int(kept.common["next_number"])
        self._planned.doubted = {ref: int(ns) for ref, ns in kept.common["doubted"].items()}
        self._ledger.written({group.number: mark(group) for group in self._groups})

    def _weigh(self, group: Group, now_ns: int) -> None:
        if not group.ready and group.awaits is None and self._is_enough(group):
            group.ready = True
        if group.incident is None:
            return
        group.incident = self._snapshots.grown(group)
        self._events.append(Event(Step.JOINED, group.incident))
        late = group.late.total() if group.late is not None else 0.0
        if group.settled_ns and late >= self._late_enough(group):
            self._reopen(group, now_ns)

    def _is_enough(self, group: Group) -> bool:
        if group.change is not None:
            return group.recent_surprise() >= self._config.planned_decades
        return group.recent_surprise() >= self._config.open_decades

    def _late_enough(self, group: Group) -> float:
        if group.change is not None:
            return self._config.open_decades / 4
        before = group.tally().beyond_chance(group.settled_ns)
        return max(self._config.open_decades / 2, _LATE_SHARE * before)

    def _reopen(self, group: Group, now_ns: int) -> None:
        assert group.incident is not None
        incident = transition(group.incident, IncidentState.REOPENED)
        group.incident = self._snapshots.renewed(group, incident)
        group.settled_ns, group.waiting_ns = 0, now_ns
        group.late = None
        self._events.append(Event(Step.REOPENED, group.incident))

    def _due(self, group: Group) -> int:
        config = self._config
        if group.incident is None:
            if group.ready:
                # Flows are told of later than logs and metrics, and say whose cause it is.
                patience = 0 if group.knows_talks else _FLOW_LAG_S
                return group.start_ns + (config.hold_s + patience) * SECOND
            return group.last_ns + config.gap_s * SECOND + 1
        if not group.settled_ns:
            quiet = group.last_ns + config.settle_s * SECOND
            patience = group.waiting_ns + config.max_wait_s * SECOND
            return max(min(quiet, patience), group.opened_ns)
        return max(group.last_ns, group.settled_ns) + config.recurrence_s * SECOND + 1

    def _step(self, group: Group, due_ns: int) -> None:
        if group.incident is None and group.ready:
            group.shed_prelude()
            group.incident = self._snapshots.opened(group)
            group.opened_ns, group.waiting_ns = due_ns, group.start_ns
            self._events.append(Event(Step.OPENED, group.incident))
        elif group.incident is not None and not group.settled_ns:
            incident = transition(
                group.incident,
                IncidentState.INVESTIGATING,
                revision=group.incident.revision + 1,
            )
            group.incident, group.settled_ns = incident, due_ns
            self._events.append(Event(Step.SETTLED, incident))
        else:
            step = Step.FORGOTTEN if group.incident is not None else Step.GIVEN_UP
            self._events.append(Event(step, group.incident))
            self._groups.remove(group)


def _end_ns(print_: Footprint) -> int:
    return print_.anomaly.end_ns
