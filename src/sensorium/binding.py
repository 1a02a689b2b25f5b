"""Taking a TCP port before anything is served on it."""

from __future__ import annotations

import socket


def bound(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that has the port; OSError where the address is none or the port is taken.

    ``shared`` lets several processes of one user have it: the kernel divides callers among those
    that listen.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    family, kind, proto, _, address = found
    listening = socket.socket(family, kind, proto)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(address)
    except OSError:
        listening.close()
        raise
    return listening
