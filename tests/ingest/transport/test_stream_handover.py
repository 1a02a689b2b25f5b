"""Whoever connects while nobody is there waits for the next receiver."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import pytest

from sensorium.process.handover import Handover
from tests.ingest.transport.streams import running
from tests.ports import free_port
from tests.process.manager import managed

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="systemd is Linux's"),
]


async def test_who_connects_between_two_receivers_is_served_by_the_second(tmp_path: Path) -> None:
    port = free_port()
    with managed(tmp_path) as manager:
        handover = Handover(str(manager.path))
        async with running(tcp_ports=(port,), handover=handover) as first:
            with first.connect() as sender:
                sender.sendall(b"<1>before\n")
                await first.expect(b"<1>before")
        handover.close()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
            sender.sendall(b"<1>meanwhile\n")
            second = Handover("", manager.held())
            async with running(tcp_ports=(port,), handover=second) as after:
                await after.expect(b"<1>meanwhile")
                sender.sendall(b"<1>then\n")
                await after.expect(b"<1>meanwhile", b"<1>then")
            assert second.close_rest() == []
            second.close()
    assert manager.told == [f"FDSTORE=1 FDNAME=sensorium-tcp-{port} FDPOLL=0"]


async def test_one_that_is_started_again_in_its_process_listens_on(tmp_path: Path) -> None:
    port = free_port()
    with managed(tmp_path) as manager:
        handover = Handover(str(manager.path))
        for _ in range(2):
            async with running(tcp_ports=(port,), handover=handover) as one:
                with one.connect() as sender:
                    sender.sendall(b"<1>a\n")
                    await one.expect(b"<1>a")
        handover.close()
        assert len(manager.given) == 1


async def test_any_free_port_and_a_path_are_nobody_elses(tmp_path: Path) -> None:
    with managed(tmp_path) as manager:
        handover = Handover(str(manager.path))
        path = str(tmp_path / "log")
        async with running(tcp_ports=(0,), unix_paths=(path,), handover=handover) as one:
            free = one.receiver.ports[0]
        with pytest.raises(OSError) as refused:  # noqa: PT011  the number says which
            socket.create_connection(("127.0.0.1", free), timeout=10)
        assert refused.value.errno == errno.ECONNREFUSED
        handover.close()
    assert manager.told == []
