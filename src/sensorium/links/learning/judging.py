"""The figures of a model on a split: easy and hard negatives, and suggestions to users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from sensorium.links.graph.compressed import Graph
from sensorium.links.learning import evaluation, negatives
from sensorium.links.learning.split import Split
from sensorium.links.structure.closure import seldom_closed
from sensorium.links.structure.smoothing import adjacency

Array = np.ndarray[Any, Any]
Score = Callable[[Array, Array], Array]

TOP: Final = 5
HARD: Final = 50
"""Hard negatives for each test edge."""
HARD_EDGES: Final = 1_000
USERS: Final = 1_000
"""So many test edges are judged by hard negatives, and so many users are given suggestions."""
FRIENDS: Final = 100
NEAREST: Final = 50
"""Candidates for a user: friends of friends, and the nearest by embedding."""
_AT_ONCE: Final = 128


def judged(split: Split, score: Score, vectors: Array | None, seed: int) -> dict[str, Any]:
    """Every figure, by set of negatives: ``test``, ``hard``, ``suggestions``.

    ``score`` gives a number for each pair; ``vectors`` are embeddings to find candidates by, of
    which friends of friends are candidates anyway.
    """
    figures: dict[str, Any] = {
        "test": evaluation.measured(score(*split.test), score(*split.test_negatives)),
        "hard": hard_figures(split, score, seed),
    }
    if not len(split.new_nodes):
        figures["suggestions"] = suggested(split, score, vectors, seed)
    return figures


def hard_figures(split: Split, score: Score, seed: int) -> dict[str, float]:
    """MRR and Hits@K of test edges, each among hard negatives of its own.

    Where nodes are new, each edge has one new end, and so have its negatives.
    """
    rng = np.random.default_rng([seed, 5])
    chosen = rng.permutation(len(split.test[0]))[:HARD_EDGES]
    edges = split.test[0][chosen], split.test[1][chosen]
    # Who is linked to everybody has no negatives, and two who are have none between them.
    free = split.known.degree() < split.known.nodes - 1
    some = free[edges[0]] | free[edges[1]]
    edges = edges[0][some], edges[1][some]
    if not some.any():
        return {}
    graphs = split.known, split.seen
    if len(split.new_nodes):
        source, target = negatives.hard_of_new(*graphs, edges, split.new_nodes, HARD, rng)
    else:
        source, target = negatives.hard(*graphs, edges, HARD, rng)
    rivals = score(source.ravel(), target.ravel()).reshape(source.shape)
    ranks = evaluation.own_ranks(score(*edges), rivals)
    return {
        "mrr": evaluation.reciprocal(ranks),
        "hits@1": float((ranks <= 1).mean()),
        "hits@10": float((ranks <= 10).mean()),
    }


def suggested(split: Split, score: Score, vectors: Array | None, seed: int) -> dict[str, float]:
    """How often one of the first five suggestions to a user is a held-out edge of theirs.

    ``reachable`` is the share of held-out edges that are among the candidates at all.
    """
    graph = split.seen
    users, wanted = _held_out(split, seed)
    found, among, held = [], 0, 0
    for start in range(0, len(users), _AT_ONCE):
        some = users[start : start + _AT_ONCE]
        candidates = _candidates(graph, some, vectors)
        source = np.repeat(some, [len(one) for one in candidates])
        scores = score(source, np.concatenate(candidates)) if len(source) else np.empty(0)
        ends = np.cumsum([len(one) for one in candidates])
        for one, own, sought in zip(
            candidates,
            np.split(scores, ends[:-1]),
            wanted[start : start + _AT_ONCE],
            strict=True,
        ):
            found.append(one[np.argsort(-own, kind="stable")])
            among += int(np.isin(sought, one).sum())
            held += len(sought)
    return {**evaluation.suggestions(found, wanted, TOP), "reachable": among / max(held, 1)}


def by_allocation(split: Split, seed: int) -> dict[str, float]:
    """What friends of friends by resource allocation alone reach, for the same users."""
    users, wanted = _held_out(split, seed)
    found = []
    for start in range(0, len(users), _AT_ONCE):
        for weights in _allocation(split.seen, users[start : start + _AT_ONCE]):
            best = np.argsort(-weights, kind="stable")[:TOP]
            found.append(best[weights[best] > 0])
    return evaluation.suggestions(found, wanted, TOP)


def _held_out(split: Split, seed: int) -> tuple[Array, list[Array]]:
    """Users with a held-out edge, and the other ends of these."""
    one, other = split.test
    source, target = np.concatenate([one, other]), np.concatenate([other, one])
    order = np.argsort(source, kind="stable")
    users, starts = np.unique(source[order], return_index=True)
    wanted = np.split(target[order], starts[1:])
    chosen = np.sort(np.random.default_rng([seed, 6]).permutation(len(users))[:USERS])
    return users[chosen].astype(np.int64), [wanted[n] for n in chosen]


def _allocation(graph: Graph, users: Array) -> Array:
    """Resource allocation of every node to each user; 0 for the user and those it is tied to."""
    ties = adjacency(graph)
    own = ties[users]
    weights: Array = (own.multiply(1 / np.maximum(graph.degree(), 1)[None, :]) @ ties).toarray()
    weights[own.nonzero()] = 0
    weights[np.arange(len(users)), users] = 0
    return weights


def _further(graph: Graph, users: Array, near: Array) -> Array:
    """What comes to every node over three steps, and below it, what comes over two."""
    ties = adjacency(graph)
    parts = ties.multiply(1 / np.maximum(graph.degree(), 1)[:, None]).tocsr()
    own = ties[users]
    far: Array = (own @ parts @ parts).toarray()
    far[own.nonzero()] = 0
    far[np.arange(len(users)), users] = 0
    return np.where(far > 0, 1 + far, near / (1 + near.max(initial=0)))


def _candidates(graph: Graph, users: Array, vectors: Array | None) -> list[Array]:
    weights = _allocation(graph, users)
    if seldom_closed(graph):
        weights = _further(graph, users, weights)
    near = None if vectors is None else vectors[users] @ vectors.T
    out = []
    for n, user in enumerate(users):
        first = np.argpartition(-weights[n], min(FRIENDS, graph.nodes - 1))[:FRIENDS]
        chosen = first[weights[n][first] > 0]
        if near is not None:
            count = min(NEAREST + 1, graph.nodes)
            closest = np.argpartition(-near[n], count - 1)[:count]
            closest = closest[(closest != user) & ~graph.has(np.full(count, user), closest)]
            chosen = np.union1d(chosen, closest)
        out.append(chosen.astype(np.int64))
    return out
