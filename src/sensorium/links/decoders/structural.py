"""A network over the products and over what the two neighbourhoods have in common.

Vectors made by passing messages cannot count common neighbours (Zhang et al. 2021, "Labeling
Trick"); counted apart and given to the decoder they make up for it, as in BUDDY (Chamberlain et al.
2023) and NCN (Wang et al. 2024).
"""

from __future__ import annotations

import torch
from torch import nn

from sensorium.links.decoders.decoder import Decoder


class Structural(Decoder):
    """Hidden layers over the product and over the counts, added, and one over their sum."""

    counts = True

    def __init__(self, width: int, counts: int, dropout: float) -> None:
        super().__init__(width, counts, dropout)
        self.centre: torch.Tensor
        self.spread: torch.Tensor
        self.register_buffer("centre", torch.zeros(counts))
        self.register_buffer("spread", torch.ones(counts))
        self.product = nn.Linear(width, width)
        self.counted = nn.Sequential(
            nn.Linear(counts, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width)
        )
        self.both = nn.Sequential(
            nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
        )

    def settle(self, counts: torch.Tensor) -> None:
        """Take centre and spread of the counts from those of training pairs."""
        self.centre.copy_(counts.mean(0))
        self.spread.copy_(counts.std(0).clamp_min(1e-6))

    def forward(self, one: torch.Tensor, other: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        """A logit for each pair."""
        scaled = (counts - self.centre) / self.spread
        logits: torch.Tensor = self.both(self.product(one * other) + self.counted(scaled))
        return logits.squeeze(-1)
