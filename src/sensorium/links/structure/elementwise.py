"""What a decoder does to single values, compiled: for a few pairs, as a request asks about them.

To call a library for each of some thirty steps takes longer than the steps themselves do. Values
are as torch computes them to about 1e-6.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inlined, kernel
from sensorium.links.structure.products import product

Array = np.ndarray[Any, Any]

_ONE: Final = np.float32(1)
_HALF: Final = np.float32(0.5)
_ROOT: Final = np.float32(0.5**0.5)
_EPSILON: Final = 1e-5
_LEAST: Final = 1e-4


@kernel
def on_both_scales(
    counts: Array,
    centre: Array,
    spread: Array,
    knots: Array,
    bound: float,
    far: float,
    out: Array,
) -> None:
    """Counts (pairs, k) in deviations and as normal deviates of their rank: ``out`` (pairs, 2 k).

    What ``Structural.scaled`` does; see there for ``centre``, ``spread`` and ``knots`` (k, knots).
    """
    width, last = counts.shape[1], knots.shape[1] - 1
    for n in range(len(counts)):
        for k in range(width):
            value, row = counts[n, k], knots[k]
            plain = (value - centre[k]) / spread[k]
            out[n, k] = min(max(plain, -bound), bound)
            # Between knots in proportion; among equal knots the middle of them.
            first = np.searchsorted(row, value)
            after = first
            if first <= last and row[first] == value:
                after = np.searchsorted(row, value, "right")
            below, above = min(max(first, 1), last), min(max(after, 1), last)
            low, high = row[below - 1], row[above]
            share = min(max((value - low) / max(high - low, 1e-9), 0.0), 1.0)
            place = (below - 1 + share * (above - below + 1)) / last
            deviate = _normal(min(max(place, _LEAST), 1 - _LEAST))
            out[n, width + k] = min(max(deviate, -far), far)


@inlined
def _normal(chance: float) -> Any:
    """The normal deviate that this share lies below, for shares down to exp(-25).

    PPND7 of algorithm AS 241 (Wichura 1988, Applied Statistics 37): right to seven digits.
    """
    centred = chance - 0.5
    if abs(centred) <= 0.425:
        r = 0.180625 - centred * centred
        above = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        below = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0
        return centred * above / below
    r = np.sqrt(-np.log(min(chance, 1 - chance))) - 1.6
    above = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
    below = (0.12021132975 * r + 0.73700164250) * r + 1.0
    return above / below if centred > 0 else -above / below


@inlined
def _gelu(x: Any) -> Any:
    """x by the share of a normal distribution that lies below it (Hendrycks & Gimpel 2016).

    The error function is Abramowitz & Stegun's 7.1.28, right to 3e-7 and without an exponential, so
    that a processor computes several at once.
    """
    a = abs(x) * _ROOT
    p = np.float32(0.0000430638) * a + np.float32(0.0002765672)
    p = p * a + np.float32(0.0001520143)
    p = p * a + np.float32(0.0092705272)
    p = p * a + np.float32(0.0422820123)
    p = p * a + np.float32(0.0705230784)
    p = p * a + _ONE
    p *= p
    p *= p
    p *= p
    # Without a branch, even that of a division by zero: it would be one value at a time.
    return (x + abs(x)) * _HALF - abs(x) * np.true_divide(_HALF, p * p)


@kernel
def gelu(x: Array) -> None:
    """GELU of each value of (rows, width), in place."""
    for n in range(len(x)):
        row = x[n]
        for k in range(len(row)):
            row[k] = _gelu(row[k])


@kernel
def normalised_gelu(x: Array, weight: Array, bias: Array) -> None:
    """A layer norm of each row of (rows, width), and GELU of what it gives, in place."""
    width = x.shape[1]
    ones = np.ones(width, np.float32)
    for n in range(len(x)):
        row = x[n]
        mean = product(row, ones, 0, 0, width) / np.float32(width)
        for k in range(width):
            row[k] -= mean
        variance = product(row, row, 0, 0, width) / width
        scale = np.float32(1 / np.sqrt(variance + _EPSILON))
        for k in range(width):
            row[k] = _gelu(row[k] * scale * weight[k] + bias[k])


@kernel
def multiply_pairs(vectors: Array, source: Array, target: Array, out: Array) -> None:
    """The elementwise product of both vectors of each pair, to the first columns of ``out``."""
    width = vectors.shape[1]
    for n in range(len(source)):
        one, other, into = vectors[source[n]], vectors[target[n]], out[n]
        for k in range(width):
            into[k] = one[k] * other[k]
