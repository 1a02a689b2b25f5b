"""Every decoder by its name."""

from __future__ import annotations

from typing import Final

from sensorium.errors import UsageError
from sensorium.links.decoders.decoder import Decoder
from sensorium.links.decoders.dot import Dot
from sensorium.links.decoders.mlp import Mlp
from sensorium.links.decoders.structural import Structural

DECODERS: Final[dict[str, type[Decoder]]] = {"structural": Structural, "mlp": Mlp, "dot": Dot}


def decoder(name: str, width: int, counts: int, dropout: float) -> Decoder:
    """Make a decoder for vectors of ``width`` and ``counts`` counts; UsageError for its name."""
    if name not in DECODERS:
        raise UsageError(f"there is no decoder {name!r}", next_step=f"one of {', '.join(DECODERS)}")
    return DECODERS[name](width, counts, dropout)
