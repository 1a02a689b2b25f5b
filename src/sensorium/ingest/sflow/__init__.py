"""sFlow version 5 (sflow.org): packet samples into rows of FLOWS, counters into rows of METRICS."""

from typing import TYPE_CHECKING

from sensorium.ingest.sflow.config import SflowConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.sflow.decoder import Decoded, SflowDecoder

__getattr__ = lazy_names(
    __name__,
    decoder="Decoded SflowDecoder",
)

__all__ = ["Decoded", "SflowConfig", "SflowDecoder"]
