"""The plain models that ours stands beside: an encoder of two layers and the dot product.

``GAE`` is PyG's own graph autoencoder (Kipf & Welling 2016) around two graph convolutions, as in
PyG's examples; ``SAGE + dot`` the same around two GraphSAGE layers.
"""

from __future__ import annotations

import copy
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch_geometric.nn import GAE, GCNConv, SAGEConv

from sensorium.links.encoders.arcs import Arcs
from sensorium.links.graph.features import Features
from sensorium.links.learning.evaluation import area
from sensorium.links.learning.negatives import uniform
from sensorium.links.learning.split import Split

Array = np.ndarray[Any, Any]

PEERS: Final = {"GAE (GCN + dot)": GCNConv, "GraphSAGE + dot": SAGEConv}
_HIDDEN, _OUT = 128, 64
_RATE: Final = 0.01


class _Encoder(nn.Module):
    def __init__(self, convolution: Any, columns: int) -> None:
        super().__init__()
        self.first, self.second = convolution(columns, _HIDDEN), convolution(_HIDDEN, _OUT)

    def forward(self, x: torch.Tensor, arcs: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.second(torch.relu(self.first(x, arcs)), arcs)
        return out


class Peer:
    """One of :data:`PEERS`, trained on a split; early stopping on validation AUC."""

    def __init__(
        self, name: str, split: Split, features: Features, *, epochs: int, seed: int
    ) -> None:
        torch.manual_seed(seed)
        matrix = features.matrix
        x = torch.from_numpy(matrix.toarray())
        model = GAE(_Encoder(PEERS[name], matrix.shape[1]))
        optimiser = torch.optim.Adam(model.parameters(), lr=_RATE)
        seen, later = Arcs.of(split.message).matrix, Arcs.of(split.seen).matrix
        edges = torch.from_numpy(np.stack(split.message.pairs()).astype(np.int64))
        rng = np.random.default_rng([seed, 7])
        best, kept = -1.0, copy.deepcopy(model.state_dict())
        for epoch in range(epochs):
            model.train()
            drawn = np.stack(uniform(split.known, edges.shape[1], rng))
            loss = model.recon_loss(model.encode(x, seen), edges, torch.from_numpy(drawn))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if epoch % 5 == 4:
                self.vectors = self._encoded(model, x, seen)
                found = area(self.score(*split.valid), self.score(*split.valid_negatives))
                if found > best:
                    best, kept = found, copy.deepcopy(model.state_dict())
        model.load_state_dict(kept)
        self.vectors = self._encoded(model, x, later)

    @staticmethod
    def _encoded(model: Any, x: torch.Tensor, arcs: torch.Tensor) -> Array:
        model.eval()
        with torch.no_grad():
            out: Array = model.encode(x, arcs).numpy()
        return out

    def score(self, source: Array, target: Array) -> Array:
        """The dot product of each pair."""
        out: Array = np.einsum("ij,ij->i", self.vectors[source], self.vectors[target])
        return out
