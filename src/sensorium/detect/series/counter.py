"""Counters: series that grow until they start again. What matters of them is their increase."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64, I64
from sensorium.ingest.compiled import kernel

_FEWEST: Final = 20
_RESETS: Final = 0.02
_NS: Final = 1e9


def is_counter(values: F64) -> bool:
    """Whether a history is a counter's: it never falls but to start again, and mostly grows.

    A start again is a fall to less than half; at most one step in fifty may be one. At least
    twenty steps are needed to say so.
    """
    known = values[np.isfinite(values)]
    steps = np.diff(known)
    if len(steps) < _FEWEST or known.min() < 0:
        return False
    falls = steps < 0
    started = known[1:][falls] < known[:-1][falls] / 2
    few = falls.sum() <= _RESETS * len(steps)
    return bool(started.all() and few and (steps > 0).sum() > len(steps) / 2)


@kernel
def increases(times: I64, values: F64, timed: bool, before: F64, last: I64) -> F64:
    """The increase since the value before, per second where rows have times, else per row.

    NaN where there is no value before, where no time has passed, and where the counter started
    again, since what it counted until then is not known. ``before`` (1,) and ``last`` (1,) carry
    the latest value (NaN: none) and its time.
    """
    out = np.full(len(values), np.nan)
    for i in range(len(values)):
        x = values[i]
        if not math.isfinite(x):
            continue
        seconds = (times[i] - last[0]) / _NS if timed else 1.0
        if x >= before[0] and seconds > 0.0:
            out[i] = (x - before[0]) / seconds
        before[0] = x
        if timed:
            last[0] = times[i]
    return out
