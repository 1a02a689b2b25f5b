"""The peers that need no training: an edge never seen, and degrees, Adamic-Adar and recency."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np

from benchmarks.talk.hours import F64, Hours


def never_seen(hours: Hours) -> F64:
    """1 where the edge is not one of the history's."""
    pairs = hours.source * np.uint64(1 << 32) + hours.target
    return (~np.isin(pairs, pairs[hours.history])).astype(np.float64)


def by_degrees(hours: Hours) -> F64:
    """Few edges of either end, no neighbours in common, not seen for long; known edges least.

    Adamic and Adar (2003) weigh a neighbour in common by one over the logarithm of its degree.
    """
    out: dict[int, int] = defaultdict(int)
    into: dict[int, int] = defaultdict(int)
    near: dict[int, set[int]] = defaultdict(set)
    latest: dict[int, int] = {}
    known: set[tuple[int, int]] = set()
    scores = np.zeros(len(hours.hour))
    edges = list(
        zip(hours.source.tolist(), hours.target.tolist(), hours.hour.tolist(), strict=True)
    )
    for rows in hours.windows():
        for at in range(rows.start, rows.stop):
            a, b, hour = edges[at]
            shared = sum(1 / math.log(1 + len(near[c])) for c in near[a] & near[b])
            idle = sum(math.log1p(min(hour - latest.get(x, -1000), 1000)) for x in (a, b))
            unlikely = 0.5 * idle - math.log1p(out[a]) - math.log1p(into[b]) - math.log1p(shared)
            scores[at] = unlikely + 10.0 * ((a, b) not in known)
        for a, b, hour in edges[rows]:
            out[a] += 1
            into[b] += 1
            near[a].add(b)
            near[b].add(a)
            latest[a] = latest[b] = hour
            known.add((a, b))
    return scores
