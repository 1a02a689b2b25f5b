"""Where the HTTP API listens and who may use it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from sensorium.component import setting
from sensorium.listening.binding import check_host


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleConfig:
    """The HTTP API's address. Off loopback it needs a token, or the service will not start."""

    host: str = setting("127.0.0.1", "address to listen on")
    port: int = setting(8470, "TCP port to listen on; 0 takes any free one", ge=0, le=65535)
    token: str = setting("", "bearer token every /api call must carry; needed off loopback")
    max_body_bytes: int = setting(32 << 20, "largest request body accepted, in bytes", ge=1024)
    max_connections: int = setting(1024, "connections held; more are closed at once", ge=1)
    request_timeout_s: float = setting(
        60.0, "seconds in which a request's headers, and then its body, must arrive", gt=0
    )

    def __post_init__(self) -> None:
        """ValueError where the host is none, or others can reach the API and need no token."""
        check_host(self.host)
        if not self.is_loopback() and not self.token:
            raise ValueError(
                f"host is {self.host}, which others can reach, and token is empty; set a token or "
                "listen on 127.0.0.1"
            )

    def is_loopback(self) -> bool:
        """Whether only this machine can reach the API."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
