"""IPFIX over TCP, TLS and SCTP: messages whole and in order, one transport session a connection."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import ssl
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from sensorium.errors import SensoriumError
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder, messages
from sensorium.ingest.sessions import Transport, transport_of
from sensorium.ingest.transport import IpfixStreamConfig, IpfixStreamReceiver, StreamTlsConfig
from sensorium.ingest.transport.stream.listeners import has_sctp
from sensorium.model.address import unpack_address
from sensorium.observe import Observe
from tests.ingest.netflow import packets as p
from tests.ingest.netflow.test_softflowd import QUERIES, SOFTFLOWD, seen
from tests.ingest.transport.streams import Running, running

pytestmark = pytest.mark.anyio

TEMPLATE = p.a_set(2, p.template(256, [(1, 4)]))


def data(value: int, sequence: int = 0, domain: int = 0) -> bytes:
    return p.ipfix(p.a_set(256, struct.pack(">I", value)), sequence=sequence, domain=domain)


START = p.ipfix(TEMPLATE)


def serving(**config: Any) -> contextlib.AbstractAsyncContextManager[Running]:
    return running(IpfixStreamReceiver, **config)


def decoded(there: Running) -> list[dict[str, Any]]:
    decoder = NetflowDecoder(NetflowConfig(), Observe())
    return [row for slab in there.slabs for row in decoder.decode(slab).to_pylist()]


def values(there: Running) -> list[int]:
    return [row["bytes"] for row in decoded(there)]


async def test_messages_of_a_connection_are_decoded_however_they_are_divided() -> None:
    async with serving() as there:
        sent = START + data(1) + data(2, 1) + data(3, 2)
        with there.connect() as client:
            for at in range(0, len(sent), 7):
                client.sendall(sent[at : at + 7])
                await asyncio.sleep(0.002)
        await there.until(lambda: there.count("closed", reason="by_peer") == 1)
    assert values(there) == [1, 2, 3]
    assert there.count("messages", protocol="ipfix", listener="tcp", framing="length") == 4
    assert [message for message in there.messages() if not message] == [b""], "one session ended"
    assert {transport_of(int(n)) for slab in there.slabs for n in slab.session} == {Transport.TCP}


async def test_a_connection_is_a_session_whose_templates_are_its_own() -> None:
    async with serving() as there:
        with there.connect() as client:
            client.sendall(START + data(1))
            await there.until(lambda: len(there.messages()) == 2)
            with there.connect() as other:
                other.sendall(data(2))
                await there.until(lambda: len(there.messages()) == 3)
        await there.until(lambda: there.count("closed", reason="by_peer") == 2)
        with there.connect() as later:
            later.sendall(data(3))
            await there.until(lambda: len(there.messages()) == 6)
    assert values(there) == [1]


async def test_a_session_that_dies_in_the_middle_of_a_message_costs_that_message() -> None:
    async with serving() as there:
        client = there.connect()
        client.sendall(START + data(1) + data(2, 1)[:-2])
        await there.until(lambda: len(there.messages()) == 2)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()  # a reset, as of a machine that lost its power and came back
        await there.until(lambda: there.count("closed") == 1)
        await there.until(lambda: there.count("irregular", reason="incomplete_message") == 1)
        with there.connect() as again:
            again.sendall(START + data(3))
            await there.until(lambda: len(there.messages()) == 5)
    assert values(there) == [1, 3]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (struct.pack(">H", 9), "unknown_version"),
        (b"GET / HTTP/1.1\r\n\r\n", "unknown_version"),
        (struct.pack(">HH", 10, 15), "bad_message_length"),
        (p.ipfix(p.a_set(256, b"1234") + struct.pack(">HH", 256, 12)), "bad_set_length"),
        (p.ipfix(struct.pack(">HH", 256, 3)), "bad_set_length"),
    ],
)
async def test_a_message_that_cannot_be_ends_its_connection_and_no_other(
    bad: bytes, reason: str
) -> None:
    async with serving() as there:
        with there.connect() as good, there.connect() as client:
            good.sendall(START)
            client.sendall(START + data(1) + bad + data(2, 1))
            await there.until(lambda: there.count("closed", reason="malformed") == 1)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
            good.sendall(data(3))
            await there.until(lambda: there.count("messages") == 4)
        await there.until(lambda: there.count("closed") == 2)
    assert sorted(values(there)) == [1, 3]
    assert there.count("irregular", reason=reason) == 1


async def test_who_sends_no_ipfix_is_not_called_a_tls_client_in_the_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with serving() as there:
        with there.connect() as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            await there.until(lambda: there.count("closed", reason="malformed") == 1)
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(one["reason"], one["source"], "TLS" in one["message"]) for one in told] == [
        ("malformed", "127.0.0.1", False)
    ]


async def test_a_sender_has_to_wait_while_the_pipeline_is_behind_and_nothing_is_lost() -> None:
    async with serving() as there:
        there.waiting = True
        message = p.ipfix(p.a_set(256, struct.pack(">I", 1) * 16_000))
        with there.connect() as client:
            client.setblocking(False)
            written = 0
            with contextlib.suppress(BlockingIOError):
                while written < 1 << 28:
                    written += client.send(message[written % len(message) :])
            assert written < 1 << 28, "the window never closed"
            assert there.messages() == []
            there.waiting = False
            await there.until(lambda: len(there.messages()) == written // len(message))
            client.setblocking(True)
            client.sendall(message[written % len(message) :])
        whole = written // len(message) + 1
        await there.until(lambda: len(there.messages()) == whole + 1)
        assert set(there.messages()) == {message, b""}


async def test_who_begins_a_message_and_does_not_end_it_is_closed() -> None:
    async with serving(frame_timeout_s=0.2) as there:
        with there.connect() as slow, there.connect() as quiet:
            quiet.sendall(START)
            slow.sendall(START[:5])
            await there.until(lambda: there.count("closed", reason="slow") == 1)
            assert there.count("connections") == 1
    async with serving(idle_timeout_s=0.2) as there:
        with there.connect():
            await there.until(lambda: there.count("closed", reason="idle") == 1)


async def test_connections_beyond_the_bounds_are_refused() -> None:
    async with serving(max_connections=1) as there:
        with there.connect(), there.connect():
            await there.until(lambda: there.count("refused", reason="too_many") == 1)
    async with serving(allow=("192.0.2.0/24",)) as there:
        with there.connect():
            await there.until(lambda: there.count("refused", reason="not_allowed") == 1)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name, identity in (
        ("server", "127.0.0.1"),
        ("router", "r1.example"),
        ("other", "r2.example"),
    ):
        made = authority.issue_cert(identity, common_name=identity)
        made.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    return {path.stem: path for path in folder.iterdir()}


async def test_over_tls_only_authorised_exporters_are_heard(certificates: dict[str, Path]) -> None:
    tls = StreamTlsConfig(
        certificate=str(certificates["server"]),
        client_ca=str(certificates["ca"]),
        allowed_peers=("r1.example",),
    )

    def send(name: str | None) -> None:
        context = ssl.create_default_context(cafile=str(certificates["ca"]))
        if name:
            context.load_cert_chain(str(certificates[name]))
        with (
            there.connect() as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(START + data(len(name or "")))
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                secure.unwrap()

    async with serving(tcp_ports=(), tls_ports=(0,), tls=tls) as there:
        for name in (None, "other", "router"):
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                await asyncio.to_thread(send, name)
        await there.until(lambda: there.count("closed") == 3)
    assert values(there) == [len("router")]
    assert there.count("closed", listener="tls", reason="by_peer") == 1
    assert {transport_of(int(n)) for slab in there.slabs for n in slab.session} == {Transport.TLS}


def test_a_kernel_without_sctp_is_told_of_when_sctp_is_wanted() -> None:
    if has_sctp():
        pytest.skip("this kernel has SCTP")
    there = Running(IpfixStreamReceiver, sctp_ports=(0,))
    with pytest.raises(SensoriumError, match="cannot listen on SCTP") as raised:
        there.receiver.bind()
    assert "modprobe sctp" in raised.value.next_step


@pytest.mark.skipif(SOFTFLOWD is None, reason="softflowd is not installed")
async def test_what_softflowd_sends_over_tcp_is_what_it_saw(tmp_path: Path) -> None:
    capture = tmp_path / "seen.pcap"
    capture.write_bytes(seen())
    async with serving() as there:
        target = f"127.0.0.1:{there.receiver.ports[0]}"
        command = [str(SOFTFLOWD), "-r", str(capture), "-n", target, "-P", "tcp", "-v", "10", "-d"]
        await asyncio.to_thread(
            subprocess.run, command, check=True, capture_output=True, timeout=60
        )
        await there.until(lambda: there.count("closed") == 1)
    rows = decoded(there)
    assert there.count("irregular") == 0
    found = {(unpack_address(row["dst_addr"]), row["dst_port"], row["proto"]) for row in rows}
    assert {("192.0.2.9", 80, 6), ("192.0.2.1", 40_000, 6)} <= found
    queries = [row for row in rows if row["dst_port"] == 53 and row["proto"] == 17]
    assert len(queries) == QUERIES


def whole(stream: bytes) -> tuple[list[bytes], str]:
    """The slow obvious twin: messages one after the other, and what ended the stream."""
    found, at = list[bytes](), 0
    while len(stream) - at >= 2:
        if stream[at : at + 2] != b"\x00\x0a":
            return found, "unknown_version"
        if len(stream) - at < 4:
            break
        length = int.from_bytes(stream[at + 2 : at + 4])
        if length < 16:
            return found, "bad_message_length"
        if len(stream) - at < length:
            break
        inside = at + 16
        while at + length - inside >= 4:
            size = int.from_bytes(stream[inside + 2 : inside + 4])
            if size < 4 or inside + size > at + length:
                return found, "bad_set_length"
            inside += size
        found.append(stream[at : at + length])
        at += length
    return found, ""


MESSAGES = st.lists(
    st.builds(
        lambda sets, lie: (
            bytearray(p.ipfix(*sets)) if not lie else bytearray(p.ipfix(*sets))[:-lie]
        ),
        st.lists(
            st.builds(p.a_set, st.sampled_from([2, 3, 256]), st.binary(max_size=20)), max_size=4
        ),
        st.sampled_from([0] * 12 + [1]),
    ).map(bytes),
    max_size=8,
)


@given(MESSAGES, st.binary(max_size=20), st.lists(st.integers(0, 400), max_size=8))
def test_any_division_of_a_stream_gives_the_same_messages(
    sent: list[bytes], tail: bytes, cuts: list[int]
) -> None:
    stream = b"".join(sent) + tail
    state, carried, found = messages.new_state(), b"", list[bytes]()
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    for first, last in itertools.pairwise(edges):
        chunk = np.frombuffer(carried + stream[first:last], np.uint8)
        starts, ends = np.zeros(len(chunk), np.int64), np.zeros(len(chunk), np.int64)
        count, done = messages.find_messages(chunk, 0, len(chunk), state, starts, ends, 0)
        bounds = zip(starts[:count].tolist(), ends[:count].tolist(), strict=True)
        found += [chunk[start:end].tobytes() for start, end in bounds]
        carried = chunk[done:].tobytes()
    expected, fault = whole(stream)
    assert found == expected
    assert messages.FAULTS[state[messages.BROKEN]] == fault
    assert state[messages.MESSAGES] == len(expected)


def test_settings_that_mean_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no SCTP port"):
        IpfixStreamConfig(sctp_ports=(70_000,))
    with pytest.raises(ValueError, match="certificate"):
        IpfixStreamConfig(tls_ports=(4740,))
    assert not IpfixStreamConfig().enabled
    assert IpfixStreamConfig(sctp_ports=(4739,)).enabled
