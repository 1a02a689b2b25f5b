"""Every encoder by its name."""

from __future__ import annotations

from typing import Final

from sensorium.errors import UsageError
from sensorium.links.encoders.encoder import Encoder, Shape
from sensorium.links.encoders.gat import Gat, Gatv2
from sensorium.links.encoders.gcn import Gcn
from sensorium.links.encoders.rgat import Rgat
from sensorium.links.encoders.sage import AGGREGATIONS, Sage

ENCODERS: Final[dict[str, type[Encoder]]] = {
    "sage": Sage,
    "gcn": Gcn,
    "gat": Gat,
    "gatv2": Gatv2,
    "rgat": Rgat,
}


def encoder(name: str, shape: Shape) -> Encoder:
    """Make an encoder; UsageError for a name or a shape that cannot be."""
    if name not in ENCODERS:
        raise UsageError(f"there is no encoder {name!r}", next_step=f"one of {', '.join(ENCODERS)}")
    if shape.aggregation not in AGGREGATIONS:
        raise UsageError(
            f"there is no aggregation {shape.aggregation!r}",
            next_step=f"one of {', '.join(AGGREGATIONS)}",
        )
    if shape.width % shape.heads:
        raise UsageError(f"a width of {shape.width} cannot be divided among {shape.heads} heads")
    return ENCODERS[name](shape)
