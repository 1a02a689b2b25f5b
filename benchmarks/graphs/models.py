"""A link model with the weights it has before training: what it costs is that of a trained one."""

from __future__ import annotations

import torch

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.names import Names
from sensorium.links.learning.settings import Settings
from sensorium.links.models.embedding import Scorer
from sensorium.links.models.model import Calibration, Card, LinkModel
from sensorium.links.models.neural import Network
from sensorium.links.structure.views import PairView, pair_names


def untrained(graph: Graph, width: int, decoder: str = "structural") -> LinkModel:
    """A model on this graph, without features."""
    settings = Settings(width=width, decoder=decoder)
    torch.manual_seed(0)
    counts = len(pair_names(features=False))
    network = Network(settings, columns=0, nodes=graph.nodes, kinds=1, counts=counts)
    view = PairView.of(graph, None, 0) if network.decoder.counts else None
    card = Card(
        settings=settings,
        split="random",
        scores={},
        curves=[],
        best_epoch=0,
        data="",
        trained_ns=0,
        embedded_ns=0,
        code="",
    )
    names = Names([f"user-{row}" for row in range(graph.nodes)])
    return LinkModel(Scorer(network, graph, None, view), graph, names, None, Calibration(), card)
