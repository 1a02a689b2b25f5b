"""What an encoder is given of each node: features, a degree, and something to tell it by."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import nn

from sensorium.links.graph.features import Features

Array = np.ndarray[Any, Any]

_BLOCK: Final = 1024
_OF_FEATURES: Final = 0.1
_OF_DEGREE: Final = 0.1
"""How large weights are before training, where vectors are alone."""


class Inputs(nn.Module):
    """float32 (nodes, width) from features, log degree and an identity.

    ``identity``: ``learned`` is a vector for each node of the training graph (nodes that come later
    have none, which training prepares for by leaving it out at times); ``random`` is a fixed random
    vector, the same for a row whatever the size of the graph, by which neighbourhoods can be told
    apart; ``none`` leaves a node its features and degree.

    ``alone``: vectors are all that a pair is told by, and so begin with features rather than
    degrees. Rows of features have length 1 and few columns in common, so that with weights as
    small as is usual they drown in the degree, ten times as large a number, and an encoder needs
    more steps to hear them than it gets. Where pairs are counted too, this changes nothing.
    """

    def __init__(
        self,
        columns: int,
        nodes: int,
        width: int,
        identity: str,
        dropout: float,
        seed: int,
        *,
        alone: bool = False,
    ) -> None:
        super().__init__()
        self.identity, self.dropout, self.seed, self.width = identity, dropout, seed, width
        self.columns = nn.Parameter(torch.empty(columns, width)) if columns else None
        if self.columns is not None:
            nn.init.xavier_uniform_(self.columns)
        self.table = nn.Parameter(torch.empty(nodes, width)) if identity == "learned" else None
        if self.table is not None:
            nn.init.normal_(self.table, std=width**-0.5)
        self.mix = nn.Linear(width, width) if identity == "random" else None
        self.degree = nn.Linear(1, width)
        if alone and self.columns is not None:
            nn.init.normal_(self.columns, std=_OF_FEATURES)
            nn.init.uniform_(self.degree.weight, -_OF_DEGREE, _OF_DEGREE)
            nn.init.zeros_(self.degree.bias)
        self._signatures = torch.empty(0, width)

    def forward(
        self, rows: torch.Tensor, degree: torch.Tensor, features: Bag | None
    ) -> torch.Tensor:
        """For these rows, their degrees in the graph that messages pass over, and features."""
        x: torch.Tensor = self.degree(torch.log1p(degree).unsqueeze(1))
        if self.columns is not None and features is not None:
            x = x + features.summed(self.columns, self.dropout if self.training else 0.0)
        if self.table is not None:
            inside = rows < len(self.table)
            own = self.table[rows.clamp_max(len(self.table) - 1)] * inside.unsqueeze(1)
            x = x + self._sometimes(own)
        if self.mix is not None:
            x = x + self.mix(self.signatures(rows))
        return x

    def _sometimes(self, own: torch.Tensor) -> torch.Tensor:
        if not self.training or self.columns is None:
            return own
        keep = torch.rand(len(own), 1, device=own.device) >= self.dropout
        return own * keep

    def signatures(self, rows: torch.Tensor) -> torch.Tensor:
        """The fixed random vectors of rows; made once, in blocks, each from its own seed."""
        needed = int(rows.max()) + 1 if len(rows) else 0
        if needed > len(self._signatures):
            blocks = [
                np.random.default_rng([self.seed, block]).standard_normal((_BLOCK, self.width))
                for block in range(-(-needed // _BLOCK))
            ]
            made = torch.from_numpy(np.concatenate(blocks).astype(np.float32))
            self._signatures = made.to(rows.device) * self.width**-0.5
        return self._signatures[rows]


class Bag:
    """Sparse features as torch wants them for a sum of weighted rows of a table."""

    def __init__(self, features: Features, device: str = "cpu") -> None:
        rows = features.normal
        self.offsets = torch.from_numpy(rows.indptr[:-1].astype(np.int64)).to(device)
        self.columns = torch.from_numpy(rows.indices.astype(np.int64)).to(device)
        self.values = torch.from_numpy(rows.data).to(device)

    def summed(self, table: torch.Tensor, dropout: float) -> torch.Tensor:
        """Features times table, (nodes, width); single features are left out at random."""
        weights = nn.functional.dropout(self.values, dropout) if dropout else self.values
        out: torch.Tensor = nn.functional.embedding_bag(
            self.columns, table, self.offsets, mode="sum", per_sample_weights=weights
        )
        return out
