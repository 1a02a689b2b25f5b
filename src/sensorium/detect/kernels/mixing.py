"""Keys, one at a time: the same numbers as :mod:`sensorium.detect.keys` makes of columns."""

from __future__ import annotations

import numpy as np

from sensorium.ingest.compiled import inlined

_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
STEP = np.uint64(0x9E3779B97F4A7C15)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


@inlined
def mixed(value: np.uint64) -> np.uint64:
    """One key of one value, as :func:`sensorium.detect.keys.mix`."""
    x = np.uint64(value + STEP)
    x = np.uint64((x ^ (x >> _30)) * _M1)
    x = np.uint64((x ^ (x >> _27)) * _M2)
    return np.uint64(x ^ (x >> _31))


@inlined
def joined(key: np.uint64, other: np.uint64) -> np.uint64:
    """A key and one more column, as each step of :func:`sensorium.detect.keys.combine`."""
    return mixed(np.uint64(key ^ np.uint64(other + STEP)))
