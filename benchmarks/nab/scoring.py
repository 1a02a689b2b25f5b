"""NAB's scoring, from its description: Lavin and Ahmad 2015, "Evaluating real-time anomaly
detection algorithms", and the scoring notes of the benchmark's documentation.

A detector gives each row a score; rows at or above one threshold, the same for all files, are
detections. The first rows of a file (its probation) are not judged. Of the detections within a
labelled window the earliest counts: one at the window's start earns nearly 1, one at its end
nearly 0. A detection outside costs up to 1, less just after a window than far from any. A window
without detection costs 1. A profile weighs the three, and the sum is scaled so that no detection
at all is 0 and a perfect detector 100. The threshold is the one that is best for the profile over
the whole corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_PROBATION_SHARE: Final = 0.15
_PROBATION_ROWS: Final = 5000
_OUTSIDE: Final = -1


@dataclass(frozen=True, slots=True)
class Profile:
    """What a detected window earns, a false detection costs at most, and a missed window costs."""

    name: str
    hit: float
    false: float
    missed: float


PROFILES: Final = (
    Profile("standard", 1.0, 0.11, 1.0),
    Profile("low-FP", 1.0, 0.22, 1.0),
    Profile("low-FN", 1.0, 0.11, 2.0),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One file: ``scores`` (n,) of its rows, and its windows as first and last row."""

    scores: F64
    windows: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The normalised score, the threshold, windows detected, and false detections."""

    score: float
    threshold: float
    detected: int
    false: int


def probation(rows: int) -> int:
    """How many rows at the start of a file are not judged."""
    return int(_PROBATION_SHARE * min(rows, _PROBATION_ROWS))


def worth(position: F64) -> F64:
    """What a detection is worth at a position relative to a window: from nearly 1 at its start

    (-1) through 0 at its end (0) to -1 from three widths after it.
    """
    sigmoid = 2.0 / (1.0 + np.exp(5.0 * np.minimum(position, 3.0))) - 1.0
    return np.asarray(np.where(position > 3.0, -1.0, sigmoid), np.float64)


def weights(rows: int, windows: Sequence[tuple[int, int]]) -> tuple[I64, F64]:
    """Of each row, its window (-1 outside) and what a detection there is worth."""
    inside = np.full(rows, _OUTSIDE)
    value = np.full(rows, -1.0)
    best = float(worth(np.array([-1.0]))[0])
    for number, (first, last) in enumerate(windows):
        width = last - first + 1
        at = np.arange(first, last + 1)
        inside[at] = number
        value[at] = worth((at - last - 1.0) / width) / best
        until = windows[number + 1][0] if number + 1 < len(windows) else rows
        after = np.arange(last + 1, until)
        value[after] = worth((after - last) / max(width - 1.0, 1.0))
    return inside, value


def outcomes(files: Sequence[Judged]) -> dict[str, Outcome]:
    """The best outcome under each profile, each with a threshold of its own."""
    scores, inside, value, total = _joined(files)
    order = np.argsort(-scores, kind="stable")
    scores, inside, value = scores[order], inside[order], value[order]
    # As the threshold falls, rows become detections one after the other.
    earned, found = np.zeros(len(scores)), np.zeros(len(scores))
    best = np.full(total, np.nan)
    for row in np.flatnonzero(inside != _OUTSIDE).tolist():
        window = inside[row]
        if np.isnan(best[window]):
            earned[row], found[row], best[window] = value[row], 1.0, value[row]
        elif value[row] > best[window]:
            earned[row], best[window] = value[row] - best[window], value[row]
    lost = np.where(inside == _OUTSIDE, value, 0.0)
    hits, losses, detected = np.cumsum(earned), np.cumsum(lost), np.cumsum(found)
    whole = np.append(scores[1:] != scores[:-1], True)
    results = {}
    for profile in PROFILES:
        raw = hits * profile.hit + losses * profile.false - (total - detected) * profile.missed
        at = int(np.argmax(np.where(whole, raw, -np.inf)))
        results[profile.name] = Outcome(
            score=normalised(float(raw[at]), total, profile),
            threshold=float(scores[at]),
            detected=int(detected[at]),
            false=int((inside[: at + 1] == _OUTSIDE).sum()),
        )
    return results


def at_threshold(files: Sequence[Judged], threshold: float) -> dict[str, Outcome]:
    """The outcome where the threshold was fixed beforehand."""
    flat = [Judged(np.where(file.scores >= threshold, 1.0, 0.0), file.windows) for file in files]
    scores, inside, value, total = _joined(flat)
    hit = scores > 0
    windows = np.unique(inside[hit & (inside != _OUTSIDE)])
    earned = sum(float(value[hit & (inside == window)].max()) for window in windows)
    false = hit & (inside == _OUTSIDE)
    results = {}
    for profile in PROFILES:
        raw = earned * profile.hit + float(value[false].sum()) * profile.false
        raw -= (total - len(windows)) * profile.missed
        score = normalised(raw, total, profile)
        results[profile.name] = Outcome(score, threshold, len(windows), int(false.sum()))
    return results


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """0 for a detector that detects nothing, 100 for a perfect one."""
    nothing, perfect = -windows * profile.missed, windows * profile.hit
    return 100.0 * (raw - nothing) / (perfect - nothing)


def _joined(files: Sequence[Judged]) -> tuple[F64, I64, F64, int]:
    """Scores, windows numbered over all files, and worth of all judged rows; the windows' count."""
    scores, inside, value, total = [], [], [], 0
    for file in files:
        start = probation(len(file.scores))
        window, worths = weights(len(file.scores), file.windows)
        scores.append(np.nan_to_num(file.scores[start:], nan=0.0))
        inside.append(np.where(window >= 0, window + total, _OUTSIDE)[start:])
        value.append(worths[start:])
        total += len(file.windows)
    return np.concatenate(scores), np.concatenate(inside), np.concatenate(value), total
