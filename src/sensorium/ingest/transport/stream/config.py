"""What an operator can set about what comes over connections: syslog and IPFIX."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network

from sensorium.component import setting
from sensorium.listening.binding import check_host
from sensorium.listening.tls_files import NamedFile, TlsFiles

_TRAILERS = {"lf": 10, "crlf": 10, "nul": 0, "cr": 13}
_FINGERPRINT = re.compile(r"(sha-?(?:1|256)):((?:[0-9A-Fa-f]{2}:?)+)")
_DIGEST_BYTES = {"sha1": 20, "sha256": 32}


class Framing(StrEnum):
    """How messages follow each other on a connection (RFC 6587)."""

    AUTO = "auto"
    OCTET_COUNTING = "octet_counting"
    LINE = "line"


class TlsVersion(StrEnum):
    """The least version of TLS that is spoken."""

    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"


def fingerprint_of(text: str) -> tuple[str, bytes] | None:
    """``sha-256:AB:CD...`` (RFC 5425 section 4.2.2) as hash name and digest; None for a name.

    ValueError where the digest has not its hash's length.
    """
    match = _FINGERPRINT.fullmatch(text.strip())
    if match is None:
        return None
    name, digest = match[1].replace("-", ""), bytes.fromhex(match[2].replace(":", ""))
    if len(digest) != _DIGEST_BYTES[name]:
        raise ValueError(f"a {match[1]} fingerprint has {_DIGEST_BYTES[name]} bytes: {text!r}")
    return name, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTlsConfig:
    """The server's certificate, and who may connect (RFC 5425)."""

    certificate: str = setting("", "PEM file of the server's certificate and its chain", path=True)
    private_key: str = setting(
        "", "PEM file of its private key; empty where it is in that file", path=True
    )
    client_ca: str = setting(
        "",
        "PEM file of the authorities whose client certificates are asked for; empty asks none",
        path=True,
    )
    allowed_peers: tuple[str, ...] = setting(
        (),
        "names and fingerprints (sha-256:AB:...) of client certificates let in; empty: all valid",
    )
    least_version: TlsVersion = setting(
        TlsVersion.TLS_1_2, "least version of TLS: 1.2 or 1.3; DTLS is always 1.2"
    )
    handshake_timeout_s: float = setting(10.0, "seconds a TLS handshake may take", gt=0)

    def __post_init__(self) -> None:
        """ValueError where a fingerprint is none, or names are listed that nobody vouches for."""
        named = [peer for peer in self.allowed_peers if fingerprint_of(peer) is None]
        if named and not self.client_ca:
            raise ValueError(
                f"allowed_peers: the name {named[0]} needs client_ca, which vouches for it; "
                "without, a peer is known by the fingerprint of its certificate"
            )

    def files(self, setting: str) -> TlsFiles | None:
        """What the settings under ``setting`` name; None where they name no certificate."""
        if not self.certificate:
            return None
        certificate = NamedFile(f"{setting}.certificate", self.certificate)
        key = NamedFile(f"{setting}.private_key", self.private_key)
        authorities = NamedFile(f"{setting}.client_ca", self.client_ca)
        return TlsFiles(
            certificate,
            key if self.private_key else certificate,
            authorities if self.client_ca else None,
        )

    @property
    def asks_for_certificates(self) -> bool:
        """Whether clients must show a certificate."""
        return bool(self.client_ca or self.allowed_peers)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamConfig:
    """What all protocols that come over connections have: where to listen, and for whom."""

    host: str = setting("0.0.0.0", "address to listen on; '::' takes IPv6 and IPv4")
    tcp_ports: tuple[int, ...] = setting((), "TCP ports; 0 takes any free one")
    tls_ports: tuple[int, ...] = setting((), "TLS ports; 0 takes any free one")
    max_connections: int = setting(1_000, "connections at a time", ge=1)
    max_connections_per_source: int = setting(100, "connections at a time of one address", ge=1)
    allow: tuple[str, ...] = setting((), "networks that may connect; empty lets in all")
    idle_timeout_s: float = setting(
        86_400.0, "seconds without a byte after which a connection is closed; 0 never", ge=0
    )
    frame_timeout_s: float = setting(
        60.0, "seconds a begun message may wait for its end before its connection is closed", gt=0
    )
    linger_ms: float = setting(
        10.0, "milliseconds bytes may wait in the kernel to be read together", ge=0, le=1000
    )
    tls: StreamTlsConfig = setting(StreamTlsConfig, "")

    def __post_init__(self) -> None:
        """ValueError where the host, a port, a network or a certificate is none."""
        check_host(self.host)
        for name in ("tcp_ports", "tls_ports"):
            _check_ports(name, getattr(self, name))
        for network in self.allow:
            try:
                ip_network(network, strict=False)
            except ValueError as error:
                raise ValueError(f"allow: {error}") from error
        if self.secure and not self.tls.certificate:
            raise ValueError("tls_ports: TLS needs tls.certificate")

    @property
    def secure(self) -> bool:
        """Whether anything is listened on that speaks TLS."""
        return bool(self.tls_ports)

    @property
    def enabled(self) -> bool:
        """Whether there is anything to listen on."""
        return bool(self.tcp_ports or self.tls_ports)


def _check_ports(name: str, ports: tuple[int, ...]) -> None:
    for port in ports:
        if not 0 <= port <= 65_535:
            transport = "SCTP" if name == "sctp_ports" else "TCP"
            raise ValueError(f"{name}: there is no {transport} port {port}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogStreamConfig(StreamConfig):
    """Syslog over TCP, TLS and Unix sockets; off until a port or a path is given.

    The usual ports are 5514 for TCP and 6514 for TLS.
    """

    unix_paths: tuple[str, ...] = setting((), "paths of Unix stream sockets", path=True)
    unix_tls_paths: tuple[str, ...] = setting(
        (), "paths of Unix stream sockets that speak TLS", path=True
    )
    unix_datagram_paths: tuple[str, ...] = setting(
        (), "paths of Unix datagram sockets, such as /dev/log", path=True
    )
    unix_mode: str = setting(
        "0660", "permissions of the Unix sockets, octal; 0666 lets every user write"
    )
    framing: Framing = setting(
        Framing.AUTO, "auto (each frame says), octet_counting (others are counted), line (never)"
    )
    trailer: str = setting("lf", "what ends a frame without a count: lf, crlf, nul, cr or 0 to 255")
    max_frame_bytes: int = setting(
        65_535, "longest message, in bytes; the rest of a longer one is cut", ge=480, le=1 << 20
    )

    def __post_init__(self) -> None:
        """ValueError where a port, a network, a trailer or a certificate is none."""
        StreamConfig.__post_init__(self)
        if not 0 <= self.trailer_byte <= 255:
            raise ValueError(f"trailer: {self.trailer!r} is no byte: lf, crlf, nul, cr or 0 to 255")
        if not re.fullmatch(r"0?[0-7]{3}", self.unix_mode):
            raise ValueError(f"unix_mode: {self.unix_mode!r} is not like 0660")

    @property
    def trailer_byte(self) -> int:
        """The value of the byte that ends a frame without a count; -1 where there is no such."""
        if self.trailer.isdecimal():
            return int(self.trailer)
        return _TRAILERS.get(self.trailer.lower(), -1)

    @property
    def secure(self) -> bool:
        """Whether anything is listened on that speaks TLS."""
        return bool(self.tls_ports or self.unix_tls_paths)

    @property
    def enabled(self) -> bool:
        """Whether there is anything to listen on."""
        paths = self.unix_paths + self.unix_tls_paths + self.unix_datagram_paths
        return bool(self.tcp_ports or self.tls_ports or paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class IpfixStreamConfig(StreamConfig):
    """IPFIX over TCP, TLS and SCTP (RFC 7011 section 10); off until a port is given.

    The usual ports are 4739 for TCP and SCTP, and 4740 for TLS.
    """

    sctp_ports: tuple[int, ...] = setting(
        (), "SCTP ports, where the kernel has SCTP (Linux: modprobe sctp); 0 takes any free one"
    )

    def __post_init__(self) -> None:
        """ValueError where a port, a network or a certificate is none."""
        StreamConfig.__post_init__(self)
        _check_ports("sctp_ports", self.sctp_ports)

    @property
    def enabled(self) -> bool:
        """Whether there is anything to listen on."""
        return bool(self.tcp_ports or self.tls_ports or self.sctp_ports)
