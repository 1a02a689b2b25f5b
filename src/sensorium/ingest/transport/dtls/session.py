"""One peer's side of DTLS: its handshake, and what it sends when that is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from OpenSSL import SSL

from sensorium.ingest.transport.dtls.records import datagrams_of
from sensorium.ingest.transport.secure.errors import said

_ROOM: Final = 1 << 16


class Ended(StrEnum):
    """Why a session ended; the label ``reason``."""

    BY_PEER = "by_peer"
    BROKEN = "broken"
    IDLE = "idle"
    SLOW = "slow"
    TLS_FAILED = "tls_failed"
    REPLACED = "replaced"
    SHUTDOWN = "shutdown"


class SessionOverError(Exception):
    """Nothing more is to be had of a session."""

    def __init__(self, reason: Ended, detail: str = "") -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(slots=True, eq=False)
class DtlsSession:
    """A peer that has shown that it is where it says. ``address`` is 16 bytes, times monotonic.

    ``number`` is its number among transport sessions, 0 where its protocol has none; ``random``
    is that of its ClientHello.
    """

    connection: SSL.Connection
    address: bytes
    port: int
    number: int
    opened_s: float
    heard_s: float
    random: bytes = b""
    established: bool = False

    def take(self, datagram: bytes) -> Iterator[bytes]:
        """What a datagram holds for us; of no bytes, it only goes on with the handshake.

        SessionOverError where it is the last, or is wrong.
        """
        if datagram:
            self.connection.bio_write(datagram)
        if not self.established and not self._shake_hands():
            return
        while True:
            try:
                yield self.connection.recv(_ROOM)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError as error:
                raise SessionOverError(Ended.BY_PEER) from error
            except SSL.Error as error:
                raise SessionOverError(Ended.BROKEN, said(error)) from error

    def _shake_hands(self) -> bool:
        try:
            self.connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            raise SessionOverError(Ended.TLS_FAILED, said(error)) from error
        self.established = True
        return True

    def late(self) -> None:
        """Send again what the peer has not answered in time."""
        left_s = self.connection.DTLSv1_get_timeout()
        if left_s is not None and left_s <= 0:
            try:
                self.connection.DTLSv1_handle_timeout()
            except SSL.Error as error:
                raise SessionOverError(Ended.SLOW, said(error)) from error

    def close(self) -> None:
        """Say that nothing more is taken."""
        if self.established:
            try:
                self.connection.shutdown()
            except SSL.Error:
                return

    def outgoing(self, mtu: int) -> Iterator[bytes]:
        """The datagrams that are to be sent to the peer."""
        return datagrams_of(written(self.connection), mtu)


def written(connection: SSL.Connection) -> bytes:
    """What a connection wants to have sent."""
    found = b""
    while True:
        try:
            found += connection.bio_read(_ROOM)
        except SSL.WantReadError:
            return found
