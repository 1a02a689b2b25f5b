"""Where telemetry over HTTP is taken, from whom, and how much at once."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """The port for telemetry over HTTP: Prometheus remote-write and OTLP."""

    enabled: bool = setting(True, "whether the port is opened")
    host: str = setting("127.0.0.1", "address to listen on; '0.0.0.0' takes senders elsewhere")
    port: int = setting(4318, "TCP port to listen on; 0 takes any free one", ge=0, le=65535)
    tls_certificate: str = setting("", "file with the server's certificate chain (PEM); with TLS")
    tls_key: str = setting("", "file with the certificate's private key (PEM)")
    tls_client_ca: str = setting(
        "", "file with the CAs (PEM) that must have signed every sender's certificate"
    )
    token: str = setting("", "bearer token that senders must show; better kept in token_file")
    token_file: str = setting("", "file that holds the bearer token, read at the start")
    allowed_networks: tuple[str, ...] = setting(
        (), "networks that may send, like 10.0.0.0/8; empty lets everyone"
    )
    max_body_bytes: int = setting(16 << 20, "largest body taken, as sent, in bytes", ge=1024)
    max_decompressed_bytes: int = setting(
        64 << 20, "largest body after decompression, in bytes", ge=1024, le=1 << 30
    )
    max_held_bytes: int = setting(
        256 << 20, "bytes of bodies held at once, as sent and decompressed, in all", ge=1 << 20
    )
    max_connections: int = setting(1024, "connections held; more are closed at once", ge=1)
    max_requests: int = setting(
        64, "requests in progress at once; more are asked to come again", ge=1
    )
    request_timeout_s: float = setting(
        30.0, "seconds in which a request's headers, and then its body, must arrive", gt=0
    )
    idle_timeout_s: float = setting(75.0, "seconds a connection may be silent", gt=0)

    def __post_init__(self) -> None:
        """ValueError where networks are none, or TLS is half set."""
        for network in self.allowed_networks:
            try:
                ip_network(network, strict=False)
            except ValueError as error:
                raise ValueError(f"allowed_networks: {error}") from error
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("tls_certificate and tls_key: TLS needs both")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError("tls_client_ca: senders' certificates need TLS: set tls_certificate")
        if self.token and self.token_file:
            raise ValueError("token and token_file: set one of them")

    def bearer_token(self) -> str:
        """The token senders must show, empty for none; OSError where its file cannot be read."""
        if not self.token_file:
            return self.token
        token = Path(self.token_file).read_text(encoding="utf-8").strip()
        if not token:
            raise OSError(f"{self.token_file} is empty")
        return token
