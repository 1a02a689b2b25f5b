"""Prometheus remote-write 1.0 and 2.0, decoded into samples."""

from typing import TYPE_CHECKING

from sensorium.ingest.remote_write.config import RemoteWriteConfig
from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.ingest.remote_write.decoder import (
        Decoded,
        RefusedWriteError,
        RemoteWriteDecoder,
    )
    from sensorium.ingest.remote_write.route import RemoteWriteRoute, version_of
    from sensorium.ingest.remote_write.scan import V1, V2

__getattr__ = lazy_names(
    __name__,
    decoder="Decoded RefusedWriteError RemoteWriteDecoder",
    route="RemoteWriteRoute version_of",
    scan="V1 V2",
)

__all__ = [
    "V1",
    "V2",
    "Decoded",
    "RefusedWriteError",
    "RemoteWriteConfig",
    "RemoteWriteDecoder",
    "RemoteWriteRoute",
    "version_of",
]
