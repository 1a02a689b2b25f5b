"""Graph attention: each neighbour weighs as much as the two nodes' vectors say.

GAT (Veličković et al. 2018) ranks neighbours the same for every node; GATv2 (Brody, Alon & Yahav
2022) mends that. Right where features decide which neighbours matter; costs several times a mean.
"""

from __future__ import annotations

import torch
from torch import nn
from torch_geometric.nn import GATConv, GATv2Conv

from sensorium.links.encoders.arcs import Arcs
from sensorium.links.encoders.encoder import Encoder, Shape


class Gat(Encoder):
    """GAT, heads side by side: ``width`` must be divisible by ``heads``."""

    convolution_type = GATConv

    def convolution(self, shape: Shape) -> nn.Module:
        """Self loops are added, so that a node hears itself."""
        each = shape.width // shape.heads
        conv: nn.Module = self.convolution_type(shape.width, each, heads=shape.heads)
        return conv

    def hear(self, convolution: nn.Module, x: torch.Tensor, arcs: Arcs) -> torch.Tensor:
        """Attention looks at single messages."""
        heard: torch.Tensor = convolution(x, arcs.index)
        return heard


class Gatv2(Gat):
    """GATv2."""

    convolution_type = GATv2Conv
