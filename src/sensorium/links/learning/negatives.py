"""Pairs that are not linked, to learn and to judge with.

A pair that is an edge anywhere (training, validation or test) is never a negative. Uniform
negatives are easy: most are far apart. Hard ones are two hops away and of like degree, after the
HeaRT protocol (Li et al. 2023, "Evaluating Graph Neural Networks for Link Prediction: Current
Pitfalls and New Benchmarking"), which corrupts one end of each positive pair at a time.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.errors import SensoriumError
from sensorium.links.graph.compressed import Graph
from sensorium.links.learning.walks import two_steps

Array = np.ndarray[Any, Any]
Pairs = tuple[Array, Array]

_ROUNDS: Final = 60
_CANDIDATES: Final = 8
"""For each hard negative, so many ends two hops away are drawn; that of nearest degree is taken."""


def uniform(
    known: Graph, count: int, rng: np.random.Generator, among: Array | None = None
) -> Pairs:
    """``count`` different pairs of nodes (of ``among``, where given) that ``known`` does not link.

    Raises SensoriumError where the graph is so dense that there are not as many.
    """
    nodes = np.arange(known.nodes) if among is None else np.asarray(among, np.int64)
    taken = np.empty(0, np.int64)
    for _ in range(_ROUNDS):
        missing = count - len(taken)
        if missing <= 0:
            break
        if len(nodes) < 2:
            break
        drawn = nodes[rng.integers(0, len(nodes), (2, missing + missing // 8 + 16))]
        low, high = drawn.min(0), drawn.max(0)
        fresh = (low != high) & ~known.has(low, high)
        if known.directed:
            low, high = drawn
            fresh &= ~known.has(low, high)
        keys = low[fresh] * known.nodes + high[fresh]
        _, first = np.unique(keys, return_index=True)
        keys = keys[np.sort(first)]
        taken = np.concatenate([taken, keys[~np.isin(keys, taken)]])
    if len(taken) < count:
        raise SensoriumError(
            f"there are not {count:,} unlinked pairs to be found among {len(nodes):,} nodes",
            next_step="a graph in which most pairs are linked has no links to predict",
        )
    source, target = np.divmod(taken[:count], known.nodes)
    return source, target


def one_among(
    known: Graph,
    count: int,
    chosen: Array,
    rng: np.random.Generator,
    among: Array | None = None,
) -> Pairs:
    """``count`` unlinked pairs with exactly one end in ``chosen``; a pair may come twice.

    The other end is one of ``among``, where given. Raises SensoriumError where there are none.
    """
    inside = np.zeros(known.nodes, bool)
    inside[chosen] = True
    rest = np.flatnonzero(~inside) if among is None else among[~inside[among]]
    one, other = np.empty(0, np.int64), np.empty(0, np.int64)
    for _ in range(_ROUNDS):
        if len(one) >= count or not len(rest) or not len(chosen):
            break
        a = chosen[rng.integers(0, len(chosen), count)]
        b = rest[rng.integers(0, len(rest), count)]
        open_ = ~known.has(a, b) & ~known.has(b, a)
        one, other = np.concatenate([one, a[open_]]), np.concatenate([other, b[open_]])
    if len(one) < count:
        raise SensoriumError("some nodes are linked to nearly all others: they have no negatives")
    return one[:count].astype(np.int64), other[:count].astype(np.int64)


def hard(known: Graph, message: Graph, pairs: Pairs, each: int, rng: np.random.Generator) -> Pairs:
    """``each`` hard negatives for every pair; arrays of shape (pairs, each).

    Half keep the pair's source and half its target. The other end is two hops from the kept one in
    ``message`` (the edges that may be seen), where it has any there, and of a degree like that of
    the end it replaces; it is never an edge of ``known``.
    """
    keep = np.stack([np.asarray(end, np.int64) for end in pairs])
    side = np.arange(each) % 2
    kept, replaced = keep[side].T, keep[1 - side].T
    degree = np.log1p(message.degree())
    ends = _drawn(message, kept.ravel(), rng)
    wrong = ends < 0
    wrong |= known.has(np.repeat(kept.ravel(), _CANDIDATES), np.maximum(ends, 0).ravel()).reshape(
        ends.shape
    )
    wrong |= ends == kept.reshape(-1, 1)
    distance = np.abs(degree[np.maximum(ends, 0)] - degree[replaced.reshape(-1, 1)])
    distance[wrong] = np.inf
    best = distance.argmin(1)
    rows = np.arange(len(best))
    chosen, none = ends[rows, best], ~np.isfinite(distance[rows, best])
    chosen[none] = _elsewhere(known, kept.ravel()[none], rng)
    source = np.where(side == 0, kept, chosen.reshape(kept.shape))
    target = np.where(side == 0, chosen.reshape(kept.shape), kept)
    return source, target


def _drawn(message: Graph, kept: Array, rng: np.random.Generator) -> Array:
    """Candidates for each kept end: where two random steps lead."""
    draws = rng.random((len(kept), _CANDIDATES, 2))
    return two_steps(message.indptr, message.indices, kept, draws)


def _elsewhere(known: Graph, kept: Array, rng: np.random.Generator) -> Array:
    """For nodes with nothing two hops away: any node that they are not linked to."""
    out = np.full(len(kept), -1, np.int64)
    for _ in range(_ROUNDS):
        open_ = np.flatnonzero(out < 0)
        if not len(open_):
            break
        drawn = rng.integers(0, known.nodes, len(open_))
        fresh = (drawn != kept[open_]) & ~known.has(kept[open_], drawn)
        out[open_[fresh]] = drawn[fresh]
    if (out < 0).any():
        raise SensoriumError("a node is linked to nearly all others: it has no negatives")
    return out
