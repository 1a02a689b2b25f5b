"""A served graph that changes: what following a change costs beside making everything anew.

A generated graph of friends, about ten edges a node. People befriend friends of friends and some
strangers, some ties end, and some people are new; the model follows, and an index over its vectors.
Beside it everything is made of the changed graph: spectra, all vectors, the index. Processor time.
Vectors must be the same. Spectra are those of before, followed: how far they agree with new ones is
told by what both say of pairs. Weights are untrained: they do not change what it costs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from benchmarks.graphs.friends import friends
from benchmarks.graphs.models import untrained
from benchmarks.report import Claim, arguments, report
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.names import Names
from sensorium.links.graph.reading import Edges
from sensorium.links.models.model import LinkModel
from sensorium.links.models.updating import Updated, updated
from sensorium.links.serving.index import EmbeddingIndex

Made = TypeVar("Made")
PAIRS = 20_000
SPECTRAL = 4
"""So many columns of what is told are told by spectra, the last ones."""


def timed(work: Callable[[], Made]) -> tuple[float, Made]:
    """Seconds of processor time, and what came of it."""
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


def changed(model: LinkModel, events: int, seed: int = 7) -> Edges:
    """So many new ties, half as many ended ones, and a tenth as many people with three ties."""
    graph, random = model.graph, np.random.default_rng(seed)
    source, target = graph.pairs()
    gone = random.choice(len(source), events // 2, replace=False)
    left = graph.without(source[gone], target[gone])
    one = random.integers(0, graph.nodes, events)
    other = random.integers(0, graph.nodes, events)
    for n in np.flatnonzero(random.random(events) < 0.7):
        via = left.indices[left.indptr[one[n]] : left.indptr[one[n] + 1]]
        if len(via):
            friend = random.choice(via)
            other[n] = random.choice(left.indices[left.indptr[friend] : left.indptr[friend + 1]])
    new = events // 10
    nodes = graph.nodes + new
    source, target = left.pairs()
    after = Graph.from_edges(
        nodes,
        np.concatenate([source, one, np.repeat(np.arange(graph.nodes, nodes), 3)]),
        np.concatenate([target, other, random.integers(0, graph.nodes, 3 * new)]),
    )
    return Edges(after, Names([f"user-{row}" for row in range(nodes)]))


def agreement(followed: Updated, anew: Updated) -> list[tuple[str, float]]:
    """How what spectra tell of pairs correlates, where one of the two has other ties than before.

    Half of the others are friends of friends, half anybody.
    """
    views = [made.model.scorer.view for made in (followed, anew)]
    assert views[0] is not None
    assert views[1] is not None
    graph, random = followed.model.graph, np.random.default_rng(8)
    moved = followed.told[graph.degree()[followed.told] > 0]
    one = random.choice(moved, PAIRS)
    other = random.integers(0, graph.nodes, PAIRS)
    for n in range(0, PAIRS, 2):
        friend = random.choice(graph.indices[graph.indptr[one[n]] : graph.indptr[one[n] + 1]])
        other[n] = random.choice(graph.indices[graph.indptr[friend] : graph.indptr[friend + 1]])
    told = [view.pairs(one, other)[:, -SPECTRAL:] for view in views if view is not None]
    names = views[0].names()[-SPECTRAL:]
    return [
        (name, float(np.corrcoef(told[0][:, n], told[1][:, n])[0, 1]))
        for n, name in enumerate(names)
    ]


def main() -> None:
    """Measure and report."""
    quick = arguments(__doc__).quick
    nodes, events = (10_000, 20) if quick else (100_000, 100)
    model = untrained(friends(nodes), width=64)
    before = EmbeddingIndex(model.embeddings, exact_nodes=1_000)
    edges = changed(model, events)

    def follow(whole: bool) -> Updated:
        return updated(model, edges, None, 2, whole=whole)

    followed_s, followed = timed(lambda: follow(False))
    anew_s, anew = timed(lambda: follow(True))
    vectors = followed.model.embeddings
    index_s, _ = timed(lambda: before.following(vectors))
    index_anew_s, _ = timed(lambda: EmbeddingIndex(vectors, exact_nodes=1_000))
    error = float(np.abs(vectors - anew.model.embeddings).max())
    size = f"{nodes:,} nodes, {events:,} new ties"
    beside = partial(Claim, unit="s", peer="anew", lower_is_better=True)
    report(
        "links: following a change",
        [
            beside(f"spectra and vectors of {size}", followed_s, peer_value=anew_s),
            beside(f"an HNSW index of {size}", index_s, peer_value=index_anew_s),
            Claim("vectors computed", len(followed.embedded) / len(vectors), "of all"),
            Claim("rows of spectra computed", len(followed.told) / len(vectors), "of all"),
            Claim("largest difference of a vector", error, "", goal="<= 0.0001"),
            *(
                Claim(f"correlation of {name}", value, "")
                for name, value in agreement(followed, anew)
            ),
        ],
    )


if __name__ == "__main__":
    main()
