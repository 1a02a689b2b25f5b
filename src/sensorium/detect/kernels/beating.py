"""When one host calls another: the latest intervals of many pairs, and how regular they are.

A *beat* is a call that begins after everything before it has been quiet for a while, so that a
burst of connections is one beat and a connection that goes on and on is none.
"""

from __future__ import annotations

import math

import numpy as np

from sensorium.detect.arrays import F32, F64, I32, I64, U64, Number
from sensorium.detect.kernels.mixing import joined, mixed
from sensorium.ingest.compiled import inlined, kernel

_SECOND = 1e9

# Quiet for this long makes the next call a beat of its own.
_APART_NS = 2_000_000_000

# How often the next beat comes after one, two, three or four periods, and how often it follows
# no period at all: a machine that sleeps, a call made by hand.
_SHARES = (0.80, 0.12, 0.04, 0.02)
_MULTIPLES = 4
_STRAY = 0.02
# Irregular calls: the logarithm of the interval is mostly normal, with a spread that is if anything
# too small for what people do (an exponential interval has 1.28), now and then much wider.
_IRREGULAR, _WIDE, _WIDELY = 0.8, 2.4, 0.2
# The jitter believed, as a share of the period: no clock of an exporter is better than the first.
_LEAST, _MOST, _FIRST_GUESS = 0.01, 0.35, 0.15
_ROUNDS = 6
# What each fitted number (period, jitter, median) costs is half the logarithm of the sample (the
# Bayesian information criterion).
_FITTED = 3
# Sizes vary by this much, on the natural logarithm, where they say nothing either way.
_USUAL_SPREAD, _NO_SPREAD = 0.2, 0.02
_FEW_BYTES = 64.0
_FEWEST = 5
_SKETCH = np.uint64(63)

# Columns of what is told of a pair, float64 (n, TOLD).
DECADES, PERIOD, JITTER, BEATS = 0, 1, 2, 3
TOLD = 4


@kernel
def beat(
    order: I64,
    rows: I64,
    began: I64,
    ended: I64,
    sizes: I64,
    times: I64,
    beats: I32,
    intervals: F32,
    volumes: F32,
) -> None:
    """Take calls in, in the ``order`` of their beginnings; those with row -1 are left out.

    ``times`` (r, 2) holds when each row's last beat began and up to when it has been heard of,
    0 before the first; ``beats`` (r,) how many there were; ``intervals`` and ``volumes``
    (r, l) the seconds before each of the latest beats and its bytes, by the beat's number modulo
    ``l``. The first beat has no interval and leaves 0.
    """
    length = intervals.shape[1]
    for i in order:
        row = rows[i]
        if row < 0:
            continue
        count = beats[row]
        if count > 0 and began[i] < times[row, 1] + _APART_NS:
            times[row, 1] = max(times[row, 1], ended[i])
            volumes[row, (count - 1) % length] += np.float32(sizes[i])
            continue
        at = count % length
        since = (began[i] - times[row, 0]) / _SECOND if count > 0 else 0.0
        intervals[row, at] = np.float32(since)
        volumes[row, at] = np.float32(sizes[i])
        times[row, 0] = began[i]
        times[row, 1] = max(began[i], ended[i])
        beats[row] = count + 1


@kernel
def count_clients(
    edges: I64, asked: I64, client: U64, services: U64, rows: I64, sketches: U64
) -> None:
    """Set a bit of 64 for the client of each of ``edges`` in the sketch of the service ``asked``,
    whose row -1 is left out."""
    for edge in edges:
        service = asked[edge]
        row = rows[service]
        if row >= 0:
            bit = joined(mixed(client[edge]), services[service]) & _SKETCH
            sketches[row] |= np.uint64(1) << bit


@kernel
def judge(rows: I64, beats: I32, intervals: F32, volumes: F32, out: F64) -> None:
    """How regular the calls of ``rows`` are; ``out`` (n, TOLD).

    In decades the evidence against calls that are merely irregular, at most as much as the
    calls of fixed length support; the period and its jitter in seconds; and how many beats that
    rests on. Without enough beats the evidence is 0.
    """
    length = intervals.shape[1]
    gaps, logs, weights = np.empty(length), np.empty(length), np.empty(length)
    fit = np.empty(3)
    for i in range(len(rows)):
        row = rows[i]
        kept = min(beats[row], length)
        n = 0
        for k in range(kept):
            if intervals[row, k] > 0:
                gaps[n] = intervals[row, k]
                n += 1
        out[i, DECADES] = out[i, PERIOD] = out[i, JITTER] = 0.0
        out[i, BEATS] = kept
        if n < _FEWEST:
            continue
        _sort(gaps, n)
        if not _worth_fitting(gaps, n):
            continue
        for k in range(n):
            logs[k] = math.log(gaps[k])
        _fit(gaps, logs, weights, n, _middle(gaps, n), fit)
        evidence, period, jitter = fit[0], fit[1], fit[2]
        _fit(gaps, logs, weights, n, gaps[n // 4], fit)
        if fit[0] > evidence:
            evidence, period, jitter = fit[0], fit[1], fit[2]
        evidence -= 0.5 * _FITTED * math.log(n)
        for k in range(kept):
            logs[k] = math.log(volumes[row, k] + _FEW_BYTES)
        out[i, DECADES] = evidence / math.log(10.0) + _alike(logs, weights, kept)
        out[i, PERIOD], out[i, JITTER] = period, jitter * period


@inlined
def _worth_fitting(gaps: F64, n: int) -> bool:
    """Whether a good part of the intervals lies near one of the two first guesses."""
    for guess in (gaps[n // 2], gaps[n // 4]):
        near = 0
        for k in range(n):
            if 0.4 * guess < gaps[k] < 1.6 * guess:
                near += 1
        if 2 * near >= n:
            return True
    return False


@inlined
def _fit(gaps: F64, logs: F64, weights: F64, n: int, period: Number, fit: F64) -> None:
    """The likeliest period and jitter near a first guess, by expectation and maximisation.

    ``fit`` gets the logarithm of how much likelier the intervals are than irregular ones, the
    period, and the jitter as a share of it.
    """
    jitter: Number = _FIRST_GUESS
    middle = _middle(logs, n)
    gained: Number = 0.0
    for turn in range(_ROUNDS + 1):
        gained = sum_beats = sum_gaps = sum_weights = sum_squares = 0.0
        for k in range(n):
            ratio = gaps[k] / period
            irregular = _irregular(logs[k] - middle)
            total = _STRAY * irregular
            for m in range(1, _MULTIPLES + 1):
                spread = jitter * math.sqrt(np.float64(m))
                off = (ratio - m) / spread
                # Densities are those of the logarithm of the interval, hence the ratio.
                weights[m - 1] = _SHARES[m - 1] * ratio * math.exp(-0.5 * off * off) / spread
                total += weights[m - 1]
            gained += math.log(total / irregular)
            for m in range(1, _MULTIPLES + 1):
                share = weights[m - 1] / total
                sum_weights += share
                sum_beats += share * m
                sum_gaps += share * gaps[k]
                sum_squares += share * (ratio - m) * (ratio - m) / m
        if turn == _ROUNDS or sum_beats < 1.0:
            break
        period = sum_gaps / sum_beats
        jitter = min(max(math.sqrt(sum_squares / sum_weights), _LEAST), _MOST)
    fit[0], fit[1], fit[2] = gained, period, jitter


@inlined
def _irregular(away: Number) -> Number:
    """The density of an irregular interval, this far from the middle in logarithms."""
    near, wide = away / _IRREGULAR, away / _WIDE
    usual = (1.0 - _WIDELY) / _IRREGULAR * math.exp(-0.5 * near * near)
    return usual + _WIDELY / _WIDE * math.exp(-0.5 * wide * wide)


@inlined
def _alike(logs: F64, spare: F64, n: int) -> float:
    """Between -1 and 1 decades: how much more alike sizes are than they usually are."""
    _sort(logs, n)
    middle = _middle(logs, n)
    for k in range(n):
        spare[k] = abs(logs[k] - middle)
    _sort(spare, n)
    spread = max(_middle(spare, n), _NO_SPREAD)
    return min(max(math.log10(_USUAL_SPREAD / spread), -1.0), 1.0)


@inlined
def _middle(values: F64, n: int) -> Number:
    return 0.5 * (values[(n - 1) // 2] + values[n // 2])


@inlined
def _sort(values: F64, n: int) -> None:
    for k in range(1, n):
        value, at = values[k], k
        while at > 0 and values[at - 1] > value:
            values[at] = values[at - 1]
            at -= 1
        values[at] = value
