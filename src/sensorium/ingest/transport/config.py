"""What an operator can set about how bytes arrive."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from urllib.parse import urlsplit

from sensorium.component import setting
from sensorium.listening.binding import check_host


@dataclass(frozen=True, slots=True, kw_only=True)
class UdpConfig:
    """The UDP sockets: NetFlow, IPFIX and syslog."""

    host: str = setting("0.0.0.0", "address to listen on; '::' takes IPv6 and IPv4")
    ports: tuple[int, ...] = setting(
        (2055, 4739, 6343, 5514), "UDP ports to listen on; 0 takes any free one"
    )
    receive_buffer_bytes: int = setting(
        32 << 20, "kernel buffer asked for each socket, in bytes", ge=65_536
    )
    linger_ms: float = setting(
        10.0, "milliseconds datagrams may wait in the kernel to be read together", ge=0, le=1000
    )
    workers: int = setting(
        1, "threads that receive; all datagrams of one sender go to the same one", ge=1, le=64
    )
    batched: bool = setting(
        True, "read many datagrams in one system call, where the system can (Linux)"
    )
    coalesce: bool = setting(
        False,
        "let the kernel join datagrams of one flow (UDP_GRO); faster, but what it drops is then "
        "counted in joined ones",
    )
    allowed_sources: tuple[str, ...] = setting(
        (), "networks that may send; all may where none is named"
    )
    max_datagrams_per_s: float = setting(
        0.0, "datagrams a second that each source may send; 0 sets no limit", ge=0
    )
    max_datagram_bytes: int = setting(
        65_535, "largest datagram that is used, in bytes", ge=1, le=65_535
    )
    trusted_proxies: tuple[str, ...] = setting(
        ("127.0.0.0/8", "::1/128"),
        "networks whose PROXY protocol headers may state another source and arrival time",
    )

    def __post_init__(self) -> None:
        """ValueError where the host, a port or a network is none."""
        check_host(self.host)
        for port in self.ports:
            if not 0 <= port <= 65_535:
                raise ValueError(f"ports: there is no UDP port {port}")
        for name in ("trusted_proxies", "allowed_sources"):
            for network in getattr(self, name):
                try:
                    ip_network(network, strict=False)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeTarget:
    """One endpoint that serves metrics in the Prometheus text format."""

    job: str = setting("node", "what kind of target it is; becomes the label 'job'")
    url: str = setting("http://127.0.0.1:9100/metrics", "where the metrics are served")
    interval_s: float = setting(15.0, "seconds between scrapes", ge=1)
    timeout_s: float = setting(10.0, "seconds after which a scrape has failed", gt=0)

    def __post_init__(self) -> None:
        """ValueError where the URL cannot be asked."""
        try:
            parts = urlsplit(self.url)
            good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError as error:  # a port that is none, a bracket without its other
            raise ValueError(f"url: {self.url!r}: {error}") from error
        if not good:
            raise ValueError(f"url: {self.url!r} is no address like http://10.0.0.9:9100/metrics")
        check_host(parts.hostname or "", "url")

    @property
    def instance(self) -> str:
        """``address:port``, as the label ``instance`` has it."""
        parts = urlsplit(self.url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeConfig:
    """Which endpoints are scraped."""

    targets: tuple[ScrapeTarget, ...] = setting((), "endpoints to scrape")
    max_body_bytes: int = setting(
        32 << 20, "largest body read of one scrape, in bytes; a larger one is a failure", ge=1024
    )
