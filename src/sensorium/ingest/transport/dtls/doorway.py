"""Who may begin a DTLS session: cookies first, then bounds; certificates are the handshake's."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from OpenSSL import SSL

from sensorium.errors import SensoriumError
from sensorium.ingest.sessions import Transport, new_session
from sensorium.ingest.transport.dtls.config import DtlsConfig
from sensorium.ingest.transport.dtls.cookies import Cookies
from sensorium.ingest.transport.dtls.meters import DtlsMeters
from sensorium.ingest.transport.dtls.records import hello_random
from sensorium.ingest.transport.dtls.session import DtlsSession, written
from sensorium.ingest.transport.networks import SourceNetworks
from sensorium.ingest.transport.secure.context import SecureDoor

_CERTIFICATE_EVERY_S: Final = 5.0


class DtlsDoorway:
    """Answers beginnings without remembering them, until a peer comes back with its cookie."""

    def __init__(
        self, config: DtlsConfig, setting: str, meters: DtlsMeters, log: Any, *, sessions: bool
    ) -> None:
        self._config = config
        self._meters = meters
        self._log = log
        self._sessions = sessions
        self._door = SecureDoor(config.tls, setting, datagrams=self._prepare)
        self._cookies = Cookies(time.monotonic)
        self._allowed = SourceNetworks(config.allow)
        self._waiting: SSL.Connection | None = None
        self._by_source: Counter[bytes] = Counter()
        self._half_open = 0
        self._tokens = config.max_hellos_per_s
        self._filled_s = self._looked_s = time.monotonic()

    @property
    def full(self) -> bool:
        """Whether no further session is taken."""
        return self._by_source.total() >= self._config.max_sessions

    def load(self) -> None:
        """Read the certificate. SensoriumError where that cannot be done."""
        self._door.load()
        self._say_doubts()

    def greet(
        self, hello: bytes, address: bytes, port: int, now_s: float
    ) -> tuple[DtlsSession | None, bytes]:
        """Answer a ClientHello: a session where its cookie was good, and what to send."""
        reason = self._refusal(address, now_s)
        if reason:
            self._meters.refused(reason)
            return None, b""
        connection = self._waiting or self._new_connection(now_s)
        self._waiting = None
        connection.set_app_data(address + port.to_bytes(2))
        connection.bio_write(hello)
        try:
            connection.DTLSv1_listen()
        except SSL.WantReadError:
            self._waiting = connection
            return None, written(connection)
        except SSL.Error:
            self._meters.refused("bad_hello")
            return None, b""
        if reason := self._no_room(address):
            self._meters.refused(reason)
            return None, b""
        number = new_session(Transport.DTLS) if self._sessions else 0
        self._by_source[address] += 1
        self._half_open += 1
        random = hello_random(hello)
        connection.bio_write(hello)  # to listen took it away
        return DtlsSession(connection, address, port, number, now_s, now_s, random), b""

    def _refusal(self, address: bytes, now_s: float) -> str:
        if self._config.allow and address not in self._allowed:
            return "not_allowed"
        most = self._config.max_hellos_per_s
        self._tokens = min(most, self._tokens + (now_s - self._filled_s) * most)
        self._filled_s = now_s
        if self._tokens < 1:
            return "too_many_hellos"
        self._tokens -= 1
        return ""

    def _no_room(self, address: bytes) -> str:
        if self.full:
            return "too_many"
        if self._half_open >= self._config.max_handshakes:
            return "too_many_handshakes"
        if self._by_source[address] >= self._config.max_sessions_per_source:
            return "too_many_of_source"
        return ""

    def _new_connection(self, now_s: float) -> SSL.Connection:
        if now_s - self._looked_s > _CERTIFICATE_EVERY_S:
            self._looked_s = now_s
            try:
                if self._door.refresh():
                    self._log.info("the TLS certificate was read again")
                    self._say_doubts()
            except SensoriumError as error:
                self._log.error(
                    "a changed TLS certificate cannot be used; the old one stays",
                    error=error.message,
                )
        connection = SSL.Connection(self._door.context, None)
        connection.set_accept_state()
        connection.set_ciphertext_mtu(self._config.mtu_bytes)
        return connection

    def _say_doubts(self) -> None:
        for doubt in self._door.doubts(datetime.now(UTC)):
            self._log.warning(doubt)

    def _prepare(self, context: SSL.Context) -> None:
        context.set_cookie_generate_callback(lambda one: self._cookies.give(one.get_app_data()))
        context.set_cookie_verify_callback(
            lambda one, cookie: self._cookies.good(one.get_app_data(), cookie)
        )
        context.set_options(SSL.OP_NO_QUERY_MTU | (SSL.OP_COOKIE_EXCHANGE or 0))

    def established(self) -> None:
        """A handshake is done."""
        self._half_open -= 1

    def left(self, session: DtlsSession) -> None:
        """A session is over."""
        self._half_open -= not session.established
        self._by_source[session.address] -= 1
        if not self._by_source[session.address]:
            del self._by_source[session.address]
