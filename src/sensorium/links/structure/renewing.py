"""The view of a changed graph, from that of the graph before: only what a change reaches is made.

The decompositions stay those of the last whole view (:mod:`.basis`): every node's vectors, whether
they were made now or earlier, are those that all nodes would get by these from the graph as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
import scipy.sparse as sp

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.graph.near import within
from sensorium.links.structure import smoothing
from sensorium.links.structure.basis import (
    HELD,
    LATER,
    MOVED,
    PENALTIES,
    Basis,
    applied,
    folded,
    spectrum,
    ties_of,
)
from sensorium.links.structure.views import PairView

Array = np.ndarray[Any, Any]

WHOLE_FROM: Final = 0.3
"""Where more than this share of the nodes is needed, features are spread over the whole graph."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A view, and the rows of its table that were computed for it."""

    view: PairView
    computed: Array


def renewed(
    view: PairView,
    graph: Graph,
    features: Features | None,
    rewired: Array,
    described: Array,
    *,
    every: bool = False,
) -> Renewed:
    """The view of ``graph``, an undirected one, which may have more nodes at the end.

    ``rewired`` are rows with other ties than in the view's graph, new ones included; ``described``
    those with other features. ``every`` row is made on request. Raises ValueError for a view
    without a basis.
    """
    if view.basis is None:
        raise ValueError("a view without a basis is made anew as a whole")
    state = np.full(graph.nodes, LATER, np.uint8)
    state[: view.graph.nodes] = view.basis.state
    state[rewired[state[rewired] == HELD]] = MOVED
    everybody = np.arange(graph.nodes)
    later = everybody if every else within(graph, rewired, 2)
    later = later[state[later] == LATER]
    near = everybody if every else within(graph, np.union1d(rewired, later), 1)
    table = np.zeros((graph.nodes, view.table.shape[1]), np.float32)
    table[: view.graph.nodes] = view.table
    over = tuple(_longer(of, graph.nodes) for of in view.basis.over)
    basis = replace(view.basis, over=(over[0], over[1]), state=state)
    after = PairView(graph, features, table, view.widths, basis)
    for n in range(len(PENALTIES)):
        _follow(after, basis, n, later, near)
    computed = near
    if features is not None:
        changed = np.union1d(rewired, described)
        reached = everybody if every else within(graph, changed, smoothing.FARTHEST)
        _spread(after, features, basis, reached)
        computed = np.union1d(near, reached)
    # Lengths are taken of the vectors as they are now.
    return Renewed(PairView(graph, features, table, view.widths, basis), computed)


def _follow(view: PairView, basis: Basis, n: int, later: Array, near: Array) -> None:
    """Fold ``later`` rows into a decomposition, and let ``near`` rows follow it."""
    graph, table, over = view.graph, view.table, basis.over[n]
    spectral, said, heard = (view.places[at] for at in (-5, 2 * n - 4, 2 * n - 3))
    share, damped = smoothing.kept(basis.values[n], PENALTIES[n]), n == 1

    def columns(rows: Array) -> Array:
        of: Array = table[rows, heard] * over[rows, None]
        return of

    def held(rows: Array) -> Array:
        of: Array = columns(rows) * (basis.state[rows] != LATER)[:, None]
        return of

    ties = partial(ties_of, graph, damped=damped)
    if len(later):
        own = folded(ties, later, held, basis.values[n])
        over[later] = smoothing.left_over(own, share)
        table[later, heard] = own / over[later, None]
    plain = ties_of(graph, near, damped=False)
    table[near, said] = applied(plain, lambda rows: columns(rows) * share)
    if damped:
        leading = applied(ties(near), lambda rows: columns(rows)[:, : smoothing.SPECTRUM])
        table[near, spectral] = spectrum(leading, basis.values[n])


def _spread(view: PairView, features: Features, basis: Basis, reached: Array) -> None:
    """Spread features to the rows that are reached, from all within as many steps of them."""
    graph = view.graph
    needed = within(graph, reached, smoothing.FARTHEST)
    if len(needed) > WHOLE_FROM * graph.nodes:
        needed = np.arange(graph.nodes)
    loops = sp.identity(graph.nodes, np.float32, "csr")
    step = smoothing.damped(smoothing.adjacency(graph) + loops)
    if len(needed) < graph.nodes:
        step = step[needed][:, needed]
    base = smoothing.reduced(features, basis.directions, needed)
    chosen = np.searchsorted(needed, reached)
    for place, of in zip(view.places, smoothing.spread_by(step, base), strict=False):
        view.table[reached, place] = of[chosen]


def _longer(values: Array, nodes: int) -> Array:
    """The values, and ones for nodes that came later."""
    out = np.ones(nodes, np.float32)
    out[: len(values)] = values
    return out
