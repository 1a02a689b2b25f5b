"""NetFlow v1, v5, v7, v8, v9 (RFC 3954) and IPFIX (RFC 7011) into rows of FLOWS."""

from typing import TYPE_CHECKING

from sensorium.ingest.netflow.config import NetflowConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.netflow.decoder import NetflowDecoder

__getattr__ = lazy_names(
    __name__,
    decoder="NetflowDecoder",
)

__all__ = ["NetflowConfig", "NetflowDecoder"]
