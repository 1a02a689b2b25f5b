"""The groups of the moment: who joins whom, what is opened, settled, reopened or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sensorium.incident.cluster import Cluster, surprise_of
from sensorium.incident.config import IncidentConfig
from sensorium.incident.explained import Explainer, Fit
from sensorium.incident.footprint import Footprint
from sensorium.incident.group import SECOND, Group, talks_of
from sensorium.incident.lifecycle import is_settled, transition
from sensorium.incident.linking import Linker
from sensorium.incident.snapshot import Snapshots
from sensorium.model.change import Change
from sensorium.model.incident import Incident, IncidentState

NEVER = 2**62
_STRAY = 1.5
_OVERRUN_GAP_S = 45
_PRELUDE_NS = 60 * SECOND
_LATE_SHARE = 0.25


class Step(StrEnum):
    """What can happen to a group."""

    OPENED = "opened"
    JOINED = "joined"
    SETTLED = "settled"
    REOPENED = "reopened"
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
        self._groups: dict[int, Group] = {}
        self._next = 0
        self._events: list[Event] = []

    def incidents(self) -> tuple[Incident, ...]:
        """Snapshots of all groups that are incidents."""
        return tuple(g.incident for g in self._groups.values() if g.incident is not None)

    def holds(self, anomaly_id: str) -> bool:
        """Whether an anomaly is in a group already."""
        return any(anomaly_id in g.ids for g in self._groups.values())

    def drain(self) -> list[Event]:
        """What has happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def explain(self, print_: Footprint, fit: Fit, change: Change) -> bool:
        """Put an anomaly with the change that explains it; false if nothing of the change itself
        has been seen, so that a side effect alone would prove nothing."""
        group = next((g for g in self._groups.values() if _is_of(g, change)), None)
        if group is None:
            if fit is not Fit.TRAFFIC:
                return False
            group = self._new()
            group.change = change
        group.absorb(Cluster(print_.owner, [print_]), extends=True)
        return True

    def take(self, clusters: Sequence[Cluster], linker: Linker, explainer: Explainer) -> None:
        """Let a window's clusters join groups or become groups. Groups that turn out to be of
        one cause are merged, unless both are incidents already."""
        changed: set[int] = set()
        for cluster in sorted(clusters, key=lambda c: (-c.surprise, c.anchor)):
            if cluster.surprise >= _STRAY or not self._stray_joins(cluster, linker):
                group = self._new()
                group.absorb(cluster, extends=True)
                changed.add(group.number)
        self._merge_alike(changed, linker)
        self._adopt(explainer)

    def finish_window(self, end_ns: int) -> None:
        """Decide what this window's anomalies mean for the groups they went to."""
        for group in list(self._groups.values()):
            if group.is_changed:
                group.is_changed = False
                self._weigh(group, end_ns)

    def next_due_ns(self) -> int:
        """When something is next due though nothing happens; :data:`NEVER` if nothing is."""
        return min((self._due(g) for g in self._groups.values()), default=NEVER)

    def act(self, now_ns: int) -> None:
        """Open, settle, give up and forget what is due by ``now_ns``."""
        for group in list(self._groups.values()):
            while group.number in self._groups and self._due(group) <= now_ns:
                self._step(group, max(self._due(group), 0))

    def concluded(self, incident: Incident) -> None:
        """Take over a conclusion, unless the incident has been reopened in the meantime."""
        for group in self._groups.values():
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
        group = self._new()
        for end_ns in sorted({m.anomaly.end_ns for m in members}):
            mine = [m for m in members if m.anomaly.end_ns == end_ns]
            group.absorb(Cluster(mine[0].owner, mine), extends=True)
        group.change, group.incident, group.ready = change, incident, True
        group.opened_ns = group.waiting_ns = group.start_ns
        if is_settled(incident.state):
            group.settled_ns = group.last_ns

    def _new(self) -> Group:
        group = Group(self._next, self._config.memory_s)
        self._groups[group.number] = group
        self._next += 1
        return group

    def _stray_joins(self, cluster: Cluster, linker: Linker) -> bool:
        """A weak cluster joins what it is most like, and keeps no incident from settling."""
        lone = Group(self._next, self._config.memory_s)
        lone.absorb(cluster, extends=True)
        best: tuple[float, Group] | None = None
        for group in self._groups.values():
            if group.change is None:
                affinity = linker.affinity(group, lone)
                if affinity >= self._config.affinity and (best is None or affinity > best[0]):
                    best = affinity, group
        if best is None:
            return False
        best[1].absorb(cluster, extends=best[1].incident is None, is_late=bool(best[1].settled_ns))
        return True

    def _merge_alike(self, changed: set[int], linker: Linker) -> None:
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
            kept, gone = self._order(self._groups[best[1]], self._groups[best[2]])
            kept.join(gone, is_late=bool(kept.settled_ns))
            del self._groups[gone.number]
            known = {p: a for p, a in known.items() if not {*p} & {kept.number, gone.number}}
            changed = (changed - {gone.number}) | {kept.number}

    def _affinity(self, one: int, other: int, linker: Linker) -> float:
        left, right = self._groups[one], self._groups[other]
        if one == other or (left.incident is not None and right.incident is not None):
            return 0.0
        if left.change is not None and right.change is not None:
            return 0.0
        if left.change is None and right.change is None:
            return linker.affinity(left, right)
        planned, free = (left, right) if left.change is not None else (right, left)
        return 1.0 if _overruns(planned, free) else 0.0

    @staticmethod
    def _order(left: Group, right: Group) -> tuple[Group, Group]:
        ranked = sorted(
            (left, right), key=lambda g: (g.incident is None, g.change is None, g.number)
        )
        return ranked[0], ranked[1]

    def _adopt(self, explainer: Explainer) -> None:
        """Side effects that came before the work itself was seen go to the change after all."""
        for planned in [g for g in self._groups.values() if g.change is not None]:
            for group in list(self._groups.values()):
                if group.change is not None or group.incident is not None:
                    continue
                assert planned.change is not None
                fits = [explainer.fit(m, planned.change) for m in group.members]
                if all(fit is not Fit.NO for fit in fits):
                    planned.join(group)
                    del self._groups[group.number]

    def _weigh(self, group: Group, now_ns: int) -> None:
        need = self._config.open_decades
        if group.change is not None:
            need = self._config.planned_decades
        if not group.ready and group.breadth() >= 1 and group.recent_surprise() >= need:
            group.ready = True
        if group.incident is None:
            return
        group.incident = self._snapshots.grown(group)
        self._events.append(Event(Step.JOINED, group.incident))
        if group.settled_ns and surprise_of(group.late) >= self._enough(group):
            self._reopen(group, now_ns)

    def _enough(self, group: Group) -> float:
        if group.change is not None:
            return self._config.planned_decades
        before = [m for m in group.members if m.anomaly.end_ns <= group.settled_ns]
        return max(self._config.open_decades / 2, _LATE_SHARE * surprise_of(before))

    def _reopen(self, group: Group, now_ns: int) -> None:
        assert group.incident is not None
        incident = transition(group.incident, IncidentState.REOPENED)
        group.incident = self._snapshots.renewed(group, incident)
        group.settled_ns, group.waiting_ns = 0, now_ns
        group.late.clear()
        self._events.append(Event(Step.REOPENED, group.incident))

    def _due(self, group: Group) -> int:
        config = self._config
        if group.incident is None:
            if group.ready:
                return group.start_ns + config.hold_s * SECOND
            return group.last_ns + config.gap_s * SECOND + 1
        if not group.settled_ns:
            quiet = group.last_ns + config.settle_s * SECOND
            patience = group.waiting_ns + config.max_wait_s * SECOND
            return max(min(quiet, patience), group.opened_ns)
        return max(group.last_ns, group.settled_ns) + config.recurrence_s * SECOND + 1

    def _step(self, group: Group, due_ns: int) -> None:
        if group.incident is None and group.ready:
            group.shed_prelude(_STRAY, _PRELUDE_NS)
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
            del self._groups[group.number]


def _is_of(group: Group, change: Change) -> bool:
    return group.change is not None and group.change.ref == change.ref


def _overruns(planned: Group, free: Group) -> bool:
    """Whether unexplained anomalies are the planned work itself, out of its bounds."""
    if free.start_ns - planned.last_ns > _OVERRUN_GAP_S * SECOND:
        return False
    mine, theirs = (next(iter(talks_of(g.members)), None) for g in (planned, free))
    return mine is not None and mine == theirs
