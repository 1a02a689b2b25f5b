"""Where telemetry over gRPC is taken, from whom, and how much at once."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting
from sensorium.ingest.transport.port_config import PortConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcConfig(PortConfig):
    """The port for telemetry over gRPC: OTLP."""

    port: int = setting(4317, "TCP port to listen on; 0 takes any free one", ge=0, le=65535)
    max_message_bytes: int = setting(
        16 << 20, "largest message taken, after decompression, in bytes", ge=1024, le=1 << 30
    )
    max_held_bytes: int = setting(256 << 20, "bytes of messages in hand at once", ge=1 << 20)
    max_connections: int = setting(1024, "connections held; more are closed at once", ge=1)
    max_calls: int = setting(64, "calls in progress at once; more are asked to come again", ge=1)
