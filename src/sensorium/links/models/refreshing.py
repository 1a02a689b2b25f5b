"""Vectors made anew: for all nodes, or only where a changed graph can have changed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import torch

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.near import within
from sensorium.links.models.inputs import Bag
from sensorium.links.neighbourhoods.inference import Inputs, embed

if TYPE_CHECKING:
    from sensorium.links.graph.features import Features
    from sensorium.links.models.neural import Network

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]

WHOLE_FROM: Final = 0.5
"""Where more than this share of the vectors may have changed, all are made anew."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Vectors of all nodes, and the rows of those that were computed for it."""

    vectors: F32
    computed: I64


def inputs_of(network: Network, graph: Graph, features: Features | None) -> Inputs:
    """What the encoder is given of rows of this graph."""
    degree = graph.degree().astype(np.float32)

    def of(rows: I64) -> torch.Tensor:
        bag = None if features is None else Bag(features.rows(rows))
        given: torch.Tensor = network.inputs(
            torch.from_numpy(rows), torch.from_numpy(degree[rows]), bag
        )
        return given

    return of


def vectors_of(
    network: Network, graph: Graph, features: Features | None, rows: I64 | None = None
) -> F32:
    """The vectors of all nodes, or of some, float32 (rows, width)."""
    training = network.training
    network.eval()
    try:
        return embed(network.encoder, inputs_of(network, graph, features), graph, rows)
    finally:
        network.train(training)


def refreshed(
    network: Network,
    before: Graph,
    after: Graph,
    vectors: F32,
    features: Features | None,
    described: I64,
) -> Refreshed:
    """The vectors on a changed graph, from those on the graph before.

    ``after`` may have more nodes, at the end, and ``features`` are of its nodes; ``described`` are
    rows whose features have changed. A vector depends on nodes within as many steps as the encoder
    has layers, along ties of before or of now; no others are computed.
    """
    layers = network.encoder.shape.layers
    changed = np.union1d(changed_rows(before, after), described)
    old = changed[changed < before.nodes]
    affected = np.union1d(_hearing(after, changed, layers), _hearing(before, old, layers))
    if len(affected) > WHOLE_FROM * after.nodes:
        return Refreshed(vectors_of(network, after, features), np.arange(after.nodes))
    made = np.zeros((after.nodes, vectors.shape[1]), np.float32)
    made[: before.nodes] = vectors
    if len(affected):
        made[affected] = vectors_of(network, after, features, affected)
    return Refreshed(made, affected)


def changed_rows(before: Graph, after: Graph) -> I64:
    """The rows whose ties are not the same as before, new rows included, ascending."""
    known = before.nodes
    one, other = before.indptr, after.indptr
    longer = np.diff(one) != np.diff(other)[:known]
    same = np.flatnonzero(~longer)
    arcs = np.diff(one)[same]
    starts = np.cumsum(arcs) - arcs
    offsets = np.arange(int(arcs.sum())) - np.repeat(starts, arcs)
    differs = (
        before.indices[np.repeat(one[same], arcs) + offsets]
        != after.indices[np.repeat(other[same], arcs) + offsets]
    )
    rewired = np.unique(np.repeat(same, arcs)[differs])
    return np.concatenate(
        [np.union1d(np.flatnonzero(longer), rewired), np.arange(known, after.nodes)]
    )


def _hearing(graph: Graph, rows: I64, steps: int) -> I64:
    """The rows that hear of these within so many steps: against the direction of arcs."""
    if not graph.directed:
        return within(graph, rows, steps)
    source, target = graph.sources(), graph.indices
    return within(Graph.from_edges(graph.nodes, target, source, directed=True), rows, steps)


def row_of(features: Features, marks: I64) -> Features:
    """The features of somebody who has these columns and no others."""
    import scipy.sparse as sp

    held = (np.ones(len(marks), np.float32), (np.zeros(len(marks), np.int64), marks))
    return features.of_others(sp.csr_matrix(held, (1, features.matrix.shape[1])))


def embed_newcomer(
    network: Network, graph: Graph, features: Features | None, ties: I64, marks: I64
) -> F32:
    """A vector for somebody who is not in the graph: of their ties and the columns they have.

    Those they know do not hear of them, so that nobody else's vector changes.
    """
    row = graph.nodes
    wider = Graph(
        np.append(graph.indptr, graph.arcs + len(ties)),
        np.concatenate([graph.indices, ties.astype(np.int32)]),
        directed=True,
    )
    base = inputs_of(network, graph, features)
    own = None if features is None else row_of(features, marks)

    def of(rows: I64) -> torch.Tensor:
        theirs = base(rows[rows < row])
        if rows[-1] != row:
            return theirs
        bag = None if own is None else Bag(own)
        degree = torch.tensor([float(len(ties))])
        mine = network.inputs(torch.tensor([row]), degree, bag)
        return torch.cat([theirs, mine])

    network.eval()
    vector: F32 = embed(network.encoder, of, wider, np.array([row]))[0]
    return vector
