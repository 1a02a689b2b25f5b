"""One connection that messages come in on: its socket, its handshake, what it left unfinished."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sensorium.ingest.transport.stream.listeners import Listener


class Closed(StrEnum):
    """Why a connection ended; the label ``reason``."""

    BY_PEER = "by_peer"
    BROKEN = "broken"
    IDLE = "idle"
    SLOW = "slow"
    MALFORMED = "malformed"
    TLS_FAILED = "tls_failed"
    PEER_REFUSED = "peer_refused"
    SHUTDOWN = "shutdown"


class Handshake(StrEnum):
    """Where a TLS handshake stands."""

    WANTS_READ = "wants_read"
    WANTS_WRITE = "wants_write"
    DONE = "done"


@dataclass(slots=True, eq=False)
class Connection:
    """An accepted connection. ``address`` is the peer's, 16 bytes; times are of a monotonic clock.

    ``state`` is its protocol's, ``carried`` are the bytes of a message whose end has not come;
    ``session`` is its number among transport sessions where its protocol has those, else 0.
    """

    listener: Listener
    socket: socket.socket
    address: bytes
    port: int
    opened_s: float
    heard_s: float
    state: Any
    session: int = 0
    ready: bool = True
    carried: bytes = b""
    begun_s: float = 0.0

    def shake_hands(self) -> Handshake:
        """Go on with the TLS handshake. OSError (ssl.SSLError) where it failed."""
        assert isinstance(self.socket, ssl.SSLSocket)
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            return Handshake.WANTS_READ
        except ssl.SSLWantWriteError:
            return Handshake.WANTS_WRITE
        self.ready = True
        return Handshake.DONE

    def receive(self, into: memoryview) -> tuple[int, bool]:
        """Read what is there, at most what ``into`` holds: how much, and whether the peer ended.

        OSError where the connection broke.
        """
        if not isinstance(self.socket, ssl.SSLSocket):
            try:
                size = self.socket.recv_into(into)
            except BlockingIOError:
                return 0, False
            return size, size == 0
        at = 0
        while at < len(into):
            try:
                size = self.socket.recv_into(into[at:])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return at, False
            if size == 0:
                return at, True
            at += size
        return at, False

    @property
    def holds_more(self) -> bool:
        """Whether decrypted bytes wait that the kernel does not know of."""
        return isinstance(self.socket, ssl.SSLSocket) and self.ready and self.socket.pending() > 0

    def close(self) -> None:
        """Close the socket; a TLS peer is told first (RFC 5425 section 4.4), without waiting."""
        if isinstance(self.socket, ssl.SSLSocket) and self.ready:
            with contextlib.suppress(OSError, ValueError):
                self.socket.unwrap()
        self.socket.close()
