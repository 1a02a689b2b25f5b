"""A port is taken before anything is served on it, or it is said why not."""

from __future__ import annotations

import socket

import pytest

from sensorium.binding import bound
from sensorium.errors import SensoriumError
from sensorium.gateway.door.address import held, taken
from sensorium.gateway.door.config import DoorConfig


def test_a_port_can_be_had_once() -> None:
    with bound("127.0.0.1", 0) as holder:
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            bound("127.0.0.1", port)
        with pytest.raises(SensoriumError, match=f"cannot listen on 127.0.0.1 port {port}"):
            taken(DoorConfig(port=port))


def test_processes_of_one_user_share_a_port_where_all_want_to() -> None:
    with held(DoorConfig(port=0)) as holder, bound(*holder.getsockname(), shared=True) as other:
        assert other.getsockname() == holder.getsockname()


def test_an_address_that_is_none_is_said() -> None:
    with pytest.raises(SensoriumError, match="cannot listen on no-such-host") as told:
        taken(DoorConfig(host="no-such-host.invalid", port=1))
    assert "door.host" in told.value.next_step
    with pytest.raises(socket.gaierror):
        bound("no-such-host.invalid", 1)
