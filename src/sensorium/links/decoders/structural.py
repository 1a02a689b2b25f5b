"""A network over the products and over what the two neighbourhoods have in common.

Vectors made by passing messages cannot count common neighbours (Zhang et al. 2021, "Labeling
Trick"); counted apart and given to the decoder they make up for it, as in BUDDY (Chamberlain et al.
2023) and NCN (Wang et al. 2024).
"""

from __future__ import annotations

from typing import Final

import torch
from torch import nn

from sensorium.links.decoders.decoder import Decoder

_KNOTS: Final = 65
BOUND: Final = 5.0
FAR: Final = 3.0


class Structural(Decoder):
    """Hidden layers over the product and over the counts, added, and one over their sum.

    Counts have long tails, and what tells links apart lies in a tail: each is given twice, on a
    scale of deviations and on that of a normal distribution of the same ranks. Buffers ``centre``
    and ``spread`` (k,) and ``knots`` (k, 65), quantiles, come from training pairs.
    """

    counts = True

    def __init__(self, width: int, counts: int, dropout: float) -> None:
        super().__init__(width, counts, dropout)
        self.centre: torch.Tensor
        self.spread: torch.Tensor
        self.knots: torch.Tensor
        self.register_buffer("centre", torch.zeros(counts))
        self.register_buffer("spread", torch.ones(counts))
        self.register_buffer("knots", torch.linspace(-1, 1, _KNOTS).repeat(counts, 1))
        self.product = nn.Linear(width, width)
        self.counted = nn.Sequential(
            nn.Linear(2 * counts, width),
            nn.LayerNorm(width),
            nn.GELU(),
            nn.Dropout(min(dropout, 0.2)),
            nn.Linear(width, width),
        )
        self.both = nn.Sequential(
            nn.LayerNorm(width),
            nn.GELU(),
            nn.Dropout(min(dropout, 0.2)),
            nn.Linear(width, width),
            nn.GELU(),
            nn.Linear(width, 1),
        )

    def settle(self, counts: torch.Tensor) -> None:
        """Take centre, spread and quantiles of the counts from those of training pairs."""
        self.centre.copy_(counts.mean(0))
        self.spread.copy_(counts.std(0).clamp_min(1e-6))
        ordered = counts.sort(0).values
        places = torch.linspace(0, len(ordered) - 1, _KNOTS, device=counts.device).round().long()
        self.knots.copy_(ordered[places].T)

    def scaled(self, counts: torch.Tensor) -> torch.Tensor:
        """Counts on both scales, (pairs, 2 k)."""
        plain = ((counts - self.centre) / self.spread).clamp(-BOUND, BOUND)
        columns = counts.T.contiguous()
        # Between knots in proportion; among equal knots, as many zeros are, the middle of them.
        above = torch.searchsorted(self.knots, columns, right=True).clamp(1, _KNOTS - 1)
        below = torch.searchsorted(self.knots, columns).clamp(1, _KNOTS - 1)
        low, high = self.knots.gather(1, below - 1), self.knots.gather(1, above)
        share = ((columns - low) / (high - low).clamp_min(1e-9)).clamp(0, 1)
        place = (below - 1 + share * (above - below + 1)) / (_KNOTS - 1)
        normal = torch.special.ndtri(place.clamp(1e-4, 1 - 1e-4)).clamp(-FAR, FAR)
        return torch.cat([plain, normal.T], 1)

    def forward(self, one: torch.Tensor, other: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        """A logit for each pair."""
        told = self.counted(self.scaled(counts))
        logits: torch.Tensor = self.both(self.product(one * other) + told)
        return logits.squeeze(-1)
