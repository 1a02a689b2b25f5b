"""Who may connect: networks, numbers of connections, certificates."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from OpenSSL import SSL

from sensorium.errors import SensoriumError
from sensorium.ingest.sessions import Transport, new_session
from sensorium.ingest.transport.networks import SourceNetworks
from sensorium.ingest.transport.secure.context import SecureDoor
from sensorium.ingest.transport.stream.config import StreamConfig
from sensorium.ingest.transport.stream.connection import Closed, Connection
from sensorium.ingest.transport.stream.framing import StreamProtocol
from sensorium.ingest.transport.stream.listeners import Kind, Listener, keep_alive
from sensorium.ingest.transport.stream.meters import StreamMeters
from sensorium.model.address import pack_address, unpack_address

_ACCEPTED_AT_A_TIME: Final = 64
_TRANSPORTS: Final = {
    Kind.TCP: Transport.TCP,
    Kind.TLS: Transport.TLS,
    Kind.SCTP: Transport.SCTP,
}
_LOCAL: Final = pack_address("127.0.0.1")
_COMPLAINT_EVERY_S: Final = 60.0
_CERTIFICATE_EVERY_S: Final = 5.0


class Doorway:
    """Accepts connections, and refuses, counted, those that the settings do not let in."""

    def __init__(
        self,
        config: StreamConfig,
        protocol: StreamProtocol,
        meters: StreamMeters,
        log: Any,
        setting: str,
    ) -> None:
        self._config = config
        self._protocol = protocol
        self._meters = meters
        self._log = log
        self._allowed = SourceNetworks(config.allow)
        self._tls = SecureDoor(config.tls, setting) if config.secure else None
        self._by_source: Counter[bytes] = Counter()
        self._open = 0
        self._complained_s = -_COMPLAINT_EVERY_S
        self._looked_s = 0.0

    @property
    def full(self) -> bool:
        """Whether no further connection is taken."""
        return self._open >= self._config.max_connections

    def load(self) -> None:
        """Read the certificate. SensoriumError where that cannot be done."""
        if self._tls is not None:
            self._tls.load()
            self._say_doubts(self._tls)

    def accept(self, listener: Listener, now_s: float) -> Iterator[Connection]:
        """The connections that wait and are let in."""
        for _ in range(_ACCEPTED_AT_A_TIME):
            try:
                raw, peer = listener.socket.accept()
            except BlockingIOError:
                return
            except OSError as error:  # it is gone already, or there are no file descriptors
                self._meters.refused(listener.kind, "accept_failed")
                self._say("a connection could not be taken", "", "accept_failed", str(error))
                return
            unix = listener.kind in (Kind.UNIX, Kind.UNIX_TLS)
            address, port = (_LOCAL, 0) if unix else (_packed(peer[0]), int(peer[1]))
            reason = self._refusal(address, unix=unix)
            if reason:
                raw.close()
                self._meters.refused(listener.kind, reason)
                self._say("connections are refused", unpack_address(address), reason)
                continue
            raw.setblocking(False)
            if not unix:
                keep_alive(raw)
            try:
                opened = self._secured(raw, now_s) if listener.secure else raw
            except (OSError, SSL.Error):  # it went away before its handshake
                raw.close()
                self._meters.refused(listener.kind, "accept_failed")
                continue
            self._open += 1
            self._by_source[address] += 1
            self._meters.accepted(listener.kind)
            yield Connection(
                *(listener, opened, address, port, now_s, now_s),
                state=self._protocol.new_state(),
                session=new_session(_TRANSPORTS[listener.kind]) if self._protocol.sessions else 0,
                ready=not listener.secure,
            )

    def _refusal(self, address: bytes, *, unix: bool) -> str:
        if not unix and self._config.allow and address not in self._allowed:
            return "not_allowed"
        if self.full:
            return "too_many"
        if not unix and self._by_source[address] >= self._config.max_connections_per_source:
            return "too_many_of_source"
        return ""

    def _secured(self, raw: socket.socket, now_s: float) -> SSL.Connection:
        assert self._tls is not None, "checked when the settings were read"
        if now_s - self._looked_s > _CERTIFICATE_EVERY_S:
            self._looked_s = now_s
            try:
                if self._tls.refresh():
                    self._log.info("the TLS certificate was read again")
                    self._say_doubts(self._tls)
            except SensoriumError as error:
                self._log.error(
                    "a changed TLS certificate cannot be used; the old one stays",
                    error=error.message,
                )
        secured = SSL.Connection(self._tls.context, raw)
        secured.set_accept_state()
        return secured

    def _say_doubts(self, door: SecureDoor) -> None:
        for doubt in door.doubts(datetime.now(UTC)):
            self._log.warning(doubt)

    def left(self, connection: Connection, reason: Closed) -> None:
        """A connection ended."""
        self._open -= 1
        self._by_source[connection.address] -= 1
        if not self._by_source[connection.address]:
            del self._by_source[connection.address]
        self._meters.closed(connection.listener.kind, reason)

    def complain(self, connection: Connection, reason: Closed, detail: str) -> None:
        """Log a peer that could not be let in, or sent what is no message, now and then: who tries
        may try often.
        """
        told = (
            "a connection was closed: what it sent is no message of the protocol"
            if reason is Closed.MALFORMED
            else "a TLS client was not let in"
        )
        self._say(told, unpack_address(connection.address), reason.value, detail)

    def _say(self, text: str, source: str, reason: str, detail: str = "") -> None:
        now_s = time.monotonic()
        if now_s - self._complained_s < _COMPLAINT_EVERY_S:
            return
        self._complained_s = now_s
        self._log.warning(text, source=source, reason=reason, detail=detail)


def _packed(text: str) -> bytes:
    """An accepted peer's address as 16 bytes; a zone such as ``%eth0`` is left out."""
    return pack_address(text.partition("%")[0])
