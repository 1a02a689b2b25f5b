"""The dot product: fast, and what an index of embeddings can search by."""

from __future__ import annotations

import math

import torch
from torch import nn

from sensorium.links.decoders.decoder import Decoder


class Dot(Decoder):
    """The sum of the products, with a scale and a threshold that are learned.

    The scale stays above zero, whose other side is a trap: before training all vectors are alike
    and every product is large, and the quickest way down is through zero, to where nodes that are
    *un*like are taken for friends. It begins so small that logits are near zero.
    """

    def __init__(self, width: int, counts: int, dropout: float) -> None:
        super().__init__(width, counts, dropout)
        # Vectors of normalised layers have lengths near the root of their width.
        self.log_scale = nn.Parameter(torch.tensor(-math.log(width)))
        self.threshold = nn.Parameter(torch.tensor(0.0))

    def forward(self, one: torch.Tensor, other: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        """A logit for each pair."""
        return self.log_scale.exp() * (one * other).sum(-1) - self.threshold
