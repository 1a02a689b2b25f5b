"""What reading a socket gives, however it is read."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Protocol

from sensorium.ingest.datagrams import Datagrams


@dataclass(frozen=True, slots=True)
class Reading:
    """A slab, and whether the socket was empty after it.

    ``truncated`` is how many datagrams were longer than any should be, and are not in the slab;
    ``error`` what the system had to say of the socket, with which nothing is lost.
    """

    datagrams: Datagrams
    emptied: bool
    truncated: int = 0
    error: str = ""


class SocketReader(Protocol):
    """Reads sockets that do not block. It keeps its buffers: one thread at a time may use it."""

    def read(self, opened: socket.socket, port: int) -> Reading:
        """What waits in a socket bound to ``port``, as far as it fits into one slab."""
