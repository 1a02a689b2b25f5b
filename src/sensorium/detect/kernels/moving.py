"""How a series moves: whether it stands still, varies more or less than it did, or drifts.

A row of numbers and the latest values are kept of each series, and taken one step further with
each value; see :mod:`sensorium.detect.detectors.motion` for what they mean.
"""

from __future__ import annotations

import math

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.ingest.compiled import inner, kernel

RING = 9
"""Latest values kept of a series: eight steps."""

# What is kept of a series besides, (n, KEPT).
SEEN, RUN, LONGEST, CHANGED, STAYED, USUAL, USUAL_VAR = 0, 1, 2, 3, 4, 5, 6
FAST, SLOW, VAR, WANDER, STEP, SINCE = 7, 8, 9, 10, 11, 12
KEPT = 13

# What is said of a value, (n, TOLD): three scores, what was seen for each, and what was expected.
VARIATION, STILL, DRIFT = 0, 1, 2
SEEN_AT, EXPECTED_AT = 3, 6
TOLD = 9

# Windows from which each says anything.
_VARIES_FROM, _STILL_FROM, _DRIFTS_FROM = 40, 40, 120
# Windows that the usual variation, the recent mean and the mean of long ago go back.
_VARIATION_OVER, _FAST_OVER, _SLOW_OVER = 240, 20, 960
# A series that changes in fewer windows than this share may stand still.
_RESTLESS = 0.9
# What counts few things has the same number a few times in a row by chance.
_LEAST_RUN = 4
# Spreads below these are not believed: of the variation's logarithm, and of how means wander.
_LEAST_VARIATION, _LEAST_WANDER = 0.25, 0.3
# How fast the largest step is forgotten, and for how long a new level is none.
_STEP_FADES, _NEW_LEVEL = 0.97, 20


@kernel
def move(
    rows: I64,
    values: F64,
    floors: F64,
    grains: F64,
    state: F64,
    rings: F64,
    keep: bool,
    out: F64,
) -> None:
    """Say what each value (n,) makes of its series, and ``keep`` it or not.

    Rows of -1 and values that are NaN say nothing. ``floors`` (n,) are the least spreads believed,
    ``grains`` (n,) the steps below which variation means nothing.
    """
    ring, now = np.empty(RING), np.empty(KEPT)
    for i in range(len(values)):
        out[i, :] = 0.0
        row = rows[i]
        if row < 0 or not math.isfinite(values[i]):
            continue
        now[:] = state[row]
        if now[SEEN] == 0.0:
            _begin(values[i], now, ring)
        else:
            ring[:-1] = rings[row, 1:]
            ring[-1] = values[i]
            _still(ring, now, out[i])
            _varies(ring, grains[i], now, out[i])
            _drifts(ring, floors[i], now, out[i])
            now[SEEN] += 1.0
        if keep:
            state[row], rings[row] = now, ring


@kernel
def settle(rows: I64, which: Bool, state: F64) -> None:
    """Take the present level of some rows as the usual one."""
    for i in range(len(rows)):
        if which[i] and rows[i] >= 0:
            state[rows[i], SLOW] = state[rows[i], FAST]


@inner
def _middle(values: F64) -> float:
    """The median of an even number of values, which are put in order."""
    for i in range(1, len(values)):
        one, at = values[i], i
        while at and values[at - 1] > one:
            values[at] = values[at - 1]
            at -= 1
        values[at] = one
    half = len(values) // 2
    return float(values[half - 1] + values[half]) / 2.0


@inner
def _begin(value: float, now: F64, ring: F64) -> None:
    now[:] = 0.0
    ring[:] = value
    now[SEEN], now[FAST], now[SLOW] = 1.0, value, value


@inner
def _still(ring: F64, now: F64, out: F64) -> None:
    """A run of equal values, longer than any before, by how seldom the series stays as it is."""
    windows = now[CHANGED] + now[STAYED]
    if ring[-1] != ring[-2]:
        now[LONGEST] = max(now[LONGEST], now[RUN])
        now[STAYED] += now[RUN]
        now[CHANGED] += 1.0
        now[RUN] = 0.0
        return
    now[RUN] += 1.0
    restless = windows >= _STILL_FROM and now[CHANGED] >= _RESTLESS * windows
    if restless and now[RUN] >= _LEAST_RUN and now[RUN] > now[LONGEST]:
        out[STILL] = -now[RUN] * math.log10((now[STAYED] + 1.0) / (windows + 2.0))
        out[SEEN_AT + STILL] = now[RUN]


@inner
def _varies(ring: F64, grain: float, now: F64, out: F64) -> None:
    """The median step of the latest, on a logarithmic scale, against what it usually is."""
    past = now[SEEN] - (RING - 1)
    if past < 0.0:
        return
    size = _middle(np.abs(ring[1:] - ring[:-1]))
    found = math.log(size + grain)
    if past == 0.0:
        now[USUAL] = found
    spread = max(math.sqrt(now[USUAL_VAR]), _LEAST_VARIATION)
    away = found - now[USUAL]
    if past >= _VARIES_FROM and now[CHANGED] >= now[STAYED]:
        out[VARIATION] = away / spread
        out[SEEN_AT + VARIATION] = size
        out[EXPECTED_AT + VARIATION] = max(math.exp(now[USUAL]) - grain, 0.0)
    away = min(max(away, -3.0 * spread), 3.0 * spread)
    pace = 1.0 / min(past + 1.0, _VARIATION_OVER)
    now[USUAL] += pace * away
    now[USUAL_VAR] += pace * (away * away - now[USUAL_VAR])


@inner
def _drifts(ring: F64, floor: float, now: F64, out: F64) -> None:
    """The mean of late against that of long ago, where no single step explains the distance."""
    seen, value = now[SEEN], ring[-1]
    now[FAST] += (value - now[FAST]) / min(seen + 1.0, _FAST_OVER)
    jump = abs(_middle(ring[-4:].copy()) - _middle(ring[-8:-4].copy()))
    now[STEP] = max(_STEP_FADES * now[STEP], jump)
    spread = max(math.sqrt(now[VAR]), floor)
    away = now[FAST] - now[SLOW]
    far, gradual = away / spread, abs(away) > 2.0 * now[STEP]
    wander = max(math.sqrt(now[WANDER]), _LEAST_WANDER)
    if seen >= _DRIFTS_FROM and gradual:
        out[DRIFT] = far / wander
    out[SEEN_AT + DRIFT], out[EXPECTED_AT + DRIFT] = now[FAST], now[SLOW]
    pace = 1.0 / min(seen + 1.0, _SLOW_OVER)
    most = 2.5 * spread if seen >= _FAST_OVER else math.inf
    one = min(max(value - now[SLOW], -most), most)
    now[SLOW] += pace * one
    now[VAR] += pace * (one * one - now[VAR])
    now[WANDER] += pace * (min(far * far, 3.0 * wander * wander) - now[WANDER])
    # A step to another level is what the level's own detector tells; here it becomes usual.
    now[SINCE] = now[SINCE] + 1.0 if abs(far) > 3.0 and not gradual else 0.0
    if now[SINCE] >= _NEW_LEVEL:
        # Not the recent mean: that is still on its way, and the rest would look like drift.
        now[FAST] = now[SLOW] = np.sort(ring)[2:-2].mean()
        now[SINCE] = 0.0
