"""Edges divided into those that are seen, those that choose a model, and those that judge it.

Undirected edges are divided as edges, never as arcs: the reverse of a test edge is a test edge.
Validation and test edges are in no graph that a model sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sensorium.errors import UsageError
from sensorium.links.graph.compressed import Graph
from sensorium.links.learning.negatives import Pairs, one_among, uniform

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One division of a graph's edges.

    ``known``: all edges, for telling what is a negative. ``message``: the training edges, which
    a model may see; its pairs are what it is trained on. ``valid``, ``test``: held-out edges;
    ``valid_negatives``, ``test_negatives``: as many unlinked pairs. ``new_nodes``: rows that have
    no edge in ``message`` because they were held out whole; empty unless they were.
    ``seen`` is known when the test edges are asked about: training and validation edges.
    """

    known: Graph
    message: Graph
    valid: Pairs
    test: Pairs
    valid_negatives: Pairs
    test_negatives: Pairs
    new_nodes: Array
    seen: Graph

    def training_only(self) -> Split:
        """The same division, with training edges alone known when test edges are asked about."""
        return replace(self, seen=self.message)


def split_edges(graph: Graph, valid: float, test: float, seed: int) -> Split:
    """A random division by edge; ``valid`` and ``test`` are shares of all edges."""
    source, target = graph.pairs()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(source))
    return _divided(graph, source[order], target[order], _sizes(len(order), valid, test), rng)


def split_time(graph: Graph, valid: float, test: float, seed: int) -> Split:
    """A division by time: the latest edges are for test, those before them for validation."""
    if graph.times is None:
        raise UsageError(
            "edges without times cannot be divided by time",
            next_step="give a file with a time column, or divide at random",
        )
    source, target = graph.pairs()
    when = graph.times if graph.directed else graph.times[graph.sources() < graph.indices]
    order = np.argsort(-when, kind="stable")
    rng = np.random.default_rng(seed)
    return _divided(graph, source[order], target[order], _sizes(len(order), valid, test), rng)


def split_nodes(graph: Graph, share: float, seed: int) -> Split:
    """An inductive division: a share of the nodes is new, and their edges to others are for test.

    Half as many further nodes are new for validation: a model is chosen by what it will be judged
    by. Edges between two new nodes are in no part: nothing is known of either end but its features.
    Negatives have exactly one new end too.
    """
    if not 0 < share < 0.6:
        raise UsageError("the share of new nodes is above 0 and below 0.6")
    rng = np.random.default_rng(seed)
    order = rng.permutation(graph.nodes)
    count = max(1, round(share * graph.nodes))
    judged, chosen = np.zeros((2, graph.nodes), bool)
    judged[order[:count]] = True
    chosen[order[count : count + max(1, count // 2)]] = True
    source, target = graph.pairs()
    tested, lost = judged[source] != judged[target], judged[source] | judged[target]
    validated = ~lost & (chosen[source] != chosen[target])
    lost_too = lost | chosen[source] | chosen[target]
    if not (tested.any() and validated.any()) or lost_too.all():
        raise UsageError(
            "too few edges are left when nodes are held out", next_step="hold out less"
        )
    old = np.flatnonzero(~(judged | chosen))
    ends = rng, old
    return Split(
        known=graph,
        message=graph.without(source[lost_too], target[lost_too]),
        valid=(source[validated], target[validated]),
        test=(source[tested], target[tested]),
        valid_negatives=one_among(graph, int(validated.sum()), np.flatnonzero(chosen), *ends),
        test_negatives=one_among(graph, int(tested.sum()), np.flatnonzero(judged), rng),
        new_nodes=np.flatnonzero(judged),
        seen=graph.without(source[lost], target[lost]),
    )


def _sizes(edges: int, valid: float, test: float) -> tuple[int, int]:
    if not (0 < valid < 1 and 0 < test < 1 and valid + test < 1):
        raise UsageError("shares for validation and test are above 0 and below 1 together")
    held, judged = max(1, round(valid * edges)), max(1, round(test * edges))
    if edges - held - judged < 1:
        raise UsageError(
            f"{edges:,} edges are too few to hold some out", next_step="give more edges"
        )
    return held, judged


def _divided(
    graph: Graph, source: Array, target: Array, sizes: tuple[int, int], rng: np.random.Generator
) -> Split:
    """The first edges in order are for test, the next for validation, the rest are seen."""
    held, judged = sizes
    test = source[:judged], target[:judged]
    valid = source[judged : judged + held], target[judged : judged + held]
    tied = np.flatnonzero(graph.degree())
    # Nodes known by features alone are told from all others by having no edge: too easy a negative.
    one, other = uniform(graph, held + judged, rng, None if len(tied) == graph.nodes else tied)
    seen = graph.without(*test)
    return Split(
        known=graph,
        message=seen.without(*valid),
        valid=valid,
        test=test,
        valid_negatives=(one[:held], other[:held]),
        test_negatives=(one[held:], other[held:]),
        new_nodes=np.empty(0, np.int64),
        seen=seen,
    )
