"""One connection that messages come in on: its socket, its handshake, what it left unfinished."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from OpenSSL import SSL

from sensorium.ingest.transport.secure.errors import said
from sensorium.ingest.transport.stream.listeners import Listener

_RECORD: Final = 1 << 14
"""What a record of TLS holds at most, in bytes: no more is read at a time."""
_UNVOUCHED: Final = "certificate verify failed"


class PeerRefusedError(OSError):
    """A peer's certificate is not let in."""


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
    socket: socket.socket | SSL.Connection
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
        """Go on with the TLS handshake.

        OSError where it failed, PeerRefusedError where that is for the peer's certificate.
        """
        assert isinstance(self.socket, SSL.Connection)
        try:
            self.socket.do_handshake()
        except SSL.WantReadError:
            return Handshake.WANTS_READ
        except SSL.WantWriteError:
            return Handshake.WANTS_WRITE
        except SSL.Error as error:
            failed = PeerRefusedError if _UNVOUCHED in str(error) else OSError
            raise failed(said(error)) from error
        self.ready = True
        return Handshake.DONE

    def receive(self, into: memoryview) -> tuple[int, bool]:
        """Read what is there, at most what ``into`` holds: how much, and whether the peer ended.

        OSError where the connection broke.
        """
        if not isinstance(self.socket, SSL.Connection):
            try:
                size = self.socket.recv_into(into)
            except BlockingIOError:
                return 0, False
            return size, size == 0
        at = 0
        while at < len(into):
            try:
                at += self.socket.recv_into(into[at : at + _RECORD])
            except (SSL.WantReadError, SSL.WantWriteError):
                return at, False
            except (SSL.ZeroReturnError, SSL.SysCallError):  # said that it ends, or only ended
                return at, True
            except SSL.Error as error:
                if at:
                    return at, False  # it is met again when there is nothing before it
                raise OSError(said(error)) from error
        return at, False

    @property
    def holds_more(self) -> bool:
        """Whether decrypted bytes wait that the kernel does not know of."""
        return isinstance(self.socket, SSL.Connection) and self.ready and self.socket.pending() > 0

    def close(self) -> None:
        """Close the socket; a TLS peer is told first (RFC 5425 section 4.4), without waiting."""
        if isinstance(self.socket, SSL.Connection) and self.ready:
            with contextlib.suppress(SSL.Error):
                self.socket.shutdown()
        self.socket.close()
