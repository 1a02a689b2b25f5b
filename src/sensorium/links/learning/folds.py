"""Training edges in folds, each beside what is left of the graph without it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from sensorium.links.encoders.arcs import Arcs
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.learning import negatives
from sensorium.links.learning.negatives import Pairs
from sensorium.links.neighbourhoods.sampling import NeighbourSampler
from sensorium.links.structure import smoothing
from sensorium.links.structure.views import PairView

Array = np.ndarray[Any, Any]


class Fold:
    """Edges to be predicted, and the view of the graph without them that predicts them.

    ``told`` is what the view says of the edges, float32 (edges, k); empty without counts. ``cold``
    are nodes that have no edge left, each edge being one of theirs; None where edges were drawn.
    """

    def __init__(
        self, view: PairView | None, graph: Graph, edges: Pairs, cold: Array | None = None
    ) -> None:
        self.view, self.graph, self.edges, self.cold = view, graph, edges, cold
        self.told = self.tell(*edges)

    def tell(self, source: Array, target: Array) -> Array:
        """What is told of pairs, (pairs, k)."""
        if self.view is None:
            return np.zeros((len(source), 0), np.float32)
        return self.view.pairs(source, target)

    @cached_property
    def arcs(self) -> Arcs:
        """The graph's arcs as an encoder takes them."""
        return Arcs.of(self.graph)

    @cached_property
    def degree(self) -> torch.Tensor:
        """Degrees in the graph, float32."""
        return torch.from_numpy(self.graph.degree().astype(np.float32))


@dataclass(frozen=True, slots=True)
class Batch:
    """Pairs to learn from: the edges first, then the negatives; ``told`` of each, (pairs, k)."""

    source: Array
    target: Array
    told: Array
    edges: int


def folded(
    graph: Graph,
    features: Features | None,
    folds: int,
    cold: int,
    seed: int,
    *,
    counts: bool,
    made: int | None = None,
) -> list[Fold]:
    """The graph's edges divided at random, and ``cold`` further folds that make nodes new ones.

    Of ``folds`` parts only ``made`` are predicted, where given: each takes a view of its own, which
    costs more than one can learn of so many edges.

    In a cold fold as large a share of the nodes as a fold has of the edges loses every edge, and
    those to other nodes are predicted: what is learned holds for nodes that nothing is known of but
    their features.
    """
    rng = np.random.default_rng([seed, 1])
    source, target = (end.astype(np.int64) for end in graph.pairs())
    order = rng.permutation(len(source))
    base = None
    if features is not None and counts:
        base = smoothing.reduced(features, smoothing.words(features, seed))
    found = []
    for part in np.array_split(order, min(folds, len(order)))[:made]:
        edges = source[part], target[part]
        rest = graph.without(*edges)
        found.append(
            Fold(PairView.made(rest, features, base, seed) if counts else None, rest, edges)
        )
    for _ in range(cold):
        chosen = rng.permutation(graph.nodes)[: graph.nodes // max(folds, 2)]
        new = np.zeros(graph.nodes, bool)
        new[chosen] = True
        lost = new[source] | new[target]
        one = new[source] != new[target]
        if one.any():
            rest = graph.without(source[lost], target[lost])
            view = PairView.made(rest, features, base, seed) if counts else None
            with_edges = np.flatnonzero(new & (graph.degree() > 0))
            found.append(Fold(view, rest, (source[one], target[one]), with_edges))
    return found


def batches(
    fold: Fold,
    known: Graph,
    size: int,
    each: int,
    hard: float,
    rng: np.random.Generator,
    among: Array | None = None,
    steps: int | None = None,
) -> list[Batch]:
    """One epoch of a fold: its edges in random order, and ``each`` times as many new negatives.

    Where that is more than ``steps`` of ``size`` edges, so many of its edges.
    """
    order = rng.permutation(len(fold.edges[0]))
    if steps is not None:
        order = order[: steps * size]
    made = []
    for part in np.array_split(order, max(1, round(len(order) / size))):
        one, other = fold.edges[0][part], fold.edges[1][part]
        negative = _negatives(fold, known, (one, other), each, hard, rng, among)
        source, target = (
            np.concatenate([end, *(pairs[n] for pairs in negative)])
            for n, end in enumerate((one, other))
        )
        told = fold.tell(source[len(part) :], target[len(part) :])
        made.append(Batch(source, target, np.concatenate([fold.told[part], told]), len(part)))
    return made


def _negatives(
    fold: Fold,
    known: Graph,
    edges: Pairs,
    each: int,
    hard: float,
    rng: np.random.Generator,
    among: Array | None,
) -> list[Pairs]:
    count = len(edges[0])
    if fold.cold is not None:
        return [negatives.one_among(known, count * each, fold.cold, rng, among)]
    near = round(hard * each)
    drawn = []
    if near:
        source, target = negatives.hard(known, fold.graph, edges, near, rng)
        drawn.append((source.ravel(), target.ravel()))
    if each > near:
        drawn.append(negatives.uniform(known, count * (each - near), rng, among))
    return drawn


def neighbourhood(
    graph: Graph, sampler: NeighbourSampler, rows: Array, draw: int
) -> tuple[Array, Arcs, Array]:
    """A sampled subgraph around rows: its nodes, its arcs, and where each row is in it."""
    sample = sampler.sample(rows, draw=draw)
    order = np.argsort(sample.targets, kind="stable")
    indptr = np.zeros(len(sample.nodes) + 1, np.int64)
    np.cumsum(np.bincount(sample.targets, minlength=len(sample.nodes)), out=indptr[1:])
    kinds = None if graph.kinds is None else graph.kinds[sample.arcs[order]]
    arcs = Arcs(indptr, sample.sources[order], kinds, reach=sample.node_ends)
    return sample.nodes, arcs, sample.seeds
