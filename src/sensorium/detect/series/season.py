"""What a series is at each time of the day, or of the week: means of earlier visits, by phase.

A period is cut into buckets. Each keeps the values of its latest visits, a few of each, evenly
spread over the visit. What came within the last half period is not compared with, so that nothing
is measured against itself.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from sensorium.detect.arrays import F64, I64
from sensorium.ingest.compiled import kernel

BUCKET_NS: Final = 15 * 60 * 10**9
_NEAR: Final = 2
"""Buckets to each side that count as the same time: half an hour and the rest of the bucket."""
_OF_A_VISIT: Final = 4
"""Values kept of a visit."""


class Season(NamedTuple):
    """Values (buckets, visits, 4) of earlier visits; NaN is empty. ``visits`` (buckets, 5) int64:

    how many are in the past, when the present visit was last seen, and of its values how many are
    kept in ``present`` (buckets, 4), how many came, and how many it takes for the next to be kept.
    """

    past: F64
    present: F64
    visits: I64

    @staticmethod
    def empty(period_ns: int, visits: int) -> Season:
        """Nothing known of a period; so many visits of each bucket will be kept."""
        n = period_ns // BUCKET_NS
        return Season(
            np.full((n, visits, _OF_A_VISIT), np.nan),
            np.full((n, _OF_A_VISIT), np.nan),
            np.zeros((n, 5), np.int64),
        )


@kernel
def _end_visit(season: Season, bucket: int) -> None:
    state = season.visits[bucket]
    if state[2] == 0:
        return
    slot = state[0] % season.past.shape[1]
    for i in range(_OF_A_VISIT):
        season.past[bucket, slot, i] = season.present[bucket, i]
        season.present[bucket, i] = math.nan
    state[0] += 1
    state[2] = state[3] = state[4] = 0


@kernel
def expected(season: Season, time_ns: int, x: float) -> float:
    """The value of an earlier visit at about this time that is nearest to ``x``; NaN if none."""
    n = season.past.shape[0]
    half = n * BUCKET_NS // 2
    here = (time_ns // BUCKET_NS) % n
    best, distance = math.nan, math.inf
    for offset in range(-_NEAR, _NEAR + 1):
        bucket = (here + offset) % n
        if time_ns - season.visits[bucket, 1] >= half:
            _end_visit(season, bucket)
        for slot in range(min(season.visits[bucket, 0], season.past.shape[1])):
            for i in range(_OF_A_VISIT):
                away = abs(x - season.past[bucket, slot, i])
                if away < distance:
                    best, distance = season.past[bucket, slot, i], away
    return float(best)


@kernel
def visit(season: Season, time_ns: int, x: float) -> None:
    """Take in a value; when four are kept and more come, every second of them goes."""
    bucket = (time_ns // BUCKET_NS) % season.past.shape[0]
    state = season.visits[bucket]
    state[1] = time_ns
    state[3] += 1
    if state[4] > 1 and state[3] % state[4] != 1:
        return
    if state[2] == _OF_A_VISIT:
        for i in range(_OF_A_VISIT // 2):
            season.present[bucket, i] = season.present[bucket, 2 * i]
        for i in range(_OF_A_VISIT // 2, _OF_A_VISIT):
            season.present[bucket, i] = math.nan
        state[2] = _OF_A_VISIT // 2
        state[4] = 2 * max(state[4], 1)
    season.present[bucket, state[2]] = x
    state[2] += 1
