"""Ports for servers that are told theirs before they run."""

from __future__ import annotations

import random
import socket
from pathlib import Path

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LOWEST = 10_000
# Two workers of one run must not draw alike, and tests may seed the generator that all share.
_DRAWN = random.SystemRandom()


def _numbers() -> range:
    """Ports that the system gives to nobody who does not ask for them by number: those that it
    hands out may be taken, by a client even, between the look and the server's start."""
    try:
        first = int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        first = 32_768
    return range(_LOWEST, first) if first > _LOWEST + 1_000 else range(_LOWEST, 65_536)


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def free_port() -> int:
    """A port of the loopback interface on which nobody listens, neither over TCP nor over UDP."""
    numbers = _numbers()
    for _ in range(1_000):
        port = _DRAWN.choice(numbers)
        if _is_free(port):
            return port
    raise OSError("no free port of the loopback interface was found")
