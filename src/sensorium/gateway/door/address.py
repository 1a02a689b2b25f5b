"""The address that the door listens at, taken by one process or shared by several."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import TYPE_CHECKING

from sensorium.errors import SensoriumError, UsageError
from sensorium.listening.binding import bound

if TYPE_CHECKING:
    from sensorium.gateway.door.config import DoorConfig


def taken(config: DoorConfig, *, shared: bool = False) -> socket.socket:
    """A socket with the port; ``SensoriumError`` where another program has it, or there is no such
    address. ``shared`` lets several processes of one user have it.
    """
    try:
        return bound(config.host, config.port, shared=shared)
    except OSError as error:
        raise SensoriumError(
            f"cannot listen on {config.host} port {config.port}: {error.strerror or error}",
            next_step="choose another address or port with door.host and door.port",
        ) from error


def held(config: DoorConfig) -> socket.socket:
    """A socket that has the port for processes to share and hears nothing itself.

    Raises like :func:`taken`, also where another gateway of this user shares the port already.
    """
    if sys.platform != "linux":
        raise UsageError(
            "only Linux divides callers among several processes on one port",
            next_step="set workers to 1, and run several gateways behind a load balancer",
        )
    with contextlib.closing(taken(config)):
        pass  # nobody else listens there
    return taken(config, shared=True)
