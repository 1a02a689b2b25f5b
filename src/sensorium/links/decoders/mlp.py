"""A network over the products: which dimensions must agree is learned."""

from __future__ import annotations

import torch
from torch import nn

from sensorium.links.decoders.decoder import Decoder


class Mlp(Decoder):
    """Two hidden layers over the elementwise product of both vectors."""

    def __init__(self, width: int, counts: int, dropout: float) -> None:
        super().__init__(width, counts, dropout)
        self.layers = nn.Sequential(
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 1),
        )

    def forward(self, one: torch.Tensor, other: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        """A logit for each pair."""
        logits: torch.Tensor = self.layers(one * other)
        return logits.squeeze(-1)
