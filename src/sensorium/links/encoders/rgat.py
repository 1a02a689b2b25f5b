"""Relational graph attention (Busbridge et al. 2019): weights for each kind of arc.

The weights of a kind are a sum of a few bases. PyG makes them for every single arc, width times
width numbers each: 64 KiB an arc at the usual width, which is 11 GiB on ego-facebook. Here nodes
are brought through the bases once, and an arc adds up what its kind wants of them.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional
from torch_geometric.nn import RGATConv
from torch_geometric.utils import softmax

from sensorium.links.encoders.arcs import Arcs
from sensorium.links.encoders.encoder import Encoder, Shape

_UNUSED = ("w", "l1", "b1", "l2", "b2")
"""Weights of other ways to combine heads, which the convolution makes and does not use."""


class ByBases(RGATConv):  # type: ignore[misc]  # PyG's layers are untyped
    """PyG's layer, additive and across kinds, with the same weights and results."""

    def forward(self, x: torch.Tensor, index: torch.Tensor, kinds: torch.Tensor) -> torch.Tensor:
        """float32 (nodes, width) of ``x``, arcs (2, arcs) and their kinds (arcs,)."""
        source, target = index
        told = torch.einsum("ni,bio->nbo", x, self.basis)
        wanted = self.att[kinds].unsqueeze(1)
        asked = (told @ self.q)[target] + (told @ self.k)[source]
        logits = functional.leaky_relu(torch.bmm(wanted, asked).squeeze(1), self.negative_slope)
        share = softmax(logits, target, num_nodes=len(x)).unsqueeze(-1)
        said = torch.bmm(wanted, told[source]).view(len(source), self.heads, self.out_channels)
        heard = x.new_zeros(len(x), self.heads, self.out_channels)
        out: torch.Tensor = heard.index_add(0, target, said * share).flatten(1) + self.bias
        return out


class Rgat(Encoder):
    """For graphs whose edges have types; with one type it is a slower GAT."""

    def convolution(self, shape: Shape) -> nn.Module:
        """Weights per kind are made of a few bases, so that rare kinds learn from the others."""
        each = shape.width // shape.heads
        bases = min(shape.kinds, 4)
        conv: nn.Module = ByBases(
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
