"""Series of one metric that do the same at once."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, U64
from sensorium.detect.groups import Groups

# So many series of a metric, half of which are this odd in the same direction, share a cause.
_MANY = 5
_TOGETHER = 2.0


def one_of_many(families: U64, oddness: F64) -> F64:
    """Let one series speak where most of its metric do the same at once; ``families`` (n,).

    What half of a metric's series have in common is one event, told by the oddest of them; the
    others are scored by what they do beyond it.
    """
    if not len(families):
        return oddness
    groups = Groups.of(families)
    sizes = groups.sizes()
    order = np.lexsort((oddness, groups.codes))
    shared = oddness[order][groups.starts + (sizes - 1) // 2]
    together = (sizes >= _MANY) & (np.abs(shared) >= _TOGETHER)
    speakers = np.lexsort((families, -np.abs(oddness), groups.codes))[groups.starts]
    common = np.where(together, shared, 0.0)[groups.codes]
    rest = np.sign(oddness) * np.maximum(np.sign(oddness) * (oddness - common), 0.0)
    beyond = np.where(np.abs(rest) < np.abs(oddness), rest, oddness)
    beyond[speakers] = oddness[speakers]
    return beyond
