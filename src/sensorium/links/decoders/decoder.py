"""What a decoder is."""

from __future__ import annotations

import torch
from torch import nn


class Decoder(nn.Module):
    """Takes the vectors of both ends, float32 (pairs, width), and counts (pairs, k); gives logits.

    A member MUST be the same for (u, v) and (v, u). ``counts`` says whether it reads the counts;
    they may be of width 0 where it does not.
    """

    counts = False

    def __init__(self, width: int, counts: int, dropout: float) -> None:
        super().__init__()

    def forward(self, one: torch.Tensor, other: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        """A logit for each pair, (pairs,)."""
        raise NotImplementedError
