"""What recvmmsg(2) gives, with datagrams joined or not, is what was sent: a slow twin agrees."""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
import time
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport import UdpConfig, UdpReceiver
from sensorium.ingest.transport.proxy_protocol import build_header
from sensorium.ingest.transport.udp.batched import BatchedReader, receive_many
from sensorium.ingest.transport.udp.reading import Reading
from sensorium.model.address import UNSPECIFIED, V4_PREFIX, pack_address
from sensorium.observe import Observe

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or receive_many() is None, reason="there is no recvmmsg here"
)

NOW_NS = 99
UDP_SEGMENT = 103
UDP_GRO = 104
MSG_TRUNC = 0x20
Row = tuple[int, bytes, int, int, bytes]


@dataclass(frozen=True)
class Message:
    """What the kernel would write for one message."""

    payload: bytes
    name: bytes
    control: bytes
    flags: int = 0


class FakeKernel:
    """Stands where recvmmsg does, and writes messages through the pointers it is given."""

    def __init__(self, messages: list[Message]) -> None:
        self.waiting = list(messages)

    def __call__(self, fd: int, headers: int, count: int, flags: int, timeout: None) -> int:
        given, self.waiting = self.waiting[:count], self.waiting[count:]
        for number, message in enumerate(given):
            at = headers + 64 * number
            name, room, iov, iovs, control, held = struct.unpack(
                "=QI4xQQQQ", ctypes.string_at(at, 48)
            )
            base, length = struct.unpack("=QQ", ctypes.string_at(iov, 16))
            assert (iovs, room, held) == (1, 32, 128)
            assert length >= len(message.payload)
            ctypes.memmove(base, message.payload, len(message.payload))
            ctypes.memmove(name, message.name, min(room, len(message.name)))
            ctypes.memmove(control, message.control, min(held, len(message.control)))
            ctypes.memmove(at + 8, struct.pack("=I", len(message.name)), 4)
            ctypes.memmove(
                at + 40,
                struct.pack("=QiiI", len(message.control), message.flags, 0, len(message.payload)),
                20,
            )
        return len(given)


def split(payload: bytes, segment: int) -> list[bytes]:
    if not 0 < segment <= len(payload):
        return [payload]
    return [payload[at : at + segment] for at in range(0, len(payload), segment)]


def cmsg(level: int, kind: int, value: bytes) -> bytes:
    body = struct.pack("=Qii", 16 + len(value), level, kind) + value
    return body + bytes(-len(body) % 8)


def rows(slab: Datagrams) -> list[Row]:
    return [
        (
            int(slab.arrival_ns[i]),
            slab.src_addr[i].tobytes(),
            int(slab.src_port[i]),
            int(slab.dst_port[i]),
            slab.payload(i),
        )
        for i in range(len(slab))
    ]


@st.composite
def messages(draw: st.DrawFn) -> tuple[Message, list[Row]]:
    payload = draw(st.one_of(st.binary(max_size=200), st.sampled_from([b"", bytes(65_507)])))
    port = draw(st.integers(0, 0xFFFF))
    few = len(payload) < 1_000
    kind = draw(st.sampled_from(["four", "six", "mapped", "none"]))
    last = draw(st.binary(min_size=4, max_size=4))
    if kind == "four":
        address = V4_PREFIX + last
        name = struct.pack("=H", socket.AF_INET) + struct.pack(">H", port) + last + bytes(8)
    elif kind == "none":
        address, port, name = UNSPECIFIED, 0, bytes(28)
    else:
        address = (V4_PREFIX if kind == "mapped" else bytes([32] * 12)) + last
        name = struct.pack("=H", socket.AF_INET6) + struct.pack(">HI", port, 7) + address + bytes(4)
    control, segment, arrival = b"", 0, NOW_NS
    for what in draw(st.permutations(["gro", "time", "other"])):
        if not draw(st.booleans()):
            continue
        if what == "gro":
            segment = draw(
                st.sampled_from(
                    [-1, 0, 1 if few else 900, 7 if few else 800, 199, 1_464, 65_507, 70_000]
                )
            )
            control += cmsg(17, UDP_GRO, struct.pack("=i", segment))
        elif what == "time":
            arrival = draw(st.integers(1, 1 << 60))
            control += cmsg(1, 35, struct.pack("=qq", *divmod(arrival, 1_000_000_000)))
        else:
            control += cmsg(1, 40, draw(st.binary(min_size=4, max_size=13)))
    if draw(st.booleans()):  # a control buffer that makes no sense from here on
        control += draw(st.sampled_from([bytes(16), b"\xff" * 20, b"\x01", struct.pack("=Q", 15)]))
    cut = draw(st.integers(0, 9)) == 0
    if cut:
        return Message(payload, name, control, MSG_TRUNC), []
    parts = split(payload, segment if segment > 0 else 0)
    found = [(arrival, address, port, 2055, part) for part in parts]
    return Message(payload, name, control), found


READER = BatchedReader(FakeKernel([]), lambda: NOW_NS) if sys.platform == "linux" else None


def read(kernel: FakeKernel) -> Reading:
    assert READER is not None
    READER._receive = kernel
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        return READER.read(opened, 2055)


@given(st.lists(messages(), max_size=8))
def test_messages_become_the_datagrams_they_hold(given_: list[tuple[Message, list[Row]]]) -> None:
    reading = read(FakeKernel([message for message, _ in given_]))
    assert reading.emptied
    assert reading.truncated == sum(message.flags == MSG_TRUNC for message, _ in given_)
    wanted = [row for _, rows_ in given_ for row in rows_]
    assert rows(reading.datagrams) == wanted
    assert reading.datagrams.offsets[-1] == len(reading.datagrams.data)


@given(st.lists(st.binary(max_size=128), max_size=4))
def test_no_control_bytes_make_it_read_what_is_not_there(controls: list[bytes]) -> None:
    reading = read(FakeKernel([Message(b"payload", bytes(28), c) for c in controls]))
    joined = b"".join(row[4] for row in rows(reading.datagrams))
    assert joined == b"payload" * len(controls)


def test_large_slabs_take_turns_in_memory_that_nobody_holds() -> None:
    random = np.random.default_rng(3)
    kept: list[tuple[Datagrams, list[bytes]]] = []
    places = set()
    for number in range(80):
        payloads = [random.bytes(60_000) for _ in range(15)]
        slab = read(FakeKernel([Message(p, bytes(28), b"") for p in payloads])).datagrams
        places.add(slab.data.ctypes.data)
        assert [slab.payload(i) for i in range(len(slab))] == payloads
        if number % 3 == 0:
            kept.append((slab.between(2, 9), payloads[2:9]))
    for slab, payloads in kept:
        assert [slab.payload(i) for i in range(len(slab))] == payloads
    assert len(places) < 40


def test_an_error_is_told_and_loses_nothing() -> None:
    def fail(*_: object) -> int:
        ctypes.set_errno(111)
        return -1

    reading = read(fail)  # type: ignore[arg-type]
    assert (len(reading.datagrams), reading.emptied, reading.error) == (
        0,
        True,
        "Connection refused",
    )


def receiver_of(slabs: list[Datagrams], **changes: object) -> UdpReceiver:
    config = UdpConfig(**{"host": "127.0.0.1", "ports": (0,), **changes})  # type: ignore[arg-type]
    receiver = UdpReceiver(config, slabs.append, Observe(), clock_ns=time.time_ns)
    receiver.bind()
    return receiver


def send_joined(port: int, segment: int, payload: bytes, host: str = "127.0.0.1") -> None:
    """Send a payload as datagrams of ``segment`` bytes that the kernel need not part."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, segment)
        sender.sendto(payload, (host, port))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("coalesce", [True, False])
def test_joined_datagrams_come_apart_again(batched: bool, coalesce: bool, host: str) -> None:
    slabs: list[Datagrams] = []
    settings = {"host": "::" if ":" in host else host, "batched": batched, "coalesce": coalesce}
    receiver = receiver_of(slabs, **settings)
    random = np.random.default_rng(7)
    wanted = []
    for segment, size in [(1, 64), (100, 1_000), (100, 1_001), (1_464, 60_000), (1_400, 1)]:
        payload = random.bytes(size)
        wanted += split(payload, segment)
        send_joined(receiver.ports[0], segment, payload, host)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, 2) as sender:
        for payload in (b"", random.bytes(65_507), b"the end"):
            wanted.append(payload)
            sender.sendto(payload, (host, receiver.ports[0]))
    receiver.drain()
    found = [row for slab in slabs for row in rows(slab)]
    assert [row[4] for row in found] == wanted
    assert {row[1] for row in found} == {pack_address(host)}


def test_proxy_headers_within_joined_datagrams_are_taken_off() -> None:
    slabs: list[Datagrams] = []
    receiver = receiver_of(slabs, coalesce=True)
    sources = [pack_address(f"10.0.0.{number}") for number in range(1, 21)]
    each = [build_header(s, 7, 2055, 1_000 + n) + b"%4d" % n for n, s in enumerate(sources)]
    send_joined(receiver.ports[0], len(each[0]), b"".join(each))
    receiver.drain()
    assert [row for slab in slabs for row in rows(slab)] == [
        (1_000 + n, source, 7, 2055, b"%4d" % n) for n, source in enumerate(sources)
    ]
