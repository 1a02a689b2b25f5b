"""What is counted of syslog streams."""

from __future__ import annotations

import numpy as np

from sensorium.ingest.syslog import frames
from sensorium.ingest.transport.stream.connection import Closed, Connection
from sensorium.ingest.transport.stream.listeners import Kind
from sensorium.observe import Observe


class StreamMeters:
    """Counters and gauges, by listener and reason."""

    def __init__(self, observe: Observe) -> None:
        self._open = observe.gauge(
            "sensorium_stream_connections", "Syslog connections open now, by listener",
            ("listener",),
        )  # fmt: skip
        self._accepted = observe.counter(
            "sensorium_stream_accepted", "Syslog connections taken, by listener", ("listener",)
        )
        self._refused = observe.counter(
            "sensorium_stream_refused",
            "Syslog connections closed unread, by listener and reason",
            ("listener", "reason"),
        )
        self._closed = observe.counter(
            "sensorium_stream_closed",
            "Syslog connections that ended, by listener and reason",
            ("listener", "reason"),
        )
        self._bytes = observe.counter(
            "sensorium_stream_bytes", "Bytes of syslog streams read, by listener", ("listener",)
        )
        self._messages = observe.counter(
            "sensorium_stream_messages",
            "Syslog messages taken out of streams, by listener and framing",
            ("listener", "framing"),
        )
        self._irregular = observe.counter(
            "sensorium_stream_irregular",
            "Syslog frames that were cut, unfinished or not framed as set, by reason",
            ("reason",),
        )
        self._waited = observe.counter(
            "sensorium_stream_paused_seconds",
            "Seconds in which streams were not read because the pipeline was behind",
        )

    def accepted(self, kind: Kind) -> None:
        """A connection was taken."""
        self._accepted.labels(kind.value).inc()
        self._open.labels(kind.value).inc()

    def refused(self, kind: Kind, reason: str) -> None:
        """A connection was closed before anything was read."""
        self._refused.labels(kind.value, reason).inc()

    def closed(self, kind: Kind, reason: Closed) -> None:
        """A connection ended."""
        self._closed.labels(kind.value, reason.value).inc()
        self._open.labels(kind.value).dec()

    def read(self, connection: Connection, size: int) -> int:
        """So many bytes came; the messages that were in them, by the connection's state."""
        kind, state = connection.listener.kind.value, connection.state
        self._bytes.labels(kind).inc(size)
        counted, lines = int(state[frames.COUNTED]), int(state[frames.LINES])
        if counted:
            self._messages.labels(kind, "octet_counting").inc(counted)
        if lines:
            self._messages.labels(kind, "line").inc(lines)
        if state[frames.OVERSIZED]:
            self.irregular("oversized", int(state[frames.OVERSIZED]))
        if state[frames.NOT_COUNTED]:
            self.irregular("not_octet_counted", int(state[frames.NOT_COUNTED]))
        state[frames.COUNTED :] = np.int64(0)
        return counted + lines

    def datagram(self, size: int) -> None:
        """A Unix datagram came."""
        kind = Kind.UNIX_DATAGRAM.value
        self._bytes.labels(kind).inc(size)
        self._messages.labels(kind, "datagram").inc()

    def unfinished(self, kind: Kind) -> None:
        """A connection's end left a message that is kept as far as it came."""
        self._messages.labels(kind.value, "unfinished").inc()

    def irregular(self, reason: str, count: int = 1) -> None:
        """A frame was odd."""
        self._irregular.labels(reason).inc(count)

    def paused(self, seconds: float) -> None:
        """Nothing was read for so long, because the pipeline was behind."""
        self._waited.inc(seconds)
