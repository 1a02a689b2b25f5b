"""One host's many first contacts are one thing: together they are odder than each alone."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.links.network.names import COLUMN
from sensorium.links.network.sums import Sums

Array = np.ndarray[Any, Any]

WEIGHT: Final = 1.0
FREE: Final = 8.0
"""A burst of so many times what is usual for the host says nothing yet."""


def burst(known: Array, source: Array, target: Array) -> Array:
    """What the window's first contacts of an edge's source, or of its target, add to its score.

    Float64 (n,): the logarithm of how far they are beyond what these hosts usually have in a window
    in which they are seen. Known edges are given nothing.
    """
    first = known[:, COLUMN["new"]] > 0
    ratios = [
        (1.0 + _summed(keys, first)) / (1.0 + known[:, COLUMN[usual]])
        for keys, usual in ((source, "source_firsts"), (target, "target_firsts"))
    ]
    beyond = np.log(np.maximum(np.maximum(*ratios) / FREE, 1.0))
    return np.where(first, WEIGHT * beyond, 0.0)


def _summed(keys: Array, values: Array) -> Array:
    """The sum of the values of equal keys, in each place."""
    return Sums(keys, values).of(keys)
