"""When each scenario happens: decided before anything starts, from the seed alone. No I/O."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can happen."""

    INTRUSION = "intrusion"
    SERVICE_FAILURE = "service_failure"
    LINK_FAULT = "link_fault"
    BACKUP = "backup"
    DEPLOYMENT = "deployment"


PLANNED = frozenset({Kind.BACKUP, Kind.DEPLOYMENT})
_SECONDS = {
    Kind.INTRUSION: 150,
    Kind.SERVICE_FAILURE: 130,
    Kind.LINK_FAULT: 120,
    Kind.BACKUP: 110,
    Kind.DEPLOYMENT: 40,
}
_WARM_UP, _GAP, _TAIL = 420, 125, 120


class PlanError(Exception):
    """The plan asked for cannot be made; the text says why."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One scenario's place: seconds after the recording's start, and how long it takes."""

    id: str
    kind: Kind
    start_s: int
    duration_s: int
    # The other scenarios that run at the same time; one cast may lean on another's.
    together_with: tuple[Kind, ...] = ()

    @property
    def end_s(self) -> int:
        """When it should be over."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Plan:
    """All slots in order of time, and the length of the whole recording in seconds."""

    name: str
    seed: int
    slots: tuple[Slot, ...]
    total_s: int


def make_plan(
    seed: int, name: str = "full", *, minutes: float | None = None, only: tuple[Kind, ...] = ()
) -> Plan:
    """Lay out a recording.

    ``name`` is ``full`` (all five kinds, one after another, in an order the seed chooses),
    ``quiet`` (none) or kinds joined by ``+`` (at the same time, such as ``backup+intrusion``).
    ``only`` keeps some kinds of a full plan. ``minutes`` makes the quiet parts longer or shorter.
    PlanError if the name is unknown or the scenarios do not fit.
    """
    rng = random.Random(f"plan/{seed}/{name}")
    if name == "quiet":
        return Plan(name, seed, (), round(60 * (minutes or 15)))
    if "+" in name:
        groups = [tuple(_kind(word) for word in name.split("+"))]
    else:
        if name != "full":
            raise PlanError(f"no plan is called {name!r}: say full, quiet or backup+intrusion")
        kinds = [k for k in Kind if not only or k in only]
        rng.shuffle(kinds)
        groups = [(kind,) for kind in kinds]
    lengths = [_group_length(group) for group in groups]
    quiet = _WARM_UP + _GAP * (len(groups) - 1) + _TAIL
    scale = 1.0
    if minutes is not None:
        scale = (60 * minutes - sum(lengths) - 60) / quiet
        if scale < 0.05:
            raise PlanError(f"{minutes:g} minutes are too short: take {sum(lengths) // 60 + 2}")
    elif "+" in name:
        scale = (15 * 60 - sum(lengths)) / quiet
    return _lay_out(Plan(name, seed, (), 0), groups, scale, rng)


def _kind(word: str) -> Kind:
    try:
        return Kind(word.strip())
    except ValueError as error:
        raise PlanError(
            f"no scenario is called {word!r}: there are {', '.join(k.value for k in Kind)}"
        ) from error


def _group_length(group: tuple[Kind, ...]) -> int:
    # A backup that must cover another scenario runs from before it until after it.
    if Kind.BACKUP in group and len(group) > 1:
        return max(_SECONDS[k] for k in group) + 60
    return max(_SECONDS[k] for k in group)


def _lay_out(empty: Plan, groups: list[tuple[Kind, ...]], scale: float, rng: random.Random) -> Plan:
    slots: list[Slot] = []
    now = round(_WARM_UP * scale)
    for group in groups:
        start = now + rng.randrange(0, 12) if scale >= 0.5 else now
        if Kind.BACKUP in group:
            start = -(-now // 60) * 60  # cron starts things on the minute
        length = _group_length(group)
        for kind in group:
            others = tuple(k for k in group if k is not kind)
            inside = 20 if others and kind is not Kind.BACKUP else 0
            seconds = length if kind is Kind.BACKUP else _SECONDS[kind]
            slots.append(
                Slot(f"{kind.value}-{len(slots) + 1}", kind, start + inside, seconds, others)
            )
        now = start + length + round(_GAP * scale)
    total = now - round(_GAP * scale) + max(20, round(_TAIL * scale))
    return Plan(empty.name, empty.seed, tuple(sorted(slots, key=lambda s: s.start_s)), total)
