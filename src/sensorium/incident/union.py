"""Two incidents that turn out to be one: found apart, and concluded to be the same.

Grouping sees only anomalies, and those of one cause need not touch: two users whose downloads fill
the same link have no host and no service in common. An investigation asks the telemetry and says
what it was. Where it says the same of two incidents of the same time, they are one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence

from sensorium.incident.group import Group
from sensorium.incident.lifecycle import transition
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Verdict

_CONCLUDED = frozenset({IncidentState.AWAITING_APPROVAL, IncidentState.ESCALATED})
_SURE = frozenset({Verdict.CONFIRMED, Verdict.LIKELY})
_MAIN = 2


def next_union(groups: Sequence[Group]) -> tuple[Group, Group] | None:
    """The first two whose incidents are one, the earlier incident first; None if there are none."""
    found = [
        (group.incident.start_ns, group.incident.id, group)
        for group in groups
        if group.incident is not None and group.change is None and _is_sure(group.incident)
    ]
    ordered = [group for _, _, group in sorted(found, key=lambda f: f[:2])]
    # Only incidents that count each other's main host among their first can be one.
    led: dict[str, list[int]] = defaultdict(list)
    for place, group in enumerate(ordered):
        assert group.incident is not None
        for host in dict.fromkeys(group.incident.hosts[:_MAIN]):
            led[host].append(place)
    for place, earlier in enumerate(ordered):
        assert earlier.incident is not None
        for host in earlier.incident.hosts[:1]:
            for other in led[host][bisect_right(led[host], place) :]:
                if is_one(earlier.incident, ordered[other].incident):
                    return earlier, ordered[other]
    return None


def is_one(left: Incident | None, right: Incident | None) -> bool:
    """Whether two conclusions are of one cause: of one kind, about the same, at the same time.

    About the same are two that each count the other's main host among their first two: the cause
    comes first, and of a link the router at its other end may be named first as well.
    """
    if left is None or right is None or left.kind is not right.kind:
        return False
    if left.kind is IncidentKind.UNKNOWN or not (_is_sure(left) and _is_sure(right)):
        return False
    at_once = left.start_ns < right.end_ns and right.start_ns < left.end_ns
    return at_once and _leads(left, right) and _leads(right, left)


def merged(incident: Incident, whole: Incident) -> Incident:
    """The incident as part of another. What was found out about it stays with it."""
    return transition(incident, IncidentState.MERGED, proof=f"part of {whole.id}")


def _is_sure(incident: Incident) -> bool:
    return incident.state in _CONCLUDED and incident.verdict in _SURE


def _leads(one: Incident, other: Incident) -> bool:
    return bool(one.hosts) and one.hosts[0] in other.hosts[:_MAIN]
