"""How the metric series of a host go together, and what of a window does not.

A row of numbers is kept of each series, its covariances with the series that share its host's
table, and a row of each host; see :mod:`sensorium.detect.detectors.metric_host`.

A series' *distance* is what it is above its centre, in its own deviations; those of one host are
``z``. With the covariance of distances, shrunk towards the identity (Ledoit & Wolf 2004), as S, a
series' *remainder* is what the others do not explain of it, ``(S^-1 z)_j / (S^-1)_jj``, and the
host's *length* is ``z' S^-1 z`` over the number of series (Mahalanobis 1936). Both are measured by
what they were in earlier windows, each judged before it was learned: so a relation that holds only
in the windows it was learned from counts for nothing.
"""

from __future__ import annotations

import math

import numpy as np

from sensorium.detect.arrays import F32, F64, I64, Bool
from sensorium.ingest.compiled import inner, kernel

PLACES = 32
"""Series of a host that are judged together, at most."""
LEAST = 3
"""Series that must be within what is usual for anything to be said."""

# What is kept of a series, (n, KEPT). AT is the window it was last seen in, COUNT the windows since
# its centre began anew, WEIGHT how much of its host's covariances are from when it was there.
SEEN, CHANGED, LAST, AT, CENTRE, COUNT, VAR, OUT = 0, 1, 2, 3, 4, 5, 6, 7
KNOWN, WEIGHT, MISSED, OWN, TRIED, BEFORE = 8, 9, 10, 11, 12, 13
KEPT = 14
# What is kept of a host, (h, HOST_KEPT).
WINDOWS, USUAL, USUAL_VAR, MEASURED, LONG_BEFORE, HELD = 0, 1, 2, 3, 4, 5
HOST_KEPT = 6
# What is said of a host, (h, TOLD): is anything, two scores, which place is apart, what was seen
# and expected there, the length and what is usual, and how many series were within what is usual.
SAID, APART, TOGETHER, WHO, SEEN_THERE, EXPECTED_THERE, LENGTH, USUAL_LENGTH, WITHIN = range(9)
TOLD = 9
# What is said of each of its series, (h, PLACES, DETAIL): the remainder as a score, what the others
# lead to expect, and its part of the length.
REMAINDER, BY_OTHERS, PART = 0, 1, 2
DETAIL = 3

# Windows from which a centre, and a host's relations, are trusted.
SETTLED, _RELATED = 10, 20
# Windows that centre, deviation and covariance go back.
_CENTRE_OVER, _VAR_OVER, _RELATIONS_OVER, _REMAINDERS_OVER = 60.0, 240.0, 960.0, 480.0
# A series farther from its centre than this, in its deviations, is the matter of those that judge
# it alone; after two such windows it is on another level.
FARTHEST, _NEW_LEVEL = 4.0, 2
# So much of a distance teaches the centre and the deviation.
_LEARNED = 3.0
# A series that was missing for longer begins its centre anew.
_GAP = 20.0
_RIDGE = 0.05
# Only a series of which the others usually explain half can be apart from them.
_UNEXPLAINED, _LEAST_TRIED = 0.5, 40.0
_TINY = 1e-12


@inner
def _deviation(one: F64, floor: float) -> float:
    return max(math.sqrt(one[VAR]), 0.5 * floor, _TINY)


@kernel
def follow(rows: I64, values: F64, floors: F64, frozen: Bool, now: int, state: F64) -> None:
    """Let centre and deviation of each series learn its value (n,).

    Rows of -1 and NaN are left out. ``floors`` (n,) are the least spreads believed. The centres of
    ``frozen`` series stay.
    """
    for i in range(len(rows)):
        if rows[i] < 0 or not math.isfinite(values[i]):
            continue
        one, value = state[rows[i]], values[i]
        if now - one[AT] > _GAP:
            one[COUNT] = 0.0
        one[SEEN] += 1.0
        changed = 1.0 if one[SEEN] > 1.0 and value != one[LAST] else 0.0
        one[CHANGED] += (changed - one[CHANGED]) / min(one[SEEN], _VAR_OVER)
        one[LAST], one[AT] = value, float(now)
        if not frozen[i]:
            _centre(value, floors[i], one)


@inner
def _centre(value: float, floor: float, one: F64) -> None:
    if one[COUNT] == 0.0:
        one[CENTRE], one[COUNT], one[OUT] = value, 1.0, 0.0
        return
    spread, away = _deviation(one, floor), value - one[CENTRE]
    young = one[SEEN] <= SETTLED
    if not young:
        most = _LEARNED * spread
        one[OUT] = one[OUT] + 1.0 if abs(away) > FARTHEST * spread else 0.0
        away = min(max(away, -most), most)
    one[VAR] += (away * away - one[VAR]) / min(one[SEEN], _VAR_OVER)
    if one[OUT] >= _NEW_LEVEL:
        one[CENTRE], one[COUNT], one[OUT] = value, 1.0, 0.0
    elif one[OUT] == 0.0:
        one[COUNT] += 1.0
        one[CENTRE] += away / min(one[COUNT], _CENTRE_OVER)


@kernel
def judge(
    hosts: I64,
    members: I64,
    values: F64,
    floors: F64,
    frozen: Bool,
    keep: bool,
    state: F64,
    covariances: F32,
    kept: F64,
    out: F64,
    detail: F64,
) -> None:
    """Say what the values of each of ``hosts`` (m,) make of it, and ``keep`` it or not.

    ``members`` (h, PLACES) are the series' rows, -1 where a place is empty; ``values`` and
    ``floors`` are by row of the series, NaN where one has no value. Of ``frozen`` (m,) hosts
    nothing is learned. ``out`` (m, TOLD) and ``detail`` (m, PLACES, DETAIL) are written.
    """
    place, away = np.empty(PLACES, np.int64), np.empty(PLACES)
    factor, scratch = np.empty((PLACES, PLACES)), np.empty(PLACES)
    pulled, precision = np.empty(PLACES), np.empty(PLACES)
    for i in range(len(hosts)):
        out[i, :] = 0.0
        out[i, WHO] = -1.0
        detail[i, :, :] = 0.0
        host, own = hosts[i], members[hosts[i]]
        there, n = _distances(own, values, floors, state, place, away)
        if n < LEAST or 2 * n < there:
            if keep:
                kept[host, LONG_BEFORE] = 0.0
                _forget_remainders(own, state)
            continue
        _factor(own, place[:n], state, covariances, scratch, factor)
        length = _pull(factor, away, scratch, pulled, precision, n)
        root = (length / n) ** (1.0 / 3.0)
        out[i, WITHIN], out[i, LENGTH] = n, root**3
        long = _together(root, n, kept[host], out[i])
        for a in range(n):
            remainder = pulled[a] / precision[a]
            row = own[place[a]]
            told = detail[i, place[a]]
            told[PART] = away[a] * pulled[a] / max(length, _TINY)
            _apart(a, place, remainder, values[row], floors[row], state[row], told, out[i])
            if keep and not frozen[i] and state[row, KNOWN] >= _RELATED:
                _measure(remainder, away[a], state[row])
            pulled[a] = remainder
        out[i, SAID] = 1.0 if kept[host, WINDOWS] >= _RELATED else 0.0
        if keep:
            kept[host, LONG_BEFORE] = long
            _forget_remainders(own, state)
            for a in range(n):
                state[own[place[a]], BEFORE] = pulled[a]
            if not frozen[i]:
                trust = min(1.0, 2.0 * n / max(length, _TINY))
                _relate(own, place[:n], away, trust, state, covariances, kept[host])
                _measure_length(root, n, kept[host])


@inner
def _distances(
    own: I64, values: F64, floors: F64, state: F64, place: I64, away: F64
) -> tuple[int, int]:
    """Distances of the series that are within what is usual for each; how many are there at all."""
    there = n = 0
    for p in range(PLACES):
        row = own[p]
        if row < 0 or not math.isfinite(values[row]):
            continue
        there += 1
        one = state[row]
        z = (values[row] - one[CENTRE]) / _deviation(one, floors[row])
        if one[COUNT] >= SETTLED and abs(z) <= FARTHEST:
            place[n], away[n] = p, z
            n += 1
    return there, n


@inner
def _factor(own: I64, place: I64, state: F64, covariances: F32, scale: F64, out: F64) -> None:
    """The inverse of the Cholesky factor of the shrunk covariance of the series at some places, in
    the lower triangle of ``out``.

    The fewer windows a series was there in, the more it is taken for unrelated.
    """
    n = len(place)
    for a in range(n):
        row = own[place[a]]
        scale[a] = 1.0 / math.sqrt(max(state[row, WEIGHT], _TINY))
        for b in range(a):
            total = scale[a] * scale[b] * covariances[row, place[b]]
            for c in range(b):
                total -= out[a, c] * out[b, c]
            out[a, b] = total / out[b, b]
        total = scale[a] * scale[a] * covariances[row, place[a]] if state[row, KNOWN] else 1.0
        total += _RIDGE + n / (1.0 + state[row, KNOWN])
        for c in range(a):
            total -= out[a, c] * out[a, c]
        out[a, a] = math.sqrt(max(total, _TINY))
    for b in range(n):
        out[b, b] = 1.0 / out[b, b]
        for a in range(b + 1, n):
            total = 0.0
            for c in range(b, a):
                total -= out[a, c] * out[c, b]
            out[a, b] = total / out[a, a]


@inner
def _pull(factor: F64, away: F64, scratch: F64, pulled: F64, own_precision: F64, n: int) -> float:
    """The inverse covariance times the distances, its diagonal, and the host's length."""
    length = 0.0
    for a in range(n):
        total = 0.0
        for b in range(a + 1):
            total += factor[a, b] * away[b]
        scratch[a] = total
        length += total * total
    for b in range(n):
        total = square = 0.0
        for a in range(b, n):
            total += factor[a, b] * scratch[a]
            square += factor[a, b] * factor[a, b]
        pulled[b], own_precision[b] = total, square
    return length


@inner
def _together(root: float, n: int, host: F64, out: F64) -> float:
    """The length on the scale of its cube root, where it is nearly normal (Wilson & Hilferty 1931),
    by what is usual for the host; the lesser of this window's and the one's before counts."""
    usual = host[USUAL] if host[MEASURED] > 0.0 else 1.0
    out[USUAL_LENGTH] = usual**3
    long = (root - usual) / max(math.sqrt(host[USUAL_VAR]), math.sqrt(2.0 / (9.0 * n)))
    out[TOGETHER] = max(min(long, host[LONG_BEFORE]), 0.0)
    return long


@inner
def _apart(
    a: int, place: I64, remainder: float, value: float, floor: float, one: F64, told: F64, out: F64
) -> None:
    """A remainder by what it usually is, where the others usually explain the series; the lesser of
    this window's and the one's before counts, if they are on one side."""
    spread = _deviation(one, floor)
    told[BY_OTHERS] = value - remainder * spread
    if one[TRIED] < _LEAST_TRIED or one[MISSED] > _UNEXPLAINED * one[OWN]:
        return
    both = min(abs(remainder), abs(one[BEFORE])) if remainder * one[BEFORE] > 0.0 else 0.0
    usual = max(math.sqrt(one[MISSED]) * spread, 0.5 * floor, _TINY)
    told[REMAINDER] = math.copysign(both * spread / usual, remainder)
    if abs(told[REMAINDER]) > abs(out[APART]):
        out[APART], out[WHO] = told[REMAINDER], place[a]
        out[SEEN_THERE], out[EXPECTED_THERE] = value, told[BY_OTHERS]


@inner
def _measure(remainder: float, away: float, one: F64) -> None:
    pace = 1.0 / min(one[TRIED] + 1.0, _REMAINDERS_OVER)
    square = remainder * remainder
    if one[TRIED] >= _RELATED:
        square = min(square, _LEARNED * _LEARNED * max(one[MISSED], _TINY))
    one[MISSED] += pace * (square - one[MISSED])
    one[OWN] += pace * (away * away - one[OWN])
    one[TRIED] += 1.0


@inner
def _measure_length(root: float, n: int, host: F64) -> None:
    if host[WINDOWS] < _RELATED:
        return
    pace = 1.0 / min(host[MEASURED] + 1.0, _RELATIONS_OVER)
    off = root - host[USUAL]
    if host[MEASURED] >= _RELATED:
        most = _LEARNED * max(math.sqrt(host[USUAL_VAR]), math.sqrt(2.0 / (9.0 * n)))
        off = min(max(off, -most), most)
    host[USUAL] += pace * off
    host[USUAL_VAR] += pace * (off * off * (1.0 - pace) - host[USUAL_VAR])
    host[MEASURED] += 1.0


@inner
def _forget_remainders(own: I64, state: F64) -> None:
    for p in range(PLACES):
        if own[p] >= 0:
            state[own[p], BEFORE] = 0.0


@inner
def _relate(
    own: I64, place: I64, away: F64, trust: float, state: F64, covariances: F32, host: F64
) -> None:
    """Take one window into the covariances; a series that has none counts as at its centre, so that
    they stay those of something that could be."""
    host[WINDOWS] = min(host[WINDOWS] + 1.0, _RELATIONS_OVER)
    pace = 1.0 / host[WINDOWS]
    for p in range(PLACES):
        if own[p] >= 0:
            state[own[p], WEIGHT] *= 1.0 - pace
            for q in range(PLACES):
                covariances[own[p], q] *= np.float32(1.0 - pace)
    for a in range(len(place)):
        row = own[place[a]]
        state[row, WEIGHT] += pace
        state[row, KNOWN] = min(state[row, KNOWN] + 1.0, _RELATIONS_OVER)
        for b in range(len(place)):
            covariances[row, place[b]] += np.float32(pace * trust * away[a] * away[b])
