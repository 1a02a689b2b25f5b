"""Vectors of all nodes, or of some, layer by layer: nothing is computed twice, nothing sampled.

For all nodes each layer reads the whole layer before (Hamilton et al. 2017, section 3.1, without
sampling); the rows are worked off in pieces that stay in the processor's cache. For some nodes,
each layer computes only the rows that the next one reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from sensorium.links.encoders.arcs import Arcs
from sensorium.links.encoders.encoder import Encoder
from sensorium.links.encoders.gcn import Gcn
from sensorium.links.encoders.sage import Sage
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.near import positions_of, within
from sensorium.links.neighbourhoods.gathering import Gather, gathered
from sensorium.links.neighbourhoods.layers import Layer, layer_of

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]

AT_ONCE: Final = 8_192
"""Rows of a piece."""
_GATHERED: Final = {"mean": Gather.MEAN, "sum": Gather.SUM, "max": Gather.MAX}

Inputs = Callable[[I64], torch.Tensor]
"""What the encoder is given of these rows, float32 (rows, width)."""


def embed(
    encoder: Encoder,
    inputs: Inputs,
    graph: Graph,
    rows: I64 | None = None,
    *,
    threads: int | None = None,
) -> F32:
    """The vectors of all nodes, or of ``rows``: float32 (rows, width).

    The encoder is used as in evaluation, on the processor. Two runs give the same bits.
    """
    # PyG's LSTM reads on over the padding up to the most neighbours that any node of a piece has,
    # so that a vector is what training made of it only where all nodes are one piece.
    whole = isinstance(encoder, Sage) and encoder.shape.aggregation == "lstm"
    wanted = _wanted(graph, None if whole else rows, encoder.shape.layers)
    at_once = graph.nodes if whole else AT_ONCE
    how = _GATHERED.get(encoder.shape.aggregation) if isinstance(encoder, Sage) else None
    # Rows that no layer wants are never touched, and take up no memory.
    x = np.empty((graph.nodes, encoder.shape.width), np.float32)
    spare: F32 | None = None
    training = encoder.training
    encoder.eval()
    try:
        with torch.no_grad():
            for piece in _pieces(wanted[0], at_once):
                x[_of(piece)] = inputs(piece).numpy()
            for layer, chosen in enumerate(wanted[1:]):
                if how is None:
                    x = _layer(encoder, layer, x, graph, _pieces(chosen, at_once), threads)
                else:
                    weights, arrays = _weights(encoder, layer), (graph.indptr, graph.indices, x)
                    made = layer_of(*arrays, chosen, how, weights, out=spare, threads=threads)
                    x, spare = made, x
    finally:
        encoder.train(training)
    return x if rows is None else x[rows]


def _wanted(graph: Graph, rows: I64 | None, layers: int) -> list[I64]:
    """The rows to have before the first layer, and after each."""
    if rows is None:
        return [np.arange(graph.nodes)] * (layers + 1)
    return [within(graph, rows, layers - done) for done in range(layers + 1)]


def _pieces(rows: I64, at_once: int) -> Iterator[I64]:
    for start in range(0, len(rows), at_once):
        yield rows[start : start + at_once]


def _of(piece: I64) -> I64 | slice:
    """What picks these rows without copying them, where they lie side by side."""
    first, last = int(piece[0]), int(piece[-1])
    side_by_side = last - first + 1 == len(piece) and (np.diff(piece) == 1).all()
    return slice(first, last + 1) if side_by_side else piece


def _weights(encoder: Encoder, layer: int) -> Layer:
    """What a layer of GraphSAGE multiplies and adds."""
    conv: Any = encoder.convs[layer]
    norm: Any = encoder.norms[layer]
    return Layer(
        torch.cat([conv.lin_l.weight.T, conv.lin_r.weight.T]).numpy(),
        conv.lin_l.bias.numpy(),
        norm.weight.numpy(),
        norm.bias.numpy(),
        norm.eps,
        layer + 1 < encoder.shape.layers,
        encoder.shape.normalise,
    )


def _layer(
    encoder: Encoder, layer: int, x: F32, graph: Graph, pieces: Iterator[I64], threads: int | None
) -> F32:
    conv: Any = encoder.convs[layer]
    damp = (graph.degree() + 1.0) ** -0.5 if isinstance(encoder, Gcn) else None
    said = x if damp is None else x * damp[:, None].astype(np.float32)
    after = np.empty_like(x)
    for piece in pieces:
        here = _of(piece)
        own = torch.from_numpy(x[here])
        if damp is not None:
            told = said[here] + gathered(
                graph.indptr, graph.indices, said, Gather.SUM, rows=piece, threads=threads
            )
            told *= damp[here, None].astype(np.float32)
            heard = conv.lin(torch.from_numpy(told)) + conv.bias
        else:
            block, inside = _block(graph, piece)
            heard = encoder.hear(conv, torch.from_numpy(x[inside]), block)[: len(piece)]
        after[here] = encoder.step(layer, own, heard, encoder.norms[layer]).numpy()
    return after


def _block(graph: Graph, piece: I64) -> tuple[Arcs, I64]:
    """The arcs of these rows, relabelled, and the rows of the graph that they are among."""
    arcs = positions_of(graph, piece)
    others = graph.indices[arcs].astype(np.int64)
    inside = np.concatenate([piece, np.setdiff1d(others, piece)])
    by_node = np.argsort(inside)
    labels = by_node[np.searchsorted(inside, others, sorter=by_node)]
    counts = graph.indptr[piece + 1] - graph.indptr[piece]
    indptr = np.full(len(inside) + 1, len(arcs), np.int64)
    indptr[: len(piece) + 1] = np.concatenate([[0], np.cumsum(counts)])
    kinds = None if graph.kinds is None else graph.kinds[arcs]
    return Arcs(indptr, labels, kinds), inside
