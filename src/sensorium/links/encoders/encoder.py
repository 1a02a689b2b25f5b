"""What an encoder is: layers of convolutions that make a vector of each node's surroundings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from sensorium.links.encoders.arcs import Arcs
from sensorium.links.encoders.generated import remove_generated


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of an encoder.

    ``width`` of every layer, ``layers`` of them, ``dropout`` between them, ``aggregation`` and
    ``heads`` where the encoder has them, ``kinds`` of arcs where it tells them apart,
    ``normalise`` vectors to length 1 after each layer.
    """

    width: int = 128
    layers: int = 2
    dropout: float = 0.2
    aggregation: str = "mean"
    heads: int = 4
    kinds: int = 1
    normalise: bool = False


class Encoder(nn.Module):
    """Takes float32 (nodes, width) and :class:`Arcs`; gives float32 (nodes, width).

    A member MUST be the same for every numbering of the nodes, MUST give each node what depends
    only on nodes within ``layers`` steps of it, MUST work for nodes without neighbours and for
    graphs other than the one it was trained on, and MUST be deterministic in evaluation.
    Layers add to what they were given, so that a node's own input is never lost.

    ``narrows``: what a node hears does not depend on what those hear that it hears of, so that of a
    sampled neighbourhood a layer needs the arcs to some rows only.
    """

    narrows = True

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.convs = nn.ModuleList(self.convolution(shape) for _ in range(shape.layers))
        remove_generated(self.convs)
        self.norms = nn.ModuleList(nn.LayerNorm(shape.width) for _ in range(shape.layers))
        self.dropout = nn.Dropout(shape.dropout)

    def convolution(self, shape: Shape) -> nn.Module:
        """One layer, from ``width`` to ``width``."""
        raise NotImplementedError

    def hear(self, convolution: nn.Module, x: torch.Tensor, arcs: Arcs) -> torch.Tensor:
        """Apply one layer to the arcs, in the form that it takes."""
        heard: torch.Tensor = convolution(x, arcs.matrix)
        return heard

    def forward(self, x: torch.Tensor, arcs: Arcs) -> torch.Tensor:
        """The vectors of all nodes; of a sampled neighbourhood, of those that were asked about."""
        for n, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            near = arcs.heard_by(n, self.shape.layers) if self.narrows else arcs
            heard = self.hear(conv, x, near)[: near.nodes]
            x = self.step(n, x[: near.nodes], heard, norm)
        return x

    def step(self, n: int, x: torch.Tensor, heard: torch.Tensor, norm: Any) -> torch.Tensor:
        """What layer ``n`` makes of what a node was and what it heard."""
        heard = norm(heard)
        if n + 1 < self.shape.layers:
            heard = torch.relu(heard)
        x = x + self.dropout(heard)
        return nn.functional.normalize(x, dim=-1) if self.shape.normalise else x
