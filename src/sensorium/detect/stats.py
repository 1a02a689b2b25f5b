"""What detection has done: counts by detector, and the history from which a rate follows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal

_HISTORY = 20_160


@dataclass(frozen=True, slots=True)
class WindowCount:
    """One closed window: how many entities were scored and how many passed.

    ``warm`` is false while the stream was only learned from.
    """

    start_ns: int
    scored: int
    passed: int
    warm: bool


@dataclass(frozen=True, slots=True)
class DetectorStats:
    """One detector since the start; ``entities`` is how many it holds in memory now.

    ``scored``, ``passed`` and ``held_back`` (beyond the gate, but a storm left no budget for them)
    count entities times windows, after warm-up only.
    """

    name: str
    kind: EntityKind
    scored: int
    passed: int
    entities: int
    held_back: int = 0


@dataclass(frozen=True, slots=True)
class DetectStats:
    """A snapshot; all counts are since the start.

    ``records`` are rows observed by signal; ``clamped_*`` are records whose event time was moved
    because it lay before arrival less the lateness, after arrival, or in a closed window.
    ``history`` holds the latest windows, oldest first, at most a week of them.
    """

    detectors: tuple[DetectorStats, ...]
    records: dict[Signal, int]
    windows: int
    clamped_late: int
    clamped_future: int
    clamped_closed: int
    templates: int
    history: tuple[WindowCount, ...]

    @property
    def scored(self) -> int:
        """Entities scored, over all detectors and windows after warm-up."""
        return sum(detector.scored for detector in self.detectors)

    @property
    def passed(self) -> int:
        """Entities that passed."""
        return sum(detector.passed for detector in self.detectors)

    @property
    def held_back(self) -> int:
        """Entities beyond the gate that a storm left no budget for."""
        return sum(detector.held_back for detector in self.detectors)

    @property
    def pass_rate(self) -> float:
        """Share of scored entity windows that passed; 0 before any was scored."""
        return self.passed / self.scored if self.scored else 0.0

    def quiet_rate(self, busy: Iterable[tuple[int, int]], window_ns: int) -> float:
        """The pass rate of warm windows that overlap none of the ``busy`` [start, end) spans."""
        spans = list(busy)
        quiet = [
            count
            for count in self.history
            if count.warm
            and not any(s < count.start_ns + window_ns and count.start_ns < e for s, e in spans)
        ]
        scored = sum(count.scored for count in quiet)
        return sum(count.passed for count in quiet) / scored if scored else 0.0


@dataclass(slots=True)
class Tally:
    """The running counts behind :class:`DetectStats`."""

    scored: dict[str, int] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    held_back: dict[str, int] = field(default_factory=dict)
    records: dict[Signal, int] = field(default_factory=dict)
    windows: int = 0
    history: deque[WindowCount] = field(default_factory=lambda: deque(maxlen=_HISTORY))

    def add(self, name: str, scored: int, passed: int, held_back: int) -> None:
        """Count one detector's window."""
        counts = (self.scored, scored), (self.passed, passed), (self.held_back, held_back)
        for total, count in counts:
            total[name] = total.get(name, 0) + count
