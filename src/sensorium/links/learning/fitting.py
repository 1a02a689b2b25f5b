"""From edges and features to a model that can be saved: split, train, judge, calibrate."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sensorium import __version__
from sensorium.errors import UsageError
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names
from sensorium.links.learning.evaluation import measured
from sensorium.links.learning.judging import by_allocation, hard_figures, judged
from sensorium.links.learning.settings import Settings
from sensorium.links.learning.split import Split, split_edges, split_nodes, split_time
from sensorium.links.models.model import Card, LinkModel, calibrated
from sensorium.links.optional import load_torch
from sensorium.links.structure.heuristics import HEURISTICS

if TYPE_CHECKING:
    from sensorium.links.models.embedding import Scorer
    from sensorium.links.models.neural import Network

Progress = Callable[[int, float, float], None]

Array = np.ndarray[Any, Any]

SPLITS: Final = ("random", "time", "new-nodes")
LEAST: Final = 50
"""Fewer edges cannot be divided into parts that say something."""


def divided(graph: Graph, settings: Settings, split: str) -> Split:
    """The division that a model is trained and judged on; ``split`` is one of :data:`SPLITS`."""
    if graph.edges < LEAST:
        raise UsageError(
            f"{graph.edges:,} edges are too few to learn from",
            next_step=f"give at least {LEAST}",
        )
    if split == "random":
        return split_edges(graph, settings.valid, settings.test, settings.seed)
    if split == "time":
        return split_time(graph, settings.valid, settings.test, settings.seed)
    if split == "new-nodes":
        return split_nodes(graph, settings.test, settings.seed)
    raise UsageError(f"there is no split {split!r}", next_step=f"one of {', '.join(SPLITS)}")


def fit(
    graph: Graph,
    names: Names,
    features: Features | None,
    settings: Settings,
    *,
    split: str = "random",
    folder: Path | None = None,
    progress: Progress | None = None,
    kinds: tuple[str, ...] = (),
    notes: list[str] | None = None,
    clock_ns: Callable[[], int] = time.time_ns,
) -> LinkModel:
    """Train on a part of the edges, judge on held-out ones, and answer for the whole graph.

    ``folder`` keeps a training that can be gone on with. Raises SensoriumError for a graph that is
    too small or too dense, for names of parts that do not exist, and without the extra ``graph``.
    """
    load_torch()
    from sensorium.links.learning.training import Training
    from sensorium.links.threads import threads_for

    if split == "new-nodes" and settings.identity == "learned":
        raise UsageError(
            "a model with a learned vector for each node has none for new nodes",
            next_step="choose the identity none or random",
        )
    parts = divided(graph, settings, split)
    with threads_for(graph.arcs):
        training = Training(parts, features, settings)
        trained = training.run(progress, folder)
        scores = judged_by(parts, trained.network, features, settings.seed)
        positive = trained.scorer.score(*parts.valid)
        negative = trained.scorer.score(*parts.valid_negatives)
        scorer = scorer_on(graph, trained.network, features, settings.seed)
    card = Card(
        settings=training.settings,
        split=split,
        scores=scores,
        curves=[[curve.epoch, curve.loss, curve.mrr] for curve in trained.curves],
        best_epoch=trained.best,
        data=digest(graph, features),
        trained_ns=clock_ns(),
        embedded_ns=clock_ns(),
        code=__version__,
        kinds=kinds,
        notes=list(notes or ()),
        decomposed_ns=clock_ns(),
    )
    return LinkModel(scorer, graph, names, features, calibrated(positive, negative), card)


def evaluated(model: LinkModel, *, training_only: bool = False) -> dict[str, Any]:
    """The figures of a saved model, measured again on the split that it was trained on.

    Test edges are asked about with training and validation edges known, or with
    ``training_only``; the model is the same, and was trained on no validation edge.

    Raises UsageError where its graph or features changed since: which edges it was trained on can
    no longer be told, and edges that it has seen would be among those it is judged by.
    """
    from sensorium.links.threads import threads_for

    if digest(model.graph, model.features) != model.card.data:
        raise UsageError(
            "the model was refreshed with other edges or features since it was trained",
            unaffected="its figures of that time are in model.json",
            next_step="fit a model on the edges of now: sensorium links fit",
        )
    parts = _parts(model, training_only=training_only)
    with threads_for(model.graph.arcs):
        return judged_by(parts, model.scorer.network, model.features, model.card.settings.seed)


def judged_by(
    parts: Split, network: Network, features: Features | None, seed: int
) -> dict[str, Any]:
    """Figures with what is known at the time of the test: the edges of ``parts.seen``."""
    scorer = scorer_on(parts.seen, network, features, seed)
    return judged(parts, scorer.score, scorer.vectors, seed)


def scorer_on(graph: Graph, network: Network, features: Features | None, seed: int) -> Scorer:
    """A network that answers for this graph."""
    from sensorium.links.models.embedding import Scorer
    from sensorium.links.structure.views import PairView

    view = PairView.of(graph, features, seed) if network.decoder.counts else None
    return Scorer(network, graph, features, view)


def digest(graph: Graph, features: Features | None) -> str:
    """SHA-256 of what a model was trained on."""
    found = hashlib.sha256()
    for part in (graph.indptr, graph.indices, graph.times, graph.kinds, graph.weights):
        found.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
    if features is not None:
        for part in (features.matrix.indptr, features.matrix.indices):
            found.update(part.astype(np.int64).tobytes())
        found.update(features.matrix.data.tobytes())
    return found.hexdigest()


def _parts(model: LinkModel, *, training_only: bool) -> Split:
    parts = divided(model.graph, model.card.settings, model.card.split)
    return parts.training_only() if training_only else parts


def baselines(model: LinkModel, *, training_only: bool = False) -> dict[str, dict[str, Any]]:
    """What scores without learning reach on the model's split, by name and set of negatives.

    ``training_only`` as for :func:`evaluated`: they know what the model knows.
    """
    parts = _parts(model, training_only=training_only)
    seed = model.card.settings.seed
    found: dict[str, dict[str, Any]] = {}
    for name, score in HEURISTICS.items():

        def of(source: Array, target: Array, score: Any = score) -> Array:
            scores: Array = score(parts.seen, source, target)
            return scores

        found[name] = {
            "test": measured(of(*parts.test), of(*parts.test_negatives)),
            "hard": hard_figures(parts, of, seed),
        }
    if not len(parts.new_nodes):
        found["RA"]["suggestions"] = by_allocation(parts, seed)
    return found
