"""NetFlow v5, v9 (RFC 3954) and IPFIX (RFC 7011) into rows of FLOWS."""

from sensorium.ingest.netflow.config import NetflowConfig
from sensorium.ingest.netflow.decoder import NetflowDecoder

__all__ = ["NetflowConfig", "NetflowDecoder"]
