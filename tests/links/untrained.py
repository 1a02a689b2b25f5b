"""A model with weights as they are before training: whole in every way but in what it knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names
from sensorium.links.learning.settings import Settings
from sensorium.links.models import bundle
from sensorium.links.models.embedding import Scorer
from sensorium.links.models.model import Calibration, Card, LinkModel
from sensorium.links.models.neural import Network
from sensorium.links.structure.views import PairView, pair_names
from tests.links.communities import communities


@dataclass(frozen=True)
class World:
    """What a model is about."""

    graph: Graph
    names: Names
    features: Features | None


def world(nodes: int = 60) -> World:
    return World(*communities(nodes))


def untrained(of: World, decoder: str = "structural", seed: int = 0) -> LinkModel:
    settings = Settings(width=16, decoder=decoder, seed=seed)
    torch.manual_seed(seed)
    columns = 0 if of.features is None else of.features.matrix.shape[1]
    counts = len(pair_names(features=of.features is not None))
    network = Network(settings, columns=columns, nodes=of.graph.nodes, kinds=1, counts=counts)
    view = PairView.of(of.graph, of.features, seed) if network.decoder.counts else None
    card = Card(
        settings=settings,
        split="random",
        scores={},
        curves=[],
        best_epoch=0,
        data="",
        trained_ns=1,
        embedded_ns=10**9,
        code="0",
    )
    scorer = Scorer(network, of.graph, of.features, view)
    return LinkModel(scorer, of.graph, of.names, of.features, Calibration(), card)


def saved(folder: Path, of: World, seed: int = 0) -> Path:
    bundle.save(untrained(of, seed=seed), folder)
    return folder


def with_edges(graph: Graph, edges: list[tuple[int, int]], nodes: int | None = None) -> Graph:
    source, target = graph.pairs()
    added = np.array(edges, np.int64).reshape(-1, 2)
    return Graph.from_edges(
        nodes or graph.nodes,
        np.concatenate([source, added[:, 0]]),
        np.concatenate([target, added[:, 1]]),
    )
