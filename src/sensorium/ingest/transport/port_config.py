"""What every port for acknowledged telemetry can be told: where it is, and who may send."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from sensorium.component import setting
from sensorium.listening.binding import check_host
from sensorium.listening.tls_files import NamedFile, TlsFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class PortConfig:
    """A port that telemetry is taken at, from whom, and how that is known."""

    enabled: bool = setting(True, "whether the port is opened")
    host: str = setting("127.0.0.1", "address to listen on; '0.0.0.0' takes senders elsewhere")
    port: int = setting(0, "TCP port to listen on; 0 takes any free one", ge=0, le=65535)
    tls_certificate: str = setting(
        "", "file with the server's certificate chain (PEM); with TLS", path=True
    )
    tls_key: str = setting("", "file with the certificate's private key (PEM)", path=True)
    tls_client_ca: str = setting(
        "", "file with the CAs (PEM) that must have signed every sender's certificate", path=True
    )
    token: str = setting("", "bearer token that senders must show; better kept in token_file")
    token_file: str = setting("", "file that holds the bearer token, read at the start", path=True)
    allowed_networks: tuple[str, ...] = setting(
        (), "networks that may send, like 10.0.0.0/8; empty lets everyone"
    )

    def __post_init__(self) -> None:
        """ValueError where host or networks are none, or TLS is half set."""
        check_host(self.host)
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

    def tls_files(self, setting: str) -> TlsFiles | None:
        """What the settings under ``setting`` name for TLS; None where they name nothing."""
        if not self.tls_certificate:
            return None
        authorities = NamedFile(f"{setting}.tls_client_ca", self.tls_client_ca)
        return TlsFiles(
            NamedFile(f"{setting}.tls_certificate", self.tls_certificate),
            NamedFile(f"{setting}.tls_key", self.tls_key),
            authorities if self.tls_client_ca else None,
        )

    def bearer_token(self) -> str:
        """The token senders must show, empty for none; OSError where its file cannot be read."""
        if not self.token_file:
            return self.token
        token = Path(self.token_file).read_text(encoding="utf-8").strip()
        if not token:
            raise OSError(f"{self.token_file} is empty")
        return token
