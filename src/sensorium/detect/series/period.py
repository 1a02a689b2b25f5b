"""After how many rows a series repeats itself: the lag at which it is most like its own past."""

from __future__ import annotations

import math
from typing import Final

from sensorium.detect.arrays import F64
from sensorium.ingest.compiled import inner

SHORTEST: Final = 8
"""Rows of the shortest shape: of fewer there is not much of a shape."""
LIKENESS: Final = 0.6
"""Autocorrelation from which a series is said to repeat itself."""
_UNLIKE: Final = 0.2
"""A lag is a period only beyond one at which the series is unlike itself."""
_NEARLY_BEST: Final = 0.9
"""The shortest of lags nearly as good as the best is taken: two periods are as good as one."""


@inner
def covered(xs: F64, ys: F64) -> float:
    """The sum of products of values. Four at once: each addition waits for the one before it."""
    n = len(xs)
    one = two = three = four = 0.0
    for i in range(0, n - 3, 4):
        one += xs[i] * ys[i]
        two += xs[i + 1] * ys[i + 1]
        three += xs[i + 2] * ys[i + 2]
        four += xs[i + 3] * ys[i + 3]
    for i in range(n - n % 4, n):
        one += xs[i] * ys[i]
    return one + two + three + four


@inner
def likeness(xs: F64, lag: int) -> float:
    """The autocorrelation at ``lag`` of values ``xs`` with mean zero; 0 where nothing moves."""
    later, sooner = xs[lag:], xs[: len(xs) - lag]
    size = math.sqrt(covered(later, later)) * math.sqrt(covered(sooner, sooner))
    return covered(later, sooner) / size if size > 0.0 else 0.0


@inner
def level(xs: F64) -> None:
    """Take the line that fits best off the values, in place."""
    n = len(xs)
    middle, mean = (n - 1) / 2.0, 0.0
    for i in range(n):
        mean += xs[i] / n
    slope = total = 0.0
    for i in range(n):
        slope += (i - middle) * (xs[i] - mean)
        total += (i - middle) ** 2
    slope /= max(total, 1.0)
    for i in range(n):
        xs[i] -= mean + slope * (i - middle)


@inner
def period(xs: F64, longest: int) -> int:
    """The period of levelled values, at most ``longest`` rows; 0 where they do not repeat."""
    n = len(xs)
    last = min(longest, n // 2)
    later = sooner = covered(xs, xs)
    before = like = 1.0
    best, found, unlike = 0.0, 0, False
    for lag in range(1, last + 2):
        later -= xs[lag - 1] * xs[lag - 1]
        sooner -= xs[n - lag] * xs[n - lag]
        if later <= 0.0 or sooner <= 0.0:
            break
        after = covered(xs[lag:], xs[: n - lag]) / (math.sqrt(later) * math.sqrt(sooner))
        peak = like >= before and like > after
        if unlike and peak and lag > SHORTEST and like * _NEARLY_BEST > best:
            best, found = like, lag - 1
        unlike |= after < _UNLIKE
        before, like = like, after
    return found if best >= LIKENESS else 0
