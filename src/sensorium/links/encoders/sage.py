"""GraphSAGE (Hamilton, Ying & Leskovec 2017): x' = W1 x + W2 aggregate(neighbours).

A node's own vector and its neighbours' go through weights of their own, and the aggregate does not
depend on how many neighbours were looked at: right for sampling, large graphs and new nodes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch_geometric.nn import SAGEConv

from sensorium.links.encoders.arcs import Arcs
from sensorium.links.encoders.encoder import Encoder, Shape

AGGREGATIONS = ("mean", "max", "sum", "lstm")


class _InOrder(SAGEConv):  # type: ignore[misc]  # PyG has no types
    """Layers that read neighbours in an order: PyG writes one module for each class, as its first
    layer needs it, and what it writes for these knows no products with a matrix."""


class Sage(Encoder):
    """``aggregation``: mean, max, sum, or lstm (which depends on the order of neighbours)."""

    def convolution(self, shape: Shape) -> nn.Module:
        """``lin_l`` weighs what is heard, ``lin_r`` the node itself."""
        kind = _InOrder if shape.aggregation == "lstm" else SAGEConv
        conv: nn.Module = kind(shape.width, shape.width, aggr=shape.aggregation)
        return conv

    def hear(self, convolution: Any, x: torch.Tensor, arcs: Arcs) -> torch.Tensor:
        """Sums and means are matrix products; others need the single messages."""
        if self.shape.aggregation == "lstm" and not len(arcs.indices):
            # torch's LSTM cannot read a sequence of nothing; what was heard is nothing.
            silent: torch.Tensor = convolution.lin_l(torch.zeros_like(x)) + convolution.lin_r(x)
            return silent
        fast = self.shape.aggregation in {"mean", "sum"}
        if fast:
            ends = x if arcs.nodes == len(x) else (x, x[: arcs.nodes])
            heard: torch.Tensor = convolution(ends, arcs.matrix)
        else:
            heard = convolution(x, arcs.index)
        return heard
