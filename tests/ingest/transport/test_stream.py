"""What is written to a stream arrives as messages, whole and in order, within bounds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from pathlib import Path

import pytest

from sensorium.component import HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.transport import StreamTlsConfig, SyslogStreamConfig
from sensorium.model.address import pack_address
from tests.ingest.transport.streams import Running, running, unix

pytestmark = pytest.mark.anyio

LOOPBACK = pack_address("127.0.0.1")


async def test_messages_of_a_connection_arrive_with_their_source_whatever_the_framing() -> None:
    async with running() as there, asyncio.timeout(10):
        with there.connect() as client:
            client.sendall(b"<1>line\n8 <2>cou\nt<3>cut in tw")
            await there.expect(b"<1>line", b"<2>cou\nt")
            client.sendall(b"o\n")
            await there.expect(b"<1>line", b"<2>cou\nt", b"<3>cut in two")
            own = client.getsockname()[1]
        slab = there.slabs[0]
        assert slab.src_addr[0].tobytes() == LOOPBACK
        assert (slab.src_port[0], slab.dst_port[0]) == (own, there.receiver.ports[0])
        assert there.receiver.health().state is HealthState.OK
        await there.until(lambda: there.count("closed", reason="by_peer") == 1)
        assert there.count("connections") == 0
        assert there.count("messages", framing="line", listener="tcp") == 2
        assert there.count("messages", framing="octet_counting") == 1
        assert there.count("bytes") == 32


async def test_a_message_that_the_end_cuts_off_is_kept_and_counted() -> None:
    async with running() as there:
        with there.connect() as client:
            client.sendall(b"16 <1>2")
        with there.connect() as client:
            client.sendall(b"<2>no line end")
        await there.until(lambda: len(there.messages()) == 2)
        assert sorted(there.messages()) == [b"<1>2", b"<2>no line end"]
        assert there.count("irregular", reason="incomplete_frame") == 1
        assert there.count("messages", framing="unfinished") == 2


async def test_a_frame_that_is_too_long_is_cut_and_the_next_is_read() -> None:
    async with running(max_frame_bytes=480) as there:
        with there.connect() as client:
            client.sendall(
                b"<1>" + b"x" * 5_000 + b"\n<2>next\n900 <3>" + b"y" * 897 + b"<4>last\n"
            )
        await there.expect(
            b"<1>" + b"x" * 477, b"<2>next", b"<3>" + b"y" * 477, b"<4>last"
        )  # fmt: skip
        assert there.count("irregular", reason="oversized") == 2


async def test_nothing_is_read_while_the_pipeline_is_behind_and_the_sender_has_to_wait() -> None:
    async with running() as there:
        there.waiting = True
        line = b"<13>" + b"x" * 1_000 + b"\n"
        with there.connect() as client:
            client.setblocking(False)
            written = b""
            with contextlib.suppress(BlockingIOError):
                while len(written) < 1 << 28:
                    chunk = line * 64
                    written += chunk[: client.send(chunk)]
            assert len(written) < 1 << 28, "the window never closed"
            await asyncio.sleep(0.05)
            assert there.messages() == []
            there.waiting = False
            await there.until(lambda: len(there.messages()) == written.count(b"\n"))
            client.setblocking(True)
            client.sendall(line[len(written) % len(line) :])
        whole = -(-len(written) // len(line)) + (len(written) % len(line) == 0)
        await there.until(lambda: len(there.messages()) == whole)
        assert set(there.messages()) == {line[:-1]}
        assert there.count("paused_seconds") > 0


async def test_what_is_in_the_sockets_at_the_end_is_delivered() -> None:
    async with running() as there:
        there.waiting = True
        await asyncio.sleep(0.05)
        clients = [there.connect() for _ in range(3)]
        for number, client in enumerate(clients):
            client.sendall(b"<1>%d\n<2>unfinished %d" % (number, number))
        await asyncio.sleep(0.05)
    expected = [b"<1>%d" % n for n in range(3)] + [b"<2>unfinished %d" % n for n in range(3)]
    assert sorted(there.messages()) == expected
    assert there.count("closed", reason="shutdown") == 3
    for client in clients:
        client.close()


async def test_connections_beyond_the_bounds_are_refused_and_counted() -> None:
    async with running(max_connections_per_source=2) as there:
        clients = [there.connect() for _ in range(3)]
        await there.until(lambda: there.count("refused", reason="too_many_of_source") == 1)
        assert there.count("connections") == 2
        clients[0].close()
        await there.until(lambda: there.count("connections") == 1)
        with there.connect() as client:
            client.sendall(b"<1>there is room again\n")
            await there.expect(b"<1>there is room again")
        for client in clients:
            client.close()
    async with running(max_connections=1) as there:
        with there.connect(), there.connect():
            await there.until(lambda: there.count("refused", reason="too_many") == 1)
            assert there.receiver.health().state is HealthState.DEGRADED


@pytest.mark.parametrize(
    ("networks", "let_in"),
    [
        (("127.0.0.0/8",), True),
        (("192.0.2.0/24", "::1/128"), False),
        (("::/0",), False),
        (("::ffff:127.0.0.0/104",), True),
    ],
)
async def test_only_allowed_networks_may_connect(networks: tuple[str, ...], let_in: bool) -> None:
    async with running(allow=networks) as there:
        with there.connect() as client, contextlib.suppress(OSError):
            client.sendall(b"<1>x\n")
        if let_in:
            await there.expect(b"<1>x")
        else:
            await there.until(lambda: there.count("refused", reason="not_allowed") == 1)
            assert there.messages() == []


async def test_who_is_silent_or_slow_for_too_long_is_disconnected() -> None:
    async with running(idle_timeout_s=0.2, frame_timeout_s=0.1) as there:
        with there.connect() as silent, there.connect() as slow:
            slow.sendall(b"<1>begun")
            await there.until(lambda: there.count("closed", reason="slow") == 1)
            await there.until(lambda: there.count("closed", reason="idle") == 1)
            assert (silent.recv(1), slow.recv(1)) == (b"", b"")
        assert there.messages() == [b"<1>begun"]


async def test_many_connections_at_once_are_all_read_to_their_end() -> None:
    async with running() as there:

        async def send(number: int) -> None:
            _, writer = await asyncio.open_connection("127.0.0.1", there.receiver.ports[0])
            for part in range(20):
                line = b"<13>%d %d" % (number, part)
                writer.write(line + b"\n" if part % 2 else b"%d %s" % (len(line), line))
                await writer.drain()
            writer.close()
            await writer.wait_closed()

        await asyncio.gather(*(send(number) for number in range(50)))
        await there.until(lambda: len(there.messages()) == 1_000)
    for number in range(50):
        own = [m for m in there.messages() if m.startswith(b"<13>%d " % number)]
        assert own == [b"<13>%d %d" % (number, part) for part in range(20)]


async def test_unix_sockets_are_read_and_leave_no_file_behind(tmp_path: Path) -> None:
    stream, datagrams = tmp_path / "stream", tmp_path / "log"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(stream))  # as a killed process leaves it
    async with running(
        tcp_ports=(), unix_paths=(str(stream),), unix_datagram_paths=(str(datagrams),),
        unix_mode="0600", max_frame_bytes=480,
    ) as there:  # fmt: skip
        assert stat.S_IMODE(datagrams.stat().st_mode) == 0o600
        with unix(str(stream)) as client:
            client.sendall(b"<1>one\n6 <2>two")
            await there.expect(b"<1>one", b"<2>two")
        with unix(str(datagrams), socket.SOCK_DGRAM) as client:
            client.send(b"<3>three\n<4>the same datagram")
            client.send(b"<5>" + b"x" * 1_000)
        await there.until(lambda: len(there.messages()) == 4)
        assert there.messages()[2:] == [b"<3>three\n<4>the same datagram", b"<5>" + b"x" * 477]
        assert there.sources() == {LOOPBACK}
        assert there.count("irregular", reason="oversized") == 1
    assert list(tmp_path.iterdir()) == []


async def test_a_port_or_path_in_use_is_told_and_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        receiver = Running(tcp_ports=(0, other.getsockname()[1])).receiver
        with pytest.raises(SensoriumError, match="cannot listen on TCP"):
            receiver.bind()
        assert receiver.ports == ()
        assert receiver.health().state is HealthState.FAILED
    path = tmp_path / "file"
    path.write_text("somebody's")
    with pytest.raises(SensoriumError, match="cannot listen on Unix socket"):
        Running(unix_paths=(str(path),)).receiver.bind()
    assert path.read_text() == "somebody's"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tcp_ports": (70_000,)}, "no TCP port"),
        ({"allow": ("10.0.0.0/33",)}, "allow"),
        ({"trailer": "300"}, "trailer"),
        ({"trailer": "newline"}, "trailer"),
        ({"unix_mode": "rw"}, "unix_mode"),
        ({"tls_ports": (6514,)}, "certificate"),
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        SyslogStreamConfig(**wrong)  # type: ignore[arg-type]


def test_peers_that_nobody_could_check_are_refused() -> None:
    with pytest.raises(ValueError, match="client_ca"):
        StreamTlsConfig(allowed_peers=("a.example",))
    with pytest.raises(ValueError, match="32 bytes"):
        StreamTlsConfig(allowed_peers=("sha-256:AB:CD",), client_ca="ca.pem")
