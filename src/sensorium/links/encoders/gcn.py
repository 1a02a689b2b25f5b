"""Graph convolution (Kipf & Welling 2017): neighbours averaged, each damped by both degrees.

x' = W sum of neighbours and the node itself, each by 1 / sqrt(degree of one x degree of the other).
"""

from __future__ import annotations

from torch import nn
from torch_geometric.nn import GCNConv

from sensorium.links.encoders.encoder import Encoder, Shape


class Gcn(Encoder):
    """The same weights for a node and its neighbours; a hub says less to each of its many."""

    narrows = False

    def convolution(self, shape: Shape) -> nn.Module:
        """Self loops and normalisation are the convolution's own."""
        conv: nn.Module = GCNConv(shape.width, shape.width)
        return conv
