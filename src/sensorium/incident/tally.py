"""Surprise of anomalies that become more and more, without adding all of it up each time."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from sensorium.incident.cluster import CHANCE_DECADES, combined
from sensorium.incident.exact import grow
from sensorium.incident.footprint import Footprint
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal

Unit = tuple[str, Signal, int]
"""What one host shows in one signal and window: owner, signal, end of the window."""


class Tally:
    """What :func:`sensorium.incident.cluster.surprise_of` says of the members so far.

    Only units that a new member touches are computed again. ``count`` is how many were added.
    """

    __slots__ = ("_dirty", "_ends", "_starts", "_units", "_values", "_windows", "count")

    def __init__(self, members: Iterable[Footprint] = ()) -> None:
        self.count = 0
        self._units: dict[Unit, list[Footprint]] = {}
        self._windows: dict[tuple[EntityKind, str], list[int]] = {}
        self._values: dict[Unit, float] = {}
        self._dirty: set[Unit] = set()
        # For each end of a window: the exact sums of what was found in it, plain and beyond chance.
        self._ends: dict[int, tuple[list[float], list[float]]] = {}
        self._starts: dict[int, int] = {}
        self.add(members)

    def add(self, members: Iterable[Footprint]) -> None:
        """Count these as well."""
        for member in members:
            anomaly = member.anomaly
            end_ns = anomaly.end_ns
            windows = self._windows.setdefault((anomaly.entity.kind, anomaly.entity.key), [])
            if not windows or windows[-1] < end_ns:
                windows.append(end_ns)
            elif windows[place := bisect_left(windows, end_ns)] != end_ns:
                # The entity was odd before it was known to be: what it told later tells less.
                windows.insert(place, end_ns)
                self._dirty.update(self._units)
            unit = (member.owner, anomaly.signal, end_ns)
            self._units.setdefault(unit, []).append(member)
            self._dirty.add(unit)
            first = self._starts.get(end_ns, anomaly.start_ns)
            self._starts[end_ns] = min(first, anomaly.start_ns)
            self.count += 1

    def ids(self) -> list[str]:
        """The anomalies that were counted, sorted."""
        return sorted(m.anomaly.id for unit in self._units.values() for m in unit)

    def total(self) -> float:
        """Combined surprise in decades."""
        self._settle()
        return math.fsum(part for plain, _ in self._ends.values() for part in plain)

    def beyond_chance(self, until_ns: int | None = None) -> float:
        """Combined surprise less what chance lets each unit have, of windows that end by then."""
        self._settle()
        return math.fsum(
            part
            for end_ns, (_, beyond) in self._ends.items()
            if until_ns is None or end_ns <= until_ns
            for part in beyond
        )

    def onset_ns(self, level: float) -> int | None:
        """When the first window began by whose end ``level`` beyond chance was told, or None."""
        self._settle()
        so_far: list[float] = []
        for end_ns in sorted(self._ends):
            so_far += self._ends[end_ns][1]
            if math.fsum(so_far) >= level:
                return self._starts[end_ns]
        return None

    def _settle(self) -> None:
        for unit in self._dirty:
            value = combined(
                member.surprise / bisect_right(self._seen(member), unit[2])
                for member in self._units[unit]
            )
            plain, beyond = self._ends.setdefault(unit[2], ([], []))
            before = self._values.get(unit)
            if before is not None:
                grow(plain, -before)
                grow(beyond, -max(before - CHANCE_DECADES, 0.0))
            self._values[unit] = value
            grow(plain, value)
            grow(beyond, max(value - CHANCE_DECADES, 0.0))
        self._dirty.clear()

    def _seen(self, member: Footprint) -> list[int]:
        entity = member.anomaly.entity
        return self._windows[entity.kind, entity.key]
