"""A receiver goes on with the sockets of the one before, and with what came in between."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from pathlib import Path

import pytest

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport import UdpConfig, UdpReceiver
from sensorium.model.address import pack_address
from sensorium.observe import Observe
from sensorium.process.handover import Handover
from tests.ports import free_port
from tests.process.manager import Manager, managed

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's"),
]

KERNEL = {"protocol": "udp", "reason": "kernel_buffer_full"}


def receiver(
    slabs: list[Datagrams], observe: Observe, handover: Handover, port: int, workers: int
) -> UdpReceiver:
    config = UdpConfig(
        host="127.0.0.1", ports=(port,), workers=workers, receive_buffer_bytes=65_536
    )
    return UdpReceiver(config, slabs.append, observe, clock_ns=time.time_ns, handover=handover)


async def ended(running: UdpReceiver) -> None:
    task = asyncio.create_task(running.run())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def one_before(manager: Manager, port: int, workers: int) -> None:
    """What a process does that opens the port, gives it away and ends."""
    handover = Handover(str(manager.path))
    await ended(receiver([], Observe(), handover, port, workers))
    handover.close()


def send(port: int, last: int, payloads: list[bytes]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((f"127.0.0.{last}", 0))
        for payload in payloads:
            sender.sendto(payload, ("127.0.0.1", port))


@pytest.mark.parametrize("workers", [1, 3])
async def test_the_next_one_has_what_was_sent_between(tmp_path: Path, workers: int) -> None:
    port, slabs = free_port(), list[Datagrams]()
    with managed(tmp_path) as manager:
        await one_before(manager, port, workers)
        assert manager.told == [f"FDSTORE=1 FDNAME=sensorium-udp-{port} FDPOLL=0"]
        for last in range(2, 22):
            send(port, last, [b"one", b"two"])
        before = time.time_ns()
        await asyncio.sleep(0.2)
        handover = Handover(str(manager.path), manager.held())
        second = receiver(slabs, Observe(), handover, port, workers)
        second.bind()
        assert second.ports == (port,)
        assert handover.close_rest() == []
        second.drain()
        sources = [one.tobytes() for slab in slabs for one in slab.src_addr]
        assert sorted(sources) == sorted(2 * [pack_address(f"127.0.0.{n}") for n in range(2, 22)])
        # They arrived when they were sent, not when they were read.
        assert max(int(slab.arrival_ns.max()) for slab in slabs) <= before
        await ended(second)
    # Those that it was given are kept already.
    assert len(manager.told) == 1


async def test_what_the_kernel_dropped_meanwhile_is_counted(tmp_path: Path) -> None:
    port, slabs, observe = free_port(), list[Datagrams](), Observe()
    with managed(tmp_path) as manager:
        await one_before(manager, port, 1)
        send(port, 2, [bytes(1000)] * 2_000)
        handover = Handover(str(manager.path), manager.held())
        second = receiver(slabs, observe, handover, port, 1)
        second.bind()
        second.drain()
        dropped = observe.value("sensorium_ingest_dropped_total", KERNEL)
        assert dropped > 0
        assert sum(map(len, slabs)) + dropped == 2_000
        await ended(second)


@pytest.mark.parametrize("kept", [True, False])
async def test_one_that_is_started_again_in_its_process_reads_on_and_counts_once(
    tmp_path: Path, kept: bool
) -> None:
    port, slabs, observe = free_port(), list[Datagrams](), Observe()
    with managed(tmp_path) as manager:
        handover = Handover(str(manager.path) if kept else "")
        running = receiver(slabs, observe, handover, port, 1)
        running.bind()
        send(port, 2, [bytes(1000)] * 2_000)
        await ended(running)
        dropped = observe.value("sensorium_ingest_dropped_total", KERNEL)
        assert dropped > 0
        running.bind()
        send(port, 2, [b"again"])
        running.drain()
        assert observe.value("sensorium_ingest_dropped_total", KERNEL) == dropped
        assert sum(map(len, slabs)) + dropped == 2_001
        await ended(running)
        handover.close()


async def test_other_settings_open_the_port_anew(tmp_path: Path) -> None:
    port, slabs = free_port(), list[Datagrams]()
    with managed(tmp_path) as manager:
        await one_before(manager, port, 1)
        handover = Handover(str(manager.path), manager.held())
        second = receiver(slabs, Observe(), handover, port, 2)
        second.bind()
        for last in range(2, 22):
            send(port, last, [b"one"])
        second.drain()
        assert sum(map(len, slabs)) == 20
        await ended(second)
        manager.wait_for("BARRIER=1")
        assert len(manager.given[f"sensorium-udp-{port}"]) == 2
