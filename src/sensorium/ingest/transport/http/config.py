"""Where telemetry over HTTP is taken, from whom, and how much at once."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting
from sensorium.ingest.transport.port_config import PortConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig(PortConfig):
    """The port for telemetry over HTTP: Prometheus remote-write and OTLP."""

    port: int = setting(4318, "TCP port to listen on; 0 takes any free one", ge=0, le=65535)
    max_body_bytes: int = setting(16 << 20, "largest body taken, as sent, in bytes", ge=1024)
    max_decompressed_bytes: int = setting(
        64 << 20, "largest body after decompression, in bytes", ge=1024, le=1 << 30
    )
    max_held_bytes: int = setting(
        256 << 20, "bytes of bodies held at once, as sent and decompressed, in all", ge=1 << 20
    )
    max_connections: int = setting(1024, "connections held; more are closed at once", ge=1)
    max_connections_per_source: int = setting(
        512, "connections held of one address; 0 sets no limit", ge=0
    )
    max_requests: int = setting(
        64, "requests in progress at once; more are asked to come again", ge=1
    )
    request_timeout_s: float = setting(
        30.0, "seconds in which a request's headers, and then its body, must arrive", gt=0
    )
    idle_timeout_s: float = setting(75.0, "seconds a connection may be silent", gt=0)
