"""A UDP socket for what real exporters send."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bound() -> Iterator[socket.socket]:
    """A socket on a free port of the loopback interface, that waits ten seconds at most."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.settimeout(10)
        yield made
