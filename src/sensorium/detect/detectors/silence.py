"""What always spoke and now says nothing: hosts, exporters, services, log senders, targets.

An entity that was there in nearly every window is expected in the next. How improbable a run of
silent windows is follows from how often it was absent before; a run no longer than one that it
has survived before says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import improbability
from sensorium.detect.keys import KeyIndex
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.tail import sigmas
from sensorium.model.anomaly import Entity, Feature
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import (
    Array,
    State,
    columns,
    joined,
    part,
    put_columns,
    taken,
    taken_texts,
    texts,
)

FEATURES = (improbability("silence", "was silent (improbability {})"),)

_REGULAR = 0.9
_SETTLED = 10
_COUNTS = ("present", "absent", "run", "longest")


@dataclass(frozen=True, slots=True)
class Present:
    """Who spoke in a window: distinct ``keys``, and marks from which their names follow."""

    keys: U64
    marks: npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Watch:
    """A kind of entity whose silence is watched: who is ``present`` in a window, of what type
    their marks are, and the name and the host that a mark stands for.

    Most entities are never told of, so that marks are kept and names are not.
    """

    present: Callable[[Window], Present]
    marks: np.dtype[Any]
    told: Callable[[Any], tuple[str, str]]


class _Presence:
    """Counts per row: windows present and absent, the current absence, the longest so far."""

    def __init__(self, capacity: int, marks: np.dtype[Any]) -> None:
        self.index = KeyIndex(capacity)
        self.present = np.zeros(0, np.int32)
        self.absent = np.zeros(0, np.int32)
        self.run = np.zeros(0, np.int32)
        self.longest = np.zeros(0, np.int32)
        self.marks = np.zeros(0, marks)

    def here(self, keys: U64) -> Bool:
        """Which rows those of ``keys`` that are known have."""
        rows = self.index.find(keys)
        out = np.zeros(self.index.rows_used, np.bool_)
        out[rows[rows >= 0]] = True
        return out

    def grow(self) -> None:
        size = self.index.rows_used
        if size > len(self.run):
            for name in ("present", "absent", "run", "longest", "marks"):
                column = getattr(self, name)
                grown = np.zeros(min(2 * size, self.index.capacity), column.dtype)
                grown[: len(column)] = column
                setattr(self, name, grown)

    def reset(self, rows: I64) -> None:
        for counts in (self.present, self.absent, self.run, self.longest):
            counts[rows] = 0

    def state(self) -> State:
        used = self.index.rows_used
        return {
            **joined(index=self.index.state(), marks=_kept_marks(self.marks[:used])),
            **columns(self, used, *_COUNTS),
        }

    def restore(self, state: State) -> None:
        self.index.restore(part(state, "index"))
        used = self.index.rows_used
        put_columns(self, state, used, *_COUNTS)
        self.marks = _taken_marks(part(state, "marks"), used, self.marks.dtype)

    def improbability(self, rows: I64, run: I64) -> F64:
        absent, present = self.absent[rows], self.present[rows]
        idle = (absent + 1.0) / (absent + present + 2.0)
        return np.where(run > self.longest[rows], -run * np.log10(idle), 0.0)


def _kept_marks(marks: Array) -> State:
    """Marks as plain arrays: texts, or a column for each of their fields."""
    if marks.dtype.names is None:
        return joined(text=texts(mark or "" for mark in marks.tolist()))
    return {name: np.ascontiguousarray(marks[name]) for name in marks.dtype.names}


def _taken_marks(state: State, rows: int, dtype: np.dtype[Any]) -> Array:
    marks = np.zeros(rows, dtype)
    if dtype.names is None:
        marks[:] = taken_texts(state, "text", rows)
        return marks
    for name in dtype.names:
        column = marks[name]
        column[:] = taken(state, name, column.dtype, *column.shape)
    return marks


class SilenceDetector:
    """Scores the regular entities of one kind that are missing from the window.

    With an ``upstream`` detector, nothing is claimed while one of its entities is missing: who
    is seen through a silent exporter is not silent.
    """

    features = FEATURES

    def __init__(
        self,
        config: DetectConfig,
        *,
        name: str,
        kind: EntityKind,
        signal: Signal,
        watch: Watch,
        upstream: SilenceDetector | None = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.signal = signal
        self._watch = watch
        self._upstream = upstream
        self._forget_after = config.hold_windows
        self._seconds = config.window_seconds
        self._state = _Presence(config.max_entities, watch.marks)
        self._latest: tuple[Window, Present, tuple[U64, I64, Bool]] | None = None

    def score(self, window: Window) -> Scored:
        """One row per regular entity; those present score zero."""
        keys, rows, missing = self._regular(window)
        if not len(keys) or not window.complete:
            return Scored.nothing(1)
        run = np.where(missing, self._state.run[rows] + 1, 0)
        odd = np.where(missing, self._state.improbability(rows, run), 0.0)[:, None]
        if self._upstream is not None and self._upstream.missing(window):
            odd = np.zeros_like(odd)
        seconds = (run * self._seconds).astype(np.float64)[:, None]
        return Scored(
            keys, seconds, np.zeros_like(seconds), odd, rows, np.zeros(len(keys), np.int64)
        )

    def missing(self, window: Window) -> bool:
        """Whether any regular entity is missing from the window."""
        return bool(self._regular(window)[2].any())

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Count presence and absence, and forget those silent for long."""
        self._regular(window)
        assert self._latest is not None
        state, present = self._state, self._latest[1]
        self._latest = None
        rows, fresh = state.index.admit(present.keys, window.index)
        state.grow()
        state.reset(rows[fresh])
        state.marks[rows[fresh]] = present.marks[fresh]
        here = rows[rows >= 0]
        state.absent[here] += state.run[here]
        state.longest[here] = np.maximum(state.longest[here], state.run[here])
        state.run[here] = 0
        state.present[here] += 1
        known = state.index.rows
        absent = np.ones(state.index.rows_used, np.bool_)
        absent[here] = False
        state.run[known[absent[known]]] += 1
        gone = state.run[known] > self._forget_after
        if gone.any():
            state.index.remove(state.index.keys[gone])

    def explain(
        self, window: Window, scored: Scored, place: int, features: Sequence[int]
    ) -> Explanation:
        """Name who is silent, for how long, and how regular it was."""
        row = int(scored.places[place])
        name, host = self._watch.told(self._state.marks[row])
        state = self._state
        windows = int(state.present[row] + state.absent[row])
        share = 100.0 * float(state.present[row]) / max(windows, 1)
        seconds = float(scored.values[place, 0])
        what = {Signal.FLOWS: "flows", Signal.LOGS: "log lines", Signal.METRICS: "samples"}
        return Explanation(
            entity=Entity(self.kind, name),
            hosts=(host,) if host else (),
            peers=(),
            summary=(
                f"{name} has been silent for {seconds:.0f} s: no {what[self.signal]}, expected "
                f"some in each window ({share:.0f} % of {windows} windows before)"
            ),
            features=(
                Feature(
                    name="silent_seconds",
                    value=seconds,
                    expected=0.0,
                    score=sigmas(float(scored.oddness[place, 0])),
                    unit="s",
                ),
            ),
        )

    def state(self) -> State:
        """Who was there how often, and who they are."""
        return self._state.state()

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._state.restore(state)
        self._latest = None

    def entities(self) -> int:
        """Entities remembered."""
        return len(self._state.index)

    def _regular(self, window: Window) -> tuple[U64, I64, Bool]:
        """Keys and rows of the regular entities, and which are missing from the window."""
        if self._latest is None or self._latest[0] is not window:
            state = self._state
            keys, rows = state.index.keys, state.index.rows
            total = state.present[rows] + state.absent[rows]
            regular = (total >= _SETTLED) & (state.present[rows] >= _REGULAR * total)
            keys, rows = keys[regular], rows[regular]
            present = self._watch.present(window)
            missing = ~state.here(present.keys)[rows]
            self._latest = (window, present, (keys, rows, missing))
        return self._latest[2]
