"""The address that the door listens at, taken by one process or shared by several."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import TYPE_CHECKING

from sensorium.errors import SensoriumError, UsageError

if TYPE_CHECKING:
    from sensorium.gateway.door.config import DoorConfig


def bound(config: DoorConfig, *, shared: bool = False) -> socket.socket:
    """A socket with the port; ``SensoriumError`` where another program has it.

    ``shared`` lets several processes of one user have it: the kernel divides callers among those
    that listen.
    """
    host, port = config.host, config.port
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, proto)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise SensoriumError(
            f"cannot listen on {host} port {port}: {error.strerror}",
            next_step="choose another address or port with door.host and door.port",
        ) from error
    return listening


def held(config: DoorConfig) -> socket.socket:
    """A socket that has the port for processes to share and hears nothing itself.

    Raises like :func:`bound`, also where another gateway of this user shares the port already.
    """
    if sys.platform != "linux":
        raise UsageError(
            "only Linux divides callers among several processes on one port",
            next_step="set workers to 1, and run several gateways behind a load balancer",
        )
    with contextlib.closing(bound(config)):
        pass  # nobody else listens there
    return bound(config, shared=True)


def url_of(listening: socket.socket, *, tls: bool) -> str:
    """How a socket is reached."""
    host, port = listening.getsockname()[:2]
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
