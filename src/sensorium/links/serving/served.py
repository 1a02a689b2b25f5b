"""The graphs that are served: loaded, looked at for changes, and swapped while requests go on."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError
from sensorium.links.serving.config import LinksConfig, ServedGraphConfig
from sensorium.links.serving.recommending import Recommender, Sizes

if TYPE_CHECKING:
    from sensorium.links.models.model import LinkModel
    from sensorium.links.serving.index import F32, I64, EmbeddingIndex
    from sensorium.links.serving.rules import Rules
    from sensorium.observe import Observe

_LOOKED_AT: Final = ("model.json",)

Stamp = tuple[tuple[str, int, int], ...]


class NotServedError(SensoriumError):
    """No graph of that name is served."""


class NotReadyError(SensoriumError):
    """The graph is served, and not loaded yet."""


@dataclass(frozen=True, slots=True)
class Served:
    """One version of one graph. ``version`` changes with the model, its embeddings and rules.

    ``embedded_ns``: when the embeddings were made, since 1970; ``decomposed_ns``: when what is told
    of pairs was last made of the whole graph, 0 where that is not known.
    """

    version: str
    recommender: Recommender
    trained_ns: int
    embedded_ns: int
    decomposed_ns: int
    rules_passed_over: int

    def age_s(self, now_ns: int) -> float:
        """How old the embeddings are, in seconds."""
        return max(0.0, (now_ns - self.embedded_ns) / 1e9)


def load_served(
    folder: Path,
    rules: Path | None = None,
    sizes: Sizes | None = None,
    before: Served | None = None,
    *,
    few: bool = False,
) -> Served:
    """Load a model and rules; raises SensoriumError for what cannot be served.

    ``few``: it will be asked about a few nodes only. Then every vector is looked at each time,
    which of a million takes less than a second, and an index of them takes minutes to make.
    ``before`` is the version that goes on answering meanwhile: what of it still holds is shared.
    """
    from sensorium.links.models.bundle import load
    from sensorium.links.serving.rules import Rules, read_rules

    digest = hashlib.sha256()
    for path in _files(folder, rules):
        digest.update(path.read_bytes() if path.is_file() else b"")
    model = load(folder)
    said = Rules.none(len(model.names)) if rules is None else read_rules(rules, model.names)
    index = None if before is None else before.recommender.index
    recommender = recommender_of(model, said, sizes or Sizes(), index, few=few)
    recommender.warm()
    return Served(
        digest.hexdigest()[:12],
        recommender,
        model.card.trained_ns,
        model.card.embedded_ns,
        model.card.decomposed_ns,
        said.unknown,
    )


def recommender_of(
    model: LinkModel,
    rules: Rules,
    sizes: Sizes,
    index: EmbeddingIndex | None = None,
    *,
    few: bool = False,
) -> Recommender:
    """A model made ready to answer, from ties that are public alone.

    ``index`` is that of the version before, where there is one; ``few`` as for :func:`load_served`.
    """
    from sensorium.links.models.refreshing import embed_newcomer, row_of
    from sensorium.links.serving.index import EXACT_NODES, EmbeddingIndex
    from sensorium.links.serving.scoring import QuickScores

    network, features = model.scorer.network, model.features
    public = rules.public(model.graph)
    scorer = model.scorer
    if public is not model.graph:
        from sensorium.links.models.embedding import Scorer
        from sensorium.links.structure.views import PairView

        seed = model.card.settings.seed
        # Made anew: what was made of all ties tells of private ones, if only by last bits.
        view = PairView.of(public, features, seed) if network.decoder.counts else None
        scorer = Scorer(network, public, features, view)
    scores = QuickScores(scorer)
    if index is None:
        exact_nodes = len(scorer.vectors) if few else EXACT_NODES
        index = EmbeddingIndex(scorer.vectors, exact_nodes=exact_nodes)
    else:
        index = index.following(scorer.vectors)

    def newcomers(vector: F32, marks: I64, rows: I64) -> F32 | None:
        own = None if features is None else row_of(features, marks)
        return scores.newcomer(vector, own, rows)

    return Recommender(
        model.names,
        model.graph,
        public,
        features,
        rules,
        scores,
        model.probability,
        index,
        partial(embed_newcomer, network, public, features),
        sizes,
        # Where other pairs were held out, probabilities are of those.
        newcomers if model.card.split == "new-nodes" else None,
    )


class Shelf:
    """Every graph at its newest version: a running part, asked from the HTTP side.

    A version that cannot be loaded is counted and logged, and the one before goes on answering.
    """

    name = "links"

    def __init__(self, config: LinksConfig, observe: Observe, clock_ns: Callable[[], int]):
        self._config = config
        self._clock_ns = clock_ns
        self._sizes = Sizes(config.friends, config.nearest)
        self._served: dict[str, Served] = {}
        self._stamps: dict[str, Stamp] = {}
        self._failed: dict[str, str] = {}
        self._log = observe.logger(self.name)
        self._loads = observe.counter(
            "sensorium_links_loads", "Versions of a graph that were taken up", ("graph",)
        )
        self._errors = observe.counter(
            "sensorium_links_load_errors", "Versions that could not be loaded", ("graph",)
        )
        self._age = observe.gauge(
            "sensorium_links_embeddings_age_seconds", "How old a graph's embeddings are", ("graph",)
        )
        self._unknown = observe.gauge(
            "sensorium_links_rules_passed_over", "Rules about nodes a graph has not", ("graph",)
        )

    def get(self, name: str) -> Served:
        """The newest version; NotServedError, or NotReadyError before there is one."""
        served = self._served.get(name)
        if served is None:
            names = [graph.name for graph in self._config.graphs]
            if name not in names:
                raise NotServedError(
                    f"there is no graph {name!r}",
                    next_step=f"served are: {', '.join(names) or 'none'}",
                )
            raise NotReadyError(
                self._failed.get(name) or f"graph {name} is being loaded", next_step="try again"
            )
        return served

    def all(self) -> Mapping[str, Served]:
        """Every graph that is ready, by name."""
        return dict(self._served)

    def health(self) -> Health:
        """Starting until every graph was tried; degraded while one cannot be loaded."""
        if self._failed:
            return Health(HealthState.DEGRADED, "; ".join(self._failed.values()))
        waiting = [one.name for one in self._config.graphs if one.name not in self._served]
        if waiting:
            return Health(HealthState.STARTING, f"loading {', '.join(waiting)}")
        return Health(HealthState.OK)

    async def run(self) -> None:
        """Take up what is new, until cancelled."""
        while True:
            for graph in self._config.graphs:
                await asyncio.to_thread(self.look, graph)
            await asyncio.sleep(self._config.poll_s)

    def look(self, graph: ServedGraphConfig) -> None:
        """Load a graph's files if they are not those of the last time."""
        now = self._clock_ns()
        if graph.name in self._served:
            self._age.labels(graph.name).set(self._served[graph.name].age_s(now))
        stamp = _stamp(graph.model, graph.rules)
        if stamp == self._stamps.get(graph.name):
            return
        self._stamps[graph.name] = stamp
        try:
            before = self._served.get(graph.name)
            served = load_served(graph.model, graph.rules, self._sizes, before)
        except SensoriumError as error:
            self._failed[graph.name] = error.message
            self._errors.labels(graph.name).inc()
            self._log.error(
                "a version could not be loaded",
                graph=graph.name,
                error=str(error),
                unaffected="the version before goes on answering"
                if graph.name in self._served
                else "",
            )
            return
        self._failed.pop(graph.name, None)
        self._served[graph.name] = served
        self._loads.labels(graph.name).inc()
        self._age.labels(graph.name).set(served.age_s(now))
        self._unknown.labels(graph.name).set(served.rules_passed_over)
        self._log.info(
            "loaded",
            graph=graph.name,
            version=served.version,
            nodes=served.recommender.graph.nodes,
            edges=served.recommender.graph.edges,
        )


def _files(folder: Path, rules: Path | None) -> list[Path]:
    return [*(folder / name for name in _LOOKED_AT), *([] if rules is None else [rules])]


def _stamp(folder: Path, rules: Path | None) -> Stamp:
    """What tells one version of the files from another without reading them."""
    stamps = []
    for path in _files(folder, rules):
        try:
            found = path.stat()
            stamps.append((path.name, found.st_mtime_ns, found.st_ino))
        except OSError:
            stamps.append((path.name, 0, 0))
    return tuple(stamps)
