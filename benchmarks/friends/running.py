"""One graph, one seed: ours and every peer on the same edges and the same negatives."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import scipy.sparse as sp

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.learning.evaluation import measured
from sensorium.links.learning.judging import by_allocation, hard_figures, judged
from sensorium.links.learning.settings import Settings
from sensorium.links.learning.split import Split, split_edges, split_nodes
from sensorium.links.structure.heuristics import HEURISTICS, resource_allocation

OURS: Final = "ours"
UNTOLD: Final = ", training edges only"
"""Of figures for which validation edges are not known when test edges are asked about."""
SHARES: Final = {"ego-facebook": (0.05, 0.10), "twitch-engb": (0.05, 0.10), "cora": (0.10, 0.20)}
"""Of the edges, for validation and for the test."""
NEW: Final = 0.10
"""The share of nodes that are new in the split of new nodes."""

Figures = dict[str, dict[str, dict[str, float]]]
"""By who scored, set of pairs, and metric."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one process is asked to do. ``new`` asks for the split of new nodes."""

    graph: str
    seed: int
    quick: bool
    new: bool = False


def folder() -> Path:
    """Where the graphs lie: ``SENSORIUM_TEST_DATA`` names the folder above."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    return Path(os.environ.get("SENSORIUM_TEST_DATA", beside)) / "graph"


def read(name: str) -> tuple[Graph, Features]:
    """A graph and the features of its nodes."""
    edges = np.loadtxt(folder() / name / "edges.csv", np.int64, delimiter=",")
    matrix = sp.load_npz(folder() / name / "features.npz")
    nodes = max(int(edges.max()) + 1, matrix.shape[0])
    matrix.resize(nodes, matrix.shape[1])
    return Graph.from_edges(nodes, edges[:, 0], edges[:, 1]), Features.of(matrix)


def allocation(name: str, seed: int, *, training_only: bool) -> dict[str, float]:
    """What resource allocation reaches on one division."""
    split = split_edges(_graph(name), *SHARES[name], seed)
    graph = split.message if training_only else split.seen
    return measured(
        resource_allocation(graph, *split.test), resource_allocation(graph, *split.test_negatives)
    )


@cache
def _graph(name: str) -> Graph:
    return read(name)[0]


def settings(seed: int, *, quick: bool) -> Settings:
    """The defaults, with fewer epochs and folds for a quick run."""
    chosen = Settings(seed=seed)
    return replace(chosen, epochs=6, folds=2, cold=0, negatives=1) if quick else chosen


def run(job: Job) -> Figures:
    """Everything that is measured on one division of one graph."""
    import torch

    from sensorium.links.learning.fitting import judged_by
    from sensorium.links.learning.training import Training

    torch.set_num_threads(1)
    graph, features = read(job.graph)
    chosen = settings(job.seed, quick=job.quick)
    if job.new:
        split = split_nodes(graph, NEW, job.seed)
    else:
        split = split_edges(graph, *SHARES[job.graph], job.seed)
    network = Training(split, features, chosen).run().network
    figures = {OURS: judged_by(split, network, features, job.seed)}
    if not job.new:
        untold = split.training_only()
        figures[OURS + UNTOLD] = judged_by(untold, network, features, job.seed)
    return figures | _peers(split, features, job)


def _peers(split: Split, features: Features, job: Job) -> Figures:
    from benchmarks.friends.peers import PEERS, Peer

    found: Figures = {}
    for name in PEERS:
        peer = Peer(name, split, features, epochs=20 if job.quick else 200, seed=job.seed)
        found[name] = judged(split, peer.score, peer.vectors, job.seed)
    if job.new:
        return found  # without edges, what counts neighbours says nothing
    for name in HEURISTICS:
        if name != "PPR" or not job.quick:
            found[name] = _untrained(name, split, job.seed)
    found["RA"]["suggestions"] = by_allocation(split, job.seed)
    found["RA" + UNTOLD] = _untrained("RA", split.training_only(), job.seed)
    return found


def _untrained(name: str, split: Split, seed: int) -> dict[str, dict[str, float]]:
    """What a score without learning reaches."""

    def of(source: Any, target: Any) -> Any:
        return HEURISTICS[name](split.seen, source, target)

    return {
        "test": measured(of(*split.test), of(*split.test_negatives)),
        "hard": hard_figures(split, of, seed),
    }
