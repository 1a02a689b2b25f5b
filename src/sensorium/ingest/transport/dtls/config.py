"""What an operator can set about a protocol over DTLS."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from sensorium.component import setting
from sensorium.ingest.transport.stream.config import StreamTlsConfig
from sensorium.listening.binding import check_host


@dataclass(frozen=True, slots=True, kw_only=True)
class DtlsConfig:
    """DTLS 1.2 over UDP; off until a port is given. Both sides show certificates.

    The usual ports are 4740 for IPFIX (RFC 7011 section 11) and 6514 for syslog (RFC 6012).
    """

    host: str = setting("0.0.0.0", "address to listen on; '::' takes IPv6 and IPv4")
    ports: tuple[int, ...] = setting((), "UDP ports; 0 takes any free one")
    max_sessions: int = setting(1_000, "sessions at a time", ge=1)
    max_sessions_per_source: int = setting(100, "sessions at a time of one address", ge=1)
    max_handshakes: int = setting(100, "sessions at a time whose handshake is not done", ge=1)
    max_hellos_per_s: float = setting(
        500.0, "first messages of handshakes answered in a second; further ones are not", gt=0
    )
    allow: tuple[str, ...] = setting((), "networks that may connect; empty lets in all")
    idle_timeout_s: float = setting(
        3_600.0, "seconds without a datagram after which a session is forgotten", gt=0
    )
    mtu_bytes: int = setting(
        1_232, "largest datagram sent in a handshake, in bytes", ge=256, le=16_384
    )
    receive_buffer_bytes: int = setting(
        8 << 20, "kernel buffer asked for each socket, in bytes", ge=65_536
    )
    tls: StreamTlsConfig = setting(StreamTlsConfig, "")

    def __post_init__(self) -> None:
        """ValueError where host, port or network is none, or a certificate is missing."""
        check_host(self.host)
        for port in self.ports:
            if not 0 <= port <= 65_535:
                raise ValueError(f"ports: there is no UDP port {port}")
        for network in self.allow:
            try:
                ip_network(network, strict=False)
            except ValueError as error:
                raise ValueError(f"allow: {error}") from error
        if self.ports and not self.tls.certificate:
            raise ValueError("ports: DTLS needs tls.certificate")
        if self.ports and not self.tls.asks_for_certificates:
            raise ValueError(
                "ports: DTLS needs tls.client_ca, or fingerprints in tls.allowed_peers"
            )

    @property
    def enabled(self) -> bool:
        """Whether there is anything to listen on."""
        return bool(self.ports)
