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

_NO_NEGATIVES: Final = "both ends of an edge are linked to all other nodes: it has no negatives"
_TAKE_OUT: Final = "take such edges out; there is nothing to predict about them"


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
        raise SensoriumError(
            "the nodes held out are linked to nearly all others: they have no negatives",
            next_step="another --seed holds out others; --split random holds out edges",
        )
    return one[:count].astype(np.int64), other[:count].astype(np.int64)


def hard(known: Graph, message: Graph, pairs: Pairs, each: int, rng: np.random.Generator) -> Pairs:
    """``each`` hard negatives for every pair; arrays of shape (pairs, each).

    Half keep the pair's source and half its target. The other end is two hops from the kept one in
    ``message`` (the edges that may be seen), where it has any there, and of a degree like that of
    the end it replaces; it is never an edge of ``known``. Where a node is linked to all others, the
    other end is kept. Raises SensoriumError for a pair of which both are.
    """
    keep = np.stack([np.asarray(end, np.int64) for end in pairs])
    side = np.broadcast_to(np.arange(each) % 2, (keep.shape[1], each)).ravel()
    row = np.repeat(np.arange(keep.shape[1]), each)
    kept, replaced = keep[side, row], keep[1 - side, row]
    ends = _drawn(message, kept, rng)
    chosen = _most_alike(known, message, kept, replaced, ends)
    none = np.flatnonzero(chosen < 0)
    chosen[none] = _elsewhere(known, kept[none], rng)
    if (stuck := np.flatnonzero(chosen < 0)).size:
        side = np.where(chosen < 0, 1 - side, side)
        kept[stuck] = replaced[stuck]
        chosen[stuck] = _elsewhere(known, kept[stuck], rng)
    if (chosen < 0).any():
        raise SensoriumError(_NO_NEGATIVES, next_step=_TAKE_OUT)
    shape = keep.shape[1], each
    source = np.where(side == 0, kept, chosen).reshape(shape)
    return source, np.where(side == 0, chosen, kept).reshape(shape)


def hard_of_new(
    known: Graph, message: Graph, pairs: Pairs, new: Array, each: int, rng: np.random.Generator
) -> Pairs:
    """``each`` hard negatives for every pair of a node of ``new`` and one that is not.

    They are such pairs too. Half keep the new end, and the other is two hops from the end that it
    replaces in ``message``, where new nodes have no edge, and of like degree; half keep the old
    end beside another new one. Arrays of shape (pairs, each), first the new ends. Raises
    SensoriumError for a pair of which one end is linked to all that are not new, and the other to
    all that are.
    """
    one, other = (np.asarray(end, np.int64) for end in pairs)
    turned = np.isin(other, new)
    shape = len(one), each
    fresh = np.repeat(np.where(turned, other, one), each)
    old = np.repeat(np.where(turned, one, other), each)
    keeps_old = np.broadcast_to(np.arange(each) % 2 == 1, shape).ravel()
    ends = _drawn(message, old, rng)
    ends[keeps_old] = new[rng.integers(0, len(new), (int(keeps_old.sum()), _CANDIDATES))]
    kept, replaced = np.where(keeps_old, old, fresh), np.where(keeps_old, fresh, old)
    chosen = _most_alike(known, message, kept, replaced, ends)
    settled = np.setdiff1d(np.arange(known.nodes), new)
    # Who has none such gets any other of its kind; who has none of these, keeps the other end.
    for _ in range(2):
        for of_old, among in ((True, new), (False, settled)):
            none = np.flatnonzero((chosen < 0) & (keeps_old == of_old))
            chosen[none] = _elsewhere(known, kept[none], rng, among)
        stuck = chosen < 0
        keeps_old = keeps_old ^ stuck
        kept = np.where(keeps_old, old, fresh)
    if stuck.any():
        raise SensoriumError(_NO_NEGATIVES, next_step=_TAKE_OUT)
    source, target = np.where(keeps_old, chosen, kept), np.where(keeps_old, kept, chosen)
    return source.reshape(shape), target.reshape(shape)


def _most_alike(known: Graph, message: Graph, kept: Array, replaced: Array, ends: Array) -> Array:
    """Of ``ends`` (pairs, candidates; -1 for none) those unlinked to ``kept`` whose degree is most
    like that of ``replaced``; -1 where there is none.
    """
    degree = np.log1p(message.degree())
    wrong = ends < 0
    wrong |= known.has(np.repeat(kept, _CANDIDATES), np.maximum(ends, 0).ravel()).reshape(
        ends.shape
    )
    wrong |= ends == kept[:, None]
    distance = np.abs(degree[np.maximum(ends, 0)] - degree[replaced[:, None]])
    distance[wrong] = np.inf
    best = distance.argmin(1)
    rows = np.arange(len(best))
    return np.where(np.isfinite(distance[rows, best]), ends[rows, best], -1)


def _drawn(message: Graph, kept: Array, rng: np.random.Generator) -> Array:
    """Candidates for each kept end: where two random steps lead."""
    draws = rng.random((len(kept), _CANDIDATES, 2))
    return two_steps(message.indptr, message.indices, kept, draws)


def _elsewhere(
    known: Graph, kept: Array, rng: np.random.Generator, among: Array | None = None
) -> Array:
    """For nodes with nothing two hops away: any node (of ``among``, where given) that they are not
    linked to, -1 without.
    """
    pool = np.arange(known.nodes) if among is None else among
    out = np.full(len(kept), -1, np.int64)
    for _ in range(_ROUNDS if len(pool) else 0):
        open_ = np.flatnonzero(out < 0)
        if not len(open_):
            return out
        drawn = pool[rng.integers(0, len(pool), len(open_))]
        fresh = (drawn != kept[open_]) & ~known.has(kept[open_], drawn)
        out[open_[fresh]] = drawn[fresh]
    for node in np.unique(kept[out < 0]):
        own = known.indices[known.indptr[node] : known.indptr[node + 1]]
        free = np.setdiff1d(pool, np.append(own, node))
        here = np.flatnonzero((out < 0) & (kept == node))
        if len(free):
            out[here] = rng.choice(free, len(here))
    return out
