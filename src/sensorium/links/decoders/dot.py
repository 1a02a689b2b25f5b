"""The dot product: fast, and what an index of embeddings can search by."""

from __future__ import annotations

import torch
from torch import nn

from sensorium.links.decoders.decoder import Decoder


class Dot(Decoder):
    """The sum of the products, with a scale and a threshold that are learned."""

    def __init__(self, width: int, counts: int, dropout: float) -> None:
        super().__init__(width, counts, dropout)
        # Vectors of normalised layers have lengths near the root of their width.
        self.scale = nn.Parameter(torch.tensor(width**-0.5))
        self.threshold = nn.Parameter(torch.tensor(0.0))

    def forward(self, one: torch.Tensor, other: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        """A logit for each pair."""
        return self.scale * (one * other).sum(-1) - self.threshold
