"""What grouping knows, as plain values that outlast the process: groups, and what is not one's.

A group's members are told by the ids of their anomalies, which are kept elsewhere, with what was
known only when they came: how surprising they were then, and by which address their hosts were
known. All that follows from the members is made again from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sensorium.incident.footprint import Footprint, footprint
from sensorium.incident.group import Group
from sensorium.incident.tally import Tally
from sensorium.model.anomaly import Anomaly
from sensorium.model.change import Change, ChangeKind, ChangeScope
from sensorium.state.arrays import StateError

FORMAT: Final = 1

Plain = Mapping[str, Any]
"""What JSON can say."""

Mark = tuple[Any, ...]
"""Two marks of one group differ where there is news of it."""

_TIMES: Final = ("start_ns", "last_ns", "news_ns", "opened_ns", "settled_ns", "waiting_ns")


@contextmanager
def whole() -> Iterator[None]:
    """What fails within for want of something, or for something of another kind, is StateError."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise StateError(f"what was kept of groups is not whole: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Kept:
    """All that was written: ``common`` is what belongs to no single group, ``groups`` are by
    number."""

    common: Plain
    groups: Mapping[int, Plain]

    @property
    def folded_ns(self) -> int:
        """The event time as of which it was written; StateError where it does not say."""
        folded_ns = self.common.get("folded_ns") if isinstance(self.common, dict) else None
        if not isinstance(folded_ns, int):
            raise StateError("it does not say as of when it is")
        return folded_ns

    def anomaly_ids(self) -> list[str]:
        """The anomalies that are needed to go on from it; StateError where it is not whole."""
        with whole():
            told = [[m[0] for m in [*g["members"], *g["shed"]]] for g in self.groups.values()]
            return [str(name) for ids in [*told, self.common["waiting"]] for name in ids]

    def incident_ids(self) -> list[str]:
        """The incidents that are needed to go on from it; StateError where it is not whole."""
        with whole():
            return [str(g["incident"]) for g in self.groups.values() if g["incident"]]


@dataclass(frozen=True, slots=True)
class News:
    """What differs from what was written last: groups to write again, and those that are gone."""

    common: Plain
    groups: Mapping[int, Plain]
    gone: Sequence[int]
    marks: Mapping[int, Mark] = field(repr=False)


class Ledger:
    """Knows what was written of each group, so that only news is written."""

    def __init__(self) -> None:
        self._written: dict[int, Mark] = {}

    def news(self, groups: Iterable[Group], common: Plain) -> News:
        """What is to be written for the groups as they are now."""
        alive = {group.number: group for group in groups}
        marks = {number: mark(group) for number, group in alive.items()}
        return News(
            common={**common, "format": FORMAT, "groups": list(alive)},
            groups={n: told(g) for n, g in alive.items() if self._written.get(n) != marks[n]},
            gone=[number for number in self._written if number not in alive],
            marks=marks,
        )

    def written(self, marks: Mapping[int, Mark]) -> None:
        """Take note that this is how groups are written now."""
        self._written = dict(marks)


def mark(group: Group) -> Mark:
    """Changes with everything that :func:`told` tells: whatever happens to a group adds members,
    drops some, or moves one of the others."""
    return (
        len(group.members),
        len(group.shed),
        len(group.lingering),
        0 if group.late is None else group.late.count,
        group.touches.at_ns,
        tuple(getattr(group, name) for name in _TIMES),
        group.work_ns,
        group.ready,
        group.is_forwarding,
        "" if group.incident is None else group.incident.id,
        group.change,
        group.awaits,
    )


def told(group: Group) -> Plain:
    """A group as plain values; its incident is told by its id."""
    touches = group.touches
    return {
        **{name: getattr(group, name) for name in _TIMES},
        "work_ns": group.work_ns,
        "ready": group.ready,
        "is_forwarding": group.is_forwarding,
        "incident": "" if group.incident is None else group.incident.id,
        "change": None if group.change is None else asdict(group.change),
        "awaits": None if group.awaits is None else asdict(group.awaits),
        "touches": {"at_ns": touches.at_ns, "weights": list(touches.weights.items())},
        "members": [_told(member) for member in group.members],
        "shed": [_told(member) for member in group.shed],
        "lingering": sorted(group.lingering),
        "late": None if group.late is None else group.late.ids(),
    }


def _told(member: Footprint) -> list[Any]:
    return [member.anomaly.id, member.surprise, member.aliases]


def put_back(group: Group, plain: Plain, anomalies: Mapping[str, Anomaly]) -> None:
    """Make a new group what :func:`told` told of one, but for its incident.

    Within :func:`whole`, StateError where something is missing or is not what it should be.
    """
    members = [_member(entry, anomalies) for entry in plain["members"]]
    if not members:
        raise ValueError("a group without members")
    group.put_back(members, [_member(entry, anomalies) for entry in plain["shed"]])
    touches = plain["touches"]
    group.touches.put_back(touches["weights"], int(touches["at_ns"]))
    for name in (*_TIMES, "work_ns"):
        setattr(group, name, int(plain[name]))
    group.ready, group.is_forwarding = bool(plain["ready"]), bool(plain["is_forwarding"])
    group.change, group.awaits = _change(plain["change"]), _change(plain["awaits"])
    group.lingering = set(plain["lingering"])
    if plain["late"] is not None:
        late = set(plain["late"])
        group.late = Tally(m for m in members if m.anomaly.id in late)


def _member(entry: Sequence[Any], anomalies: Mapping[str, Anomaly]) -> Footprint:
    anomaly_id, surprise, aliases = entry
    known: Mapping[str, str] = dict(aliases)
    return footprint(anomalies[anomaly_id], lambda a: known.get(a, a), surprise=float(surprise))


def _change(plain: Plain | None) -> Change | None:
    if plain is None:
        return None
    scope = plain["scope"]
    several = {name: tuple(scope[name]) for name in ("hosts", "peers", "ports")}
    return Change(
        **{**plain, "kind": ChangeKind(plain["kind"]), "scope": ChangeScope(**{**scope, **several})}
    )
