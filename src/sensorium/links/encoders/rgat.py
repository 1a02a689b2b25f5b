"""Relational graph attention (Busbridge et al. 2019): weights for each kind of arc."""

from __future__ import annotations

import torch
from torch import nn
from torch_geometric.nn import RGATConv

from sensorium.links.encoders.arcs import Arcs
from sensorium.links.encoders.encoder import Encoder, Shape

_UNUSED = ("w", "l1", "b1", "l2", "b2")
"""Weights of other ways to combine heads, which the convolution makes and does not use."""


class Rgat(Encoder):
    """For graphs whose edges have types; with one type it is a slower GAT."""

    def convolution(self, shape: Shape) -> nn.Module:
        """Weights per kind are made of a few bases, so that rare kinds learn from the others."""
        each = shape.width // shape.heads
        bases = min(shape.kinds, 4)
        conv: nn.Module = RGATConv(
            shape.width, each, shape.kinds, num_bases=bases, heads=shape.heads
        )
        for name in _UNUSED:
            getattr(conv, name).requires_grad_(False)
        return conv

    def hear(self, convolution: nn.Module, x: torch.Tensor, arcs: Arcs) -> torch.Tensor:
        """Attention looks at single messages and their kinds."""
        kinds = torch.zeros_like(arcs.indices) if arcs.kinds is None else arcs.kinds
        heard: torch.Tensor = convolution(x, arcs.index, kinds)
        return heard
