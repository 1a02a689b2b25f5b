"""A network that learns links: inputs, an encoder and a decoder."""

from __future__ import annotations

import torch
from torch import nn

from sensorium.links.decoders.decoder import Decoder
from sensorium.links.decoders.registry import DECODERS, decoder
from sensorium.links.encoders.arcs import Arcs
from sensorium.links.encoders.encoder import Encoder, Shape
from sensorium.links.encoders.registry import encoder
from sensorium.links.learning.settings import Settings
from sensorium.links.models.inputs import Bag, Inputs


class Network(nn.Module):
    """``columns`` of features, ``nodes`` at training, ``kinds`` of arcs, ``counts`` of a pair."""

    def __init__(
        self, settings: Settings, *, columns: int, nodes: int, kinds: int, counts: int
    ) -> None:
        super().__init__()
        shape = Shape(
            settings.width,
            settings.layers,
            settings.dropout,
            settings.aggregation,
            settings.heads,
            kinds,
            settings.normalise,
        )
        self.inputs = Inputs(
            columns,
            nodes,
            settings.width,
            settings.identity,
            settings.input_dropout,
            settings.seed,
            alone=settings.decoder in DECODERS and not DECODERS[settings.decoder].counts,
        )
        self.encoder: Encoder = encoder(settings.encoder, shape)
        self.decoder: Decoder = decoder(settings.decoder, settings.width, counts, settings.dropout)

    def vectors(
        self, rows: torch.Tensor, degree: torch.Tensor, arcs: Arcs, features: Bag | None
    ) -> torch.Tensor:
        """Vectors of ``rows``, which ``arcs`` number from 0; ``degree`` is that in the graph."""
        out: torch.Tensor = self.encoder(self.inputs(rows, degree, features), arcs)
        return out
