"""Edges that were not there, for a model to learn from: of three kinds.

Any two hosts, some of them never seen; a source with a target that others talk with; a source with
a neighbour's neighbour. The first kind is easy to tell from a real edge, the other two have what
real edges have.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import kernel
from sensorium.links.network.memory import TalkMemory
from sensorium.links.network.table import find

Array = np.ndarray[Any, Any]


def absent(
    memory: TalkMemory, source: Array, target: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """As many edges as are given (at most), none of them known and none given: ends, uint64."""
    hosts = memory.host_keys()
    n = len(source)
    if len(hosts) < _FEWEST or not n:
        return source[:0], target[:0]
    kind = rng.choice(3, n, p=_KINDS)
    drawn = rng.random((2, n))
    any_host = hosts[rng.integers(0, len(hosts), (2, n))]
    strangers = rng.integers(1, 1 << 63, (2, n)).astype(np.uint64)
    any_host = np.where(rng.random((2, n)) < _STRANGERS, strangers, any_host)
    one = np.where(kind == 0, any_host[0], source)
    other = np.where(kind == 0, any_host[1], target[rng.integers(0, n, n)])
    hops = np.zeros(n, np.uint64)
    _two_hops(memory.state[0], source, drawn, hops)
    other = np.where((kind == 2) & (hops != 0), hops, other)
    present = np.isin(_pairs(one, other), _pairs(source, target))
    kept = (one != other) & memory.new(one, other) & ~present
    return one[kept], other[kept]


_FEWEST: Final = 10
_KINDS: Final = (0.8, 0.1, 0.1)
_STRANGERS: Final = 0.1


def _pairs(one: Array, other: Array) -> Array:
    return np.asarray(one * np.uint64(0x9E3779B97F4A7C15) ^ other)


@kernel
def _two_hops(hosts: Any, source: Any, drawn: Any, out: Any) -> None:
    """A neighbour's neighbour of each source, 0 where there is none."""
    for at in range(len(source)):
        here = source[at]
        for hop in range(2):
            row = find(hosts.slots, hosts.keys, here)
            if row < 0:
                here = np.uint64(0)
                break
            targets = min(hosts.filled[row, 0], hosts.out.shape[1])
            sources = min(hosts.filled[row, 1], hosts.into.shape[1])
            if targets + sources == 0:
                here = np.uint64(0)
                break
            chosen = int(drawn[hop, at] * (targets + sources))
            here = hosts.out[row, chosen] if chosen < targets else hosts.into[row, chosen - targets]
        out[at] = here
