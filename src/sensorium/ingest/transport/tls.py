"""TLS as servers here speak it: 1.2 and 1.3, forward secrecy, authenticated encryption."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from typing import Any, Final

from sensorium.errors import SensoriumError
from sensorium.listening.tls_files import TlsFiles, load_chain

# RFC 9325 4.2: ephemeral key exchange and AEAD only. TLS 1.3 has no other suites anyway.
_CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
_LOOK_EVERY_S: Final = 5.0


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """A context for accepting connections.

    With authorities every client must show a certificate that one of them signed (mutual TLS).
    UsageError where a file cannot be used.
    """
    files.check()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    # Renegotiation and compression cost the server more than they give (RFC 9325 3.3, 3.4).
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    load_chain(context, files)
    if files.client_ca is not None:
        context.load_verify_locations(files.client_ca.path)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Renewal:
    """Knows when a server's files have changed; looks every five seconds at most.

    A change that cannot be used is logged, once for each change, and leaves the old in place.
    """

    def __init__(self, files: TlsFiles, log: Any) -> None:
        self._files = files
        self._log = log
        self._stamp = files.stamp()
        self._looked_s = time.monotonic()

    def due(self) -> bool:
        """Whether the files have changed and can be used."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_EVERY_S:
            return False
        self._looked_s = now_s
        stamp = self._files.stamp()
        if not stamp or stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._files.check()
        except SensoriumError as error:
            self._log.error(
                "a changed TLS certificate cannot be used; the old one stays", error=error.message
            )
            return False
        self._log.info("the TLS certificate was read again")
        say_doubts(self._files, self._log)
        return True


def say_doubts(files: TlsFiles, log: Any) -> None:
    """Log what peers may turn away for, such as a certificate that has expired."""
    for doubt in files.doubts(datetime.now(UTC)):
        log.warning(doubt)


class RenewedContext:
    """A server's context whose files are read again once they have changed.

    ``front`` is given to the server; each new connection is handed on, in its first message, to
    what was read last. UsageError where the files cannot be used at the start.
    """

    def __init__(self, files: TlsFiles, log: Any) -> None:
        self._files = files
        self._log = log
        self._renewal = Renewal(files, log)
        self.front = self._current = server_context(files)
        self.front.sni_callback = self._choose
        say_doubts(files, log)

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        if self._renewal.due():
            try:
                self._current = server_context(self._files)
            except (SensoriumError, OSError, ValueError) as error:  # it changed once more
                self._log.error(
                    "a changed TLS certificate cannot be used; the old one stays", error=str(error)
                )
        connection.context = self._current
