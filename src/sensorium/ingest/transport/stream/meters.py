"""What is counted of streams, by protocol."""

from __future__ import annotations

from sensorium.ingest.transport.stream.connection import Closed, Connection
from sensorium.ingest.transport.stream.framing import StreamProtocol
from sensorium.ingest.transport.stream.listeners import Kind
from sensorium.observe import Observe


class StreamMeters:
    """Counters and gauges of one protocol's receiver, by listener and reason."""

    def __init__(self, protocol: StreamProtocol, observe: Observe) -> None:
        self._protocol = protocol
        self._name = protocol.name
        by_listener = ("protocol", "listener")
        self._open = observe.gauge(
            "sensorium_stream_connections", "Connections open now, by protocol and listener",
            by_listener,
        )  # fmt: skip
        self._accepted = observe.counter(
            "sensorium_stream_accepted", "Connections taken, by protocol and listener", by_listener
        )
        self._refused = observe.counter(
            "sensorium_stream_refused",
            "Connections closed unread, by protocol, listener and reason",
            (*by_listener, "reason"),
        )
        self._closed = observe.counter(
            "sensorium_stream_closed",
            "Connections that ended, by protocol, listener and reason",
            (*by_listener, "reason"),
        )
        self._bytes = observe.counter(
            "sensorium_stream_bytes", "Bytes of streams read, by protocol and listener", by_listener
        )
        self._messages = observe.counter(
            "sensorium_stream_messages",
            "Messages taken out of streams, by protocol, listener and framing",
            (*by_listener, "framing"),
        )
        self._irregular = observe.counter(
            "sensorium_stream_irregular",
            "Messages of streams that were cut, unfinished, malformed or not framed as set",
            ("protocol", "reason"),
        )
        self._waited = observe.counter(
            "sensorium_stream_paused_seconds",
            "Seconds in which streams were not read because the pipeline was behind",
            ("protocol",),
        )

    def accepted(self, kind: Kind) -> None:
        """A connection was taken."""
        self._accepted.labels(self._name, kind.value).inc()
        self._open.labels(self._name, kind.value).inc()

    def refused(self, kind: Kind, reason: str) -> None:
        """A connection was closed before anything was read."""
        self._refused.labels(self._name, kind.value, reason).inc()

    def closed(self, kind: Kind, reason: Closed) -> None:
        """A connection ended."""
        self._closed.labels(self._name, kind.value, reason.value).inc()
        self._open.labels(self._name, kind.value).dec()

    def read(self, connection: Connection, size: int) -> int:
        """So many bytes came; the messages that were in them, by the connection's state."""
        kind, state = connection.listener.kind.value, connection.state
        self._bytes.labels(self._name, kind).inc(size)
        messages = 0
        for framing, count in self._protocol.told(state):
            if count:
                self._messages.labels(self._name, kind, framing).inc(count)
                messages += count
        for reason, count in self._protocol.irregular(state):
            if count:
                self.irregular(reason, count)
        self._protocol.forget(state)
        return messages

    def datagram(self, size: int) -> None:
        """A Unix datagram came."""
        kind = Kind.UNIX_DATAGRAM.value
        self._bytes.labels(self._name, kind).inc(size)
        self._messages.labels(self._name, kind, "datagram").inc()

    def unfinished(self, kind: Kind) -> None:
        """A connection's end left a message that is kept as far as it came."""
        self._messages.labels(self._name, kind.value, "unfinished").inc()

    def irregular(self, reason: str, count: int = 1) -> None:
        """A frame was odd."""
        self._irregular.labels(self._name, reason).inc(count)

    def paused(self, seconds: float) -> None:
        """Nothing was read for so long, because the pipeline was behind."""
        self._waited.labels(self._name).inc(seconds)
