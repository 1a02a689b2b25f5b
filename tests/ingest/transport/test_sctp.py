"""IPFIX over SCTP (RFC 7011 section 10.2), in a kernel that has it.

Where this one has none, each test is run in a user-mode kernel, and told of here.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import struct
import subprocess
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from sensorium.ingest.captured import read_capture
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.sessions import Transport, transport_of
from sensorium.ingest.transport.stream.listeners import has_sctp
from sensorium.observe import Observe
from tests.ingest.captured.loopback import Capture
from tests.ingest.netflow.test_softflowd import QUERIES, SOFTFLOWD, seen
from tests.ingest.transport.streams import PATIENCE_S, Running
from tests.ingest.transport.test_ipfix_stream import START, data, decoded, serving, values
from tests.user_mode.machine import told_of

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("user-mode")]

_SCTP = 132
_SNDRCV = 1
_PR_SUPPORTED = 113
_UNORDERED = 1
_TIME_TO_LIVE = 0x10

Test = Callable[[], Coroutine[Any, Any, None]]


def with_sctp(test: Test) -> Callable[[], Any]:
    """Run a test here, or tell how it ended in a kernel that has SCTP."""
    if has_sctp():
        return test

    @functools.wraps(test)
    def told() -> None:
        told_of(Path(__file__), test.__name__, ("sctp",))

    return told


def connected(there: Running) -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, _SCTP)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", there.receiver.ports[0]))
    return client


def send(client: socket.socket, message: bytes, stream: int, flags: int = 0, life: int = 0) -> None:
    """Send a message on one of the association's streams, to live so many milliseconds."""
    info = struct.pack("=HHH2xIIIIIi", stream, 0, flags, 0, 0, life, 0, 0, 0)
    client.sendmsg([message], [(_SCTP, _SNDRCV, info)])


@with_sctp
async def test_messages_over_sctp_are_decoded() -> None:
    async with serving(tcp_ports=(), sctp_ports=(0,)) as there:
        with connected(there) as client:
            client.send(START)
            client.send(data(1))
            await there.until(lambda: len(there.messages()) >= 2)
        await there.until(lambda: there.count("closed") == 1)
    assert values(there) == [1]
    assert {transport_of(int(n)) for slab in there.slabs for n in slab.session} == {Transport.SCTP}


@with_sctp
async def test_messages_of_several_streams_are_one_session() -> None:
    async with serving(tcp_ports=(), sctp_ports=(0,)) as there:
        with connected(there) as client:
            send(client, data(1), stream=3)  # before its template, which another stream brings
            send(client, START, stream=0)
            for number in range(2, 40):
                send(client, data(number), stream=number % 8, flags=_UNORDERED * (number % 2))
            await there.until(lambda: len(there.messages()) >= 40)
        await there.until(lambda: there.count("closed") == 1)
    assert sorted(values(there)) == list(range(1, 40))
    assert len({int(n) for slab in there.slabs for n in slab.session}) == 1
    assert there.count("irregular") == 0


@with_sctp
async def test_an_association_may_be_partially_reliable() -> None:
    async with serving(tcp_ports=(), sctp_ports=(0,)) as there:
        with connected(there) as client:
            asked = client.getsockopt(_SCTP, _PR_SUPPORTED, 8)
            _, supported = struct.unpack("=iI", asked)
            send(client, START, stream=0)
            send(client, data(1), stream=1, flags=_TIME_TO_LIVE, life=60_000)
            await there.until(lambda: len(there.messages()) >= 2)
        await there.until(lambda: there.count("closed") == 1)
    assert supported == 1, "both ends have RFC 3758"
    assert values(there) == [1]


@with_sctp
async def test_another_association_is_served_after_one_broke() -> None:
    async with serving(tcp_ports=(), sctp_ports=(0,)) as there:
        broken = connected(there)
        broken.send(START + data(1)[:9])
        await there.until(lambda: len(there.messages()) == 1)
        # Closed without a farewell: ABORT instead of SHUTDOWN.
        broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        broken.close()
        await there.until(lambda: there.count("closed") == 1)
        with connected(there) as client:
            client.send(data(2))  # the template was of another session
            client.send(START)
            client.send(data(3))
            await there.until(lambda: there.count("messages") == 4)
        await there.until(lambda: there.count("closed") == 2)
    assert sorted(values(there)) == [2, 3]
    assert there.count("closed", reason="broken") == 1


@with_sctp
async def test_a_message_of_sctp_may_hold_many_of_ipfix() -> None:
    long = START + b"".join(data(number) for number in range(2900))
    async with serving(tcp_ports=(), sctp_ports=(0,)) as there:
        with connected(there) as client:
            for at in range(0, len(long), 50_000):
                await asyncio.to_thread(client.send, long[at : at + 50_000])
            await there.until(lambda: there.count("messages") == 2901)
    assert values(there) == list(range(2900))


@with_sctp
async def test_what_softflowd_sends_over_sctp_is_what_it_saw() -> None:
    if SOFTFLOWD is None:
        pytest.skip("softflowd is not installed")
    async with serving(tcp_ports=(), sctp_ports=(0,)) as there:
        with tempfile.TemporaryDirectory() as folder:
            capture = Path(folder) / "seen.pcap"
            capture.write_bytes(seen())
            port = there.receiver.ports[0]
            target = ("-n", f"127.0.0.1:{port}", "-P", "sctp", "-v", "10", "-d")
            command = [str(SOFTFLOWD), "-r", str(capture), *target]
            await asyncio.to_thread(
                subprocess.run, command, check=True, capture_output=True, timeout=60
            )
        await there.until(lambda: there.count("closed") == 1)
    queries = [row for row in decoded(there) if row["dst_port"] == 53 and row["proto"] == 17]
    assert len(queries) == QUERIES
    assert there.count("irregular") == 0


@with_sctp
async def test_what_passes_over_sctp_can_be_captured() -> None:
    async with serving(tcp_ports=(), sctp_ports=(0,)) as there:
        capture = Capture(there.receiver.ports[0])
        with connected(there) as client:
            send(client, START, stream=0)
            for number in range(50):
                send(client, data(number), stream=number % 5)
            await there.until(lambda: len(there.messages()) >= 51)
        await there.until(lambda: there.count("closed") == 1)
        content = capture.pcap()
    slabs = [slab for slab in read_capture(content, Observe()) if isinstance(slab, Datagrams)]
    decoder = NetflowDecoder(NetflowConfig(), Observe())
    rows = [row["bytes"] for slab in slabs for row in decoder.decode(slab).to_pylist()]
    assert rows == values(there) == list(range(50))
