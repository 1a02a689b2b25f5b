"""Scores of any pairs by a trained network on one graph."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch

from sensorium.links.encoders.arcs import Arcs
from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.models.inputs import Bag
from sensorium.links.models.neural import Network
from sensorium.links.structure.views import PairView

Array = np.ndarray[Any, Any]

_AT_ONCE: Final = 65_536


class Scorer:
    """A network, the graph whose arcs it hears over, and what that graph tells of pairs.

    ``vectors`` float32 (nodes, width), made when they are first used and again after ``refresh``.
    """

    def __init__(
        self,
        network: Network,
        graph: Graph,
        features: Features | None,
        view: PairView | None,
        vectors: Array | None = None,
    ) -> None:
        self.network, self.graph, self.view = network, graph, view
        self.device = str(next(network.parameters()).device)
        self.bag = None if features is None else Bag(features, self.device)
        self._arcs: Arcs | None = None
        self._vectors = vectors

    @property
    def vectors(self) -> Array:
        """The vectors of all nodes."""
        if self._vectors is None:
            self._vectors = self._embedded()
        return self._vectors

    def refresh(self) -> None:
        """Forget the vectors: the network's weights have changed."""
        self._vectors = None

    def _embedded(self) -> Array:
        if self._arcs is None:
            self._arcs = Arcs.of(self.graph, self.device)
        rows = torch.arange(self.graph.nodes, device=self.device)
        degree = torch.from_numpy(self.graph.degree().astype(np.float32)).to(self.device)
        self.network.eval()
        with torch.no_grad():
            made = self.network.vectors(rows, degree, self._arcs, self.bag)
        out: Array = made.cpu().numpy()
        return out

    def score(self, source: Any, target: Any) -> Array:
        """A logit for each pair, float32 (pairs,)."""
        source, target = np.asarray(source, np.int64), np.asarray(target, np.int64)
        vectors = torch.from_numpy(self.vectors)
        out = np.empty(len(source), np.float32)
        if self.network.training:  # telling every part of it takes longer than a few pairs
            self.network.eval()
        for start in range(0, len(source), _AT_ONCE):
            one, other = source[start : start + _AT_ONCE], target[start : start + _AT_ONCE]
            told = np.zeros((len(one), 0), np.float32)
            if self.view is not None:
                told = self.view.pairs(one, other)
            with torch.no_grad():
                logits = self.network.decoder(
                    vectors[one].to(self.device),
                    vectors[other].to(self.device),
                    torch.from_numpy(told).to(self.device),
                )
            out[start : start + _AT_ONCE] = logits.cpu().numpy()
        return out
