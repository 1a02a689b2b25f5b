"""What is counted of DTLS, by protocol."""

from __future__ import annotations

from sensorium.observe import Observe


class DtlsMeters:
    """Counters and gauges of one protocol's receiver."""

    def __init__(self, protocol: str, observe: Observe) -> None:
        self._protocol = protocol
        self._open = observe.gauge(
            "sensorium_dtls_sessions", "DTLS sessions whose handshake is done", ("protocol",)
        )
        self._began = observe.counter(
            "sensorium_dtls_began", "DTLS sessions whose handshake was done", ("protocol",)
        )
        self._ended = observe.counter(
            "sensorium_dtls_ended",
            "DTLS sessions and handshakes that ended, by reason",
            ("protocol", "reason"),
        )
        self._refused = observe.counter(
            "sensorium_dtls_refused",
            "Datagrams not used before there was a session, by reason",
            ("protocol", "reason"),
        )
        self._bytes = observe.counter(
            "sensorium_dtls_bytes", "Bytes received in DTLS sessions, encrypted", ("protocol",)
        )
        self._messages = observe.counter(
            "sensorium_dtls_messages", "Messages received over DTLS", ("protocol",)
        )
        self._irregular = observe.counter(
            "sensorium_dtls_irregular",
            "Messages over DTLS that were malformed, cut or unfinished, by reason",
            ("protocol", "reason"),
        )
        self._kernel = observe.counter(
            "sensorium_dtls_kernel_dropped",
            "Datagrams for DTLS that the kernel had no room for",
            ("protocol",),
        )

    def began(self) -> None:
        """A handshake was done."""
        self._began.labels(self._protocol).inc()
        self._open.labels(self._protocol).inc()

    def ended(self, reason: str, *, established: bool) -> None:
        """A session or a handshake ended."""
        self._ended.labels(self._protocol, reason).inc()
        if established:
            self._open.labels(self._protocol).dec()

    def refused(self, reason: str) -> None:
        """A datagram was not used."""
        self._refused.labels(self._protocol, reason).inc()

    def received(self, size: int) -> None:
        """Bytes of a session came."""
        self._bytes.labels(self._protocol).inc(size)

    def messages(self, count: int) -> None:
        """Messages came."""
        self._messages.labels(self._protocol).inc(count)

    def irregular(self, reason: str, count: int = 1) -> None:
        """A message was odd."""
        self._irregular.labels(self._protocol, reason).inc(count)

    def kernel_dropped(self, count: int) -> None:
        """The kernel had no room."""
        self._kernel.labels(self._protocol).inc(count)
