"""Where the gateway listens, and how long and how much it waits for from a caller."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from sensorium.component import setting
from sensorium.listening.binding import check_host


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorConfig:
    """The gateway's HTTP address and what it takes from a caller."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(4000, "TCP port to listen on; 0 takes any free one", ge=0, le=65535)
    certificate: Path | None = setting(
        None, "PEM file of a certificate and its chain, to speak TLS; empty: plain HTTP"
    )
    private_key: Path | None = setting(None, "PEM file of the certificate's key")
    max_body_bytes: int = setting(32 << 20, "largest request body, in bytes", ge=1024)
    max_head_bytes: int = setting(64 << 10, "largest request line with headers, in bytes", ge=1024)
    head_timeout_s: float = setting(
        10.0, "seconds a caller may take over the request line and headers", gt=0, le=600
    )
    body_timeout_s: float = setting(60.0, "seconds a caller may take over the body", gt=0, le=3600)
    write_timeout_s: float = setting(
        60.0, "seconds a caller may leave an answer unread before it counts as gone", gt=0, le=3600
    )
    keep_alive_s: float = setting(75.0, "seconds an unused connection is kept open", gt=0, le=3600)
    max_connections: int = setting(10_000, "connections at once; more are told to wait", ge=1)
    drain_s: float = setting(
        30.0, "seconds that calls under way get to end when the gateway is stopped", ge=0, le=3600
    )
    access_log: bool = setting(True, "write a structured line for each call, without content")
    log_content: bool = setting(
        False, "write what was asked and answered into the access log too; mind who reads it"
    )

    def __post_init__(self) -> None:
        """ValueError where the host is none, or one of certificate and key is missing."""
        check_host(self.host)
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key go together")

    def is_loopback(self) -> bool:
        """Whether only this machine can reach the door."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
