"""However many threads receive, what one exporter sends stays together and in order."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import threading
import time
from collections import defaultdict

import pytest

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.transport import UdpConfig, UdpReceiver
from sensorium.ingest.transport.udp.sockets import source_program
from sensorium.model.address import pack_address
from sensorium.observe import Observe

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux divides senders"),
]

EXPORT_S = 1_700_000_000
FIELDS = ((8, 4), (12, 4), (1, 4), (2, 4))


def sets(number: int, *, template: bool) -> bytes:
    """An IPFIX message: a template whose data records say how often it was told."""
    if template:
        body = struct.pack(">HH", 256, len(FIELDS))
        body += b"".join(struct.pack(">HH", *field) for field in FIELDS)
        body = struct.pack(">HH", 2, 4 + len(body)) + body
    else:
        body = struct.pack(">HH", 256, 20) + bytes(8) + struct.pack(">II", number, 1)
    return struct.pack(">HHIII", 10, 16 + len(body), EXPORT_S, number, 5) + body


async def test_templates_and_data_from_different_ports_of_an_exporter_stay_in_order() -> None:
    delivered: dict[int, set[bytes]] = defaultdict(set)
    slabs: list[Datagrams] = []
    lock = threading.Lock()

    def deliver(slab: Datagrams) -> None:
        with lock:
            slabs.append(slab)
            sources = {source.tobytes() for source in slab.src_addr}
            delivered[threading.get_ident()] |= sources

    config = UdpConfig(host="127.0.0.1", ports=(0,), workers=4, linger_ms=1)
    receiver = UdpReceiver(config, deliver, Observe(), clock_ns=time.time_ns)
    receiver.bind()
    task = asyncio.create_task(receiver.run())
    await asyncio.sleep(0)
    exporters = [f"127.0.0.{number}" for number in range(2, 18)]
    rounds = 40
    for exporter in exporters:
        for number in range(rounds):
            # Each round from two fresh ports: a hash of ports too would scatter them.
            for template in (True, False):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    sender.bind((exporter, 0))
                    payload = sets(number, template=template)
                    sender.sendto(payload, ("127.0.0.1", receiver.ports[0]))
        await asyncio.sleep(0.002)
    async with asyncio.timeout(10):
        while sum(map(len, slabs)) < 2 * rounds * len(exporters):
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(delivered) > 1, "several workers took part"
    for exporter in map(pack_address, exporters):
        assert sum(exporter in sources for sources in delivered.values()) == 1
    observe = Observe()
    decoder = NetflowDecoder(NetflowConfig(), observe)
    counts = defaultdict(list)
    for slab in slabs:
        batch = decoder.decode(slab)
        for address, count in zip(
            batch["sampler_address"].to_pylist(), batch["bytes"].to_pylist(), strict=True
        ):
            counts[address].append(count)
    assert counts == {pack_address(exporter): list(range(rounds)) for exporter in exporters}


def number_of(packet: bytes, sockets: int) -> int:
    """The number that the program gives a packet, by a plain interpreter of its instructions."""
    program, a, x, at = source_program(sockets), 0, 0, 0
    while True:
        code, yes, no, constant = program[at]
        at += 1
        offset = constant - 0xFFF0_0000
        match code:
            case 0x20:
                a = int.from_bytes(packet[offset : offset + 4], "big")
            case 0x30:
                a = packet[offset]
            case 0x07:
                x = a
            case 0x15:
                at += yes if a == constant else no
            case 0x05:
                at += constant
            case 0x74:
                a >>= constant
            case 0x24:
                a = a * constant & 0xFFFF_FFFF
            case 0x94:
                a %= constant
            case 0xAC:
                a ^= x
            case 0x16:
                return a
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")


@pytest.mark.parametrize("sockets", [2, 3, 4, 7])
def test_sources_are_divided_evenly_by_address_alone(sockets: int) -> None:
    four, six = [0] * sockets, [0] * sockets
    for host in range(1_000):
        v4 = bytes([0x45]) + bytes(11) + struct.pack(">I", 0x0A000000 + host) + b"rest"
        v6 = bytes([0x60]) + bytes(7) + pack_address(f"2001:db8:{host:x}::1") + b"rest"
        four[number_of(v4, sockets)] += 1
        six[number_of(v6, sockets)] += 1
        assert number_of(v4, sockets) == number_of(v4[:16] + b"else", sockets)
    assert min(four + six) > 1_000 / sockets / 2


async def test_ipv6_and_mapped_senders_are_divided_too() -> None:
    slabs: list[Datagrams] = []
    config = UdpConfig(host="::", ports=(0,), workers=3)
    receiver = UdpReceiver(config, slabs.append, Observe(), clock_ns=time.time_ns)
    receiver.bind()
    for family, host in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")):
        for number in range(20):
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"%d" % number, (host, receiver.ports[0]))
    receiver.drain()
    found = defaultdict(list)
    for slab in slabs:
        for i in range(len(slab)):
            found[slab.src_addr[i].tobytes()].append(slab.payload(i))
    wanted = [b"%d" % number for number in range(20)]
    assert found == {pack_address("::1"): wanted, pack_address("127.0.0.1"): wanted}
    for worker in receiver._workers:
        worker.close()


async def test_the_sum_is_exact_for_each_exporter_and_in_all() -> None:
    """sent = delivered + counted, with a limit on each exporter and too little room."""
    slabs: list[Datagrams] = []
    observe = Observe()
    config = UdpConfig(
        host="127.0.0.1",
        ports=(0,),
        workers=2,
        receive_buffer_bytes=65_536,
        max_datagrams_per_s=50,
        allowed_sources=("127.0.0.2/31", "127.0.0.4/32"),
    )
    receiver = UdpReceiver(config, slabs.append, observe, clock_ns=time.time_ns)
    receiver.bind()
    sent: dict[bytes, int] = {}
    for last, count in ((2, 30), (3, 100), (9, 40), (4, 3_000)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((f"127.0.0.{last}", 0))
            for _ in range(count):
                sender.sendto(bytes(500), ("127.0.0.1", receiver.ports[0]))
        sent[pack_address(f"127.0.0.{last}")] = count
        receiver.drain()  # so that what the kernel has no room for is all of the last exporter's
    told: dict[bytes, int] = defaultdict(int)
    for slab in slabs:
        for source in slab.src_addr:
            told[source.tobytes()] += 1
    for source, reasons in receiver.drops_by_source().items():
        told[source] += sum(reasons.values())
    labels = {"protocol": "udp", "reason": "kernel_buffer_full"}
    kernel = observe.value("sensorium_ingest_dropped_total", labels)
    assert kernel > 0
    told[pack_address("127.0.0.4")] += int(kernel)
    assert told == sent
    for worker in receiver._workers:
        worker.close()
