"""A model on newer data: the same weights, other ties and nodes, vectors made anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names
from sensorium.links.models.model import LinkModel
from sensorium.links.models.refreshing import Refreshed, changed_rows, refreshed, vectors_of
from sensorium.links.structure.renewing import renewed
from sensorium.links.structure.views import PairView

if TYPE_CHECKING:
    from sensorium.links.graph.describing import Described
    from sensorium.links.graph.reading import Edges

I64 = np.ndarray[Any, np.dtype[np.int64]]


WHOLE_FROM: Final = 0.2
"""Where more than this share of the nodes has other ties than the view was decomposed with, it is
made of the whole graph again."""


@dataclass(frozen=True, slots=True)
class Updated:
    """A model on newer data, and what was computed for it.

    ``embedded``: rows whose vectors the encoder made. ``told``: rows of what is told of pairs that
    were made; all of them where ``decomposed`` anew. ``left_out``: features that training had not.
    """

    model: LinkModel
    embedded: I64
    told: I64
    decomposed: bool
    left_out: int


def updated(
    model: LinkModel, edges: Edges, described: Described | None, now_ns: int, *, whole: bool = False
) -> Updated:
    """The model on these edges and features, with only that computed which they change.

    Nodes that the model knows keep their rows, others follow. A model without features stays so;
    without ``described`` known nodes keep theirs. Columns that the model was not trained with are
    left out, and counted. ``whole`` computes everything.
    """
    from sensorium.links.models.embedding import Scorer

    names = _together(model.names, edges.names)
    graph = _in_rows(edges, names, model.card.kinds)
    features, left_out = _described(model, names, described)
    network = model.scorer.network
    rewired = changed_rows(model.graph, graph)
    redescribed = _redescribed(model.features, features)
    if whole:
        made = Refreshed(vectors_of(network, graph, features), np.arange(graph.nodes))
    else:
        made = refreshed(network, model.graph, graph, model.embeddings, features, redescribed)
    view, told, decomposed = _told(model, graph, features, rewired, redescribed, whole=whole)
    scorer = Scorer(network, graph, features, view, made.vectors)
    card = replace(
        model.card,
        embedded_ns=now_ns,
        decomposed_ns=now_ns if decomposed else model.card.decomposed_ns,
    )
    fresh = LinkModel(scorer, graph, names, features, model.calibration, card)
    return Updated(fresh, made.computed, told, decomposed, left_out)


def _told(
    model: LinkModel,
    graph: Graph,
    features: Features | None,
    rewired: I64,
    redescribed: I64,
    *,
    whole: bool,
) -> tuple[PairView | None, I64, bool]:
    """The view of the graph, the rows of it that were computed, and whether it is whole."""
    view = model.scorer.view
    if view is None:
        return None, np.empty(0, np.int64), whole
    if not whole and view.basis is not None and not graph.directed:
        found = renewed(view, graph, features, rewired, redescribed)
        if found.view.moved() <= WHOLE_FROM:
            return found.view, found.computed, False
    made = PairView.of(graph, features, model.card.settings.seed)
    return made, np.arange(graph.nodes), True


def _together(known: Names, now: Names) -> Names:
    """The names known, and after them the others, in their order."""
    new = now.ids.filter(pa.array(known.find(now.ids) < 0))
    return Names(pa.concat_arrays([known.ids.cast(pa.string()), new.cast(pa.string())]))


def _in_rows(edges: Edges, names: Names, kinds: tuple[str, ...]) -> Graph:
    """The graph with a row for each of ``names``; kinds numbered as they were in training."""
    graph = edges.graph
    row = names.find(edges.names.ids)
    source, target = graph.pairs()
    place = graph.find(source, target)
    columns = {
        name: None if of is None else of[place]
        for name, of in (("times", graph.times), ("weights", graph.weights))
    }
    kind = None
    if graph.kinds is not None and kinds:
        number = {name: at for at, name in enumerate(kinds)}
        # A kind that training never saw is taken for the first: there are no weights for it.
        known = np.array([number.get(name, 0) for name in edges.kinds], np.int16)
        kind = known[graph.kinds[place]]
    return Graph.from_edges(
        len(names), row[source], row[target], directed=graph.directed, kinds=kind, **columns
    )


def _described(
    model: LinkModel, names: Names, described: Described | None
) -> tuple[Features | None, int]:
    """Features of all nodes under the columns of training, and how many others there were."""
    known = model.features
    if known is None:
        return None, 0
    if described is None:
        if len(names) == len(model.names):
            return known, 0
        shape = (len(names) - len(model.names), known.matrix.shape[1])
        nothing = sp.csr_matrix(shape, dtype=np.float32)
        return known.of_others(sp.vstack([known.matrix, nothing]).tocsr()), 0
    given = described.of(names)
    place = {name: at for at, name in enumerate(given.columns)}
    held = [name for name in known.columns if name in place]
    chosen = sp.csc_matrix(given.matrix)[:, [place[name] for name in held]]
    to = {name: at for at, name in enumerate(known.columns)}
    wide = sp.csr_matrix(
        (np.ones(len(held), np.float32), (np.arange(len(held)), [to[name] for name in held])),
        (len(held), len(known.columns)),
    )
    return known.of_others((chosen @ wide).tocsr()), len(given.columns) - len(held)


def _redescribed(before: Features | None, after: Features | None) -> I64:
    """The rows of known nodes whose features are not what they were."""
    if before is None or after is None or after is before:
        return np.empty(0, np.int64)
    known = before.matrix.shape[0]
    differs = (before.matrix != after.matrix[:known]).tocsr()
    rows: I64 = np.flatnonzero(np.diff(differs.indptr))
    return rows
