"""Groups of anomalies that announced changes explain."""

from __future__ import annotations

from collections.abc import Sequence

from sensorium.incident.cluster import Cluster
from sensorium.incident.config import IncidentConfig
from sensorium.incident.explained import Explainer, Fit
from sensorium.incident.footprint import Footprint
from sensorium.incident.group import SECOND, Group
from sensorium.incident.groups import Groups
from sensorium.model.change import Change

_IDLE_NS = 120 * SECOND
_DOUBT_NS = 300 * SECOND


class PlannedWork:
    """Sorts explained anomalies to their changes, and side effects only where work is seen.

    A side effect that comes before the work itself is seen (a host's counters move at once, its
    flows are told of a minute later) waits in a group of its own. If the work does not show in
    time, the change is doubted and its side effects are anomalies like others: ``doubted`` says
    since when (Unix ns), by its reference.
    """

    def __init__(self, groups: Groups, config: IncidentConfig) -> None:
        self._groups = groups
        self._patience_ns = config.gap_s * SECOND
        self.doubted: dict[str, int] = {}

    def take(self, print_: Footprint, fit: Fit, change: Change) -> bool:
        """Put an anomaly with the change that explains it; false if it must not excuse it."""
        end_ns = print_.anomaly.end_ns
        group = self._of(change)
        if fit is Fit.TRAFFIC:
            if group is None:
                group = self._groups.new()
                group.change = change
            group.work_ns = max(group.work_ns, end_ns)
        elif group is None:
            group = self._waiting(change, end_ns)
        elif end_ns - group.work_ns > _IDLE_NS:
            return False
        if group is None:
            return False
        group.absorb(Cluster(print_.owner, [print_]), extends=True)
        return True

    def adopt(self, explainer: Explainer) -> None:
        """Give the work what waited for it, and earlier groups that it explains in full."""
        for planned in self._groups:
            if planned.change is None:
                continue
            for group in self._groups:
                if group.change is not None or group.incident is not None:
                    continue
                waited = group.awaits is not None and group.awaits.ref == planned.change.ref
                if waited or _explains(explainer, planned.change, group.members):
                    group.awaits = None
                    self._groups.absorb(planned, group)

    def release(self, now_ns: int) -> set[int]:
        """Free the groups whose work has not shown in time; returns their numbers."""
        freed = set()
        for group in self._groups:
            if group.awaits is not None and now_ns >= group.start_ns + self._patience_ns:
                self.doubted[group.awaits.ref] = now_ns
                group.awaits = None
                freed.add(group.number)
        return freed

    def _of(self, change: Change) -> Group | None:
        mine = (g for g in self._groups if g.change is not None and g.change.ref == change.ref)
        return next(mine, None)

    def _waiting(self, change: Change, now_ns: int) -> Group | None:
        doubted = self.doubted.get(change.ref)
        if doubted is not None and now_ns - doubted < _DOUBT_NS:
            return None
        for group in self._groups:
            if group.awaits is not None and group.awaits.ref == change.ref:
                return group
        group = self._groups.new()
        group.awaits = change
        return group


def _explains(explainer: Explainer, change: Change, members: Sequence[Footprint]) -> bool:
    return all(explainer.fit(member, change) is not Fit.NO for member in members)
