"""DTLS as RFC 7011 section 11 asks: both sides known, nothing kept of forged beginnings."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import socket
import ssl
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from sensorium.errors import SensoriumError
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.sessions import Transport, transport_of
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.ingest.transport import StreamTlsConfig, SyslogStreamConfig
from sensorium.ingest.transport.dtls import DtlsConfig
from sensorium.ingest.transport.dtls.cookies import Cookies
from sensorium.ingest.transport.dtls.records import datagrams_of, hello_number
from sensorium.ingest.transport.stream.syslog import SyslogStream
from sensorium.observe import Observe
from tests.ingest.netflow import packets as p
from tests.ingest.transport.dtls_peers import Client, RunningDtls, running_dtls

pytestmark = pytest.mark.anyio

OPENSSL = shutil.which("openssl")
START = p.ipfix(p.a_set(2, p.template(256, [(1, 4)])))


def data(value: int, sequence: int = 0) -> bytes:
    return p.ipfix(p.a_set(256, struct.pack(">I", value)), sequence=sequence)


def values(there: RunningDtls) -> list[int]:
    decoder = NetflowDecoder(NetflowConfig(), Observe())
    return [row["bytes"] for slab in there.slabs for row in decoder.decode(slab).to_pylist()]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The authority, the server, two of its clients, and one that vouches for itself."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    alone = trustme.CA()
    for name, issuer in (
        ("server", authority),
        ("router", authority),
        ("other", authority),
        ("stranger", alone),
    ):
        made = issuer.issue_cert(f"{name}.example.net", common_name=f"{name}.example.net")
        made.private_key_and_cert_chain_pem.write_to_path(folder / f"{name}.pem")
    return {path.stem: path for path in folder.iterdir()}


def settings(files: dict[str, Path], **more: Any) -> StreamTlsConfig:
    values = {"certificate": str(files["server"]), "client_ca": str(files["ca"]), **more}
    return StreamTlsConfig(**values)


def talk(there: RunningDtls, files: dict[str, Path], name: str | None, *sent: bytes) -> None:
    """Shake hands, send and close; SSL.Error where the client is not let in."""
    with Client(there.receiver.ports[0], files["ca"], files[name] if name else None) as client:
        client.connect()
        for message in sent:
            client.send(message)
        if not sent:
            client.answer()
        client.close()


async def test_messages_of_a_session_are_decoded_with_templates_of_their_own(
    files: dict[str, Path],
) -> None:
    async with running_dtls(tls=settings(files)) as there:
        await asyncio.to_thread(
            talk, there, files, "router", START, data(1), data(2, 1) + data(3, 2)
        )
        await there.until(lambda: there.count("ended", reason="by_peer") == 1)
        await asyncio.to_thread(talk, there, files, "other", data(4))
        await there.until(lambda: there.count("ended", reason="by_peer") == 2)
    assert values(there) == [1, 2, 3]
    assert there.count("messages") == 5
    assert there.count("sessions") == 0
    assert {transport_of(int(n)) for slab in there.slabs for n in slab.session} == {Transport.DTLS}
    assert [message for message in there.messages() if not message] == [b"", b""]


@pytest.mark.parametrize("name", [None, "stranger", "other"])
async def test_only_authorised_peers_are_let_in_and_the_handshake_tells_them(
    files: dict[str, Path], name: str | None
) -> None:
    tls = settings(files, allowed_peers=("router.example.net",))
    async with running_dtls(tls=tls) as there:
        with pytest.raises(SSL.Error):
            await asyncio.to_thread(talk, there, files, name)
        await there.until(lambda: there.count("ended", reason="tls_failed") == 1)
        await asyncio.to_thread(talk, there, files, "router", START, data(1))
        await there.until(lambda: there.count("ended", reason="by_peer") == 1)
    assert values(there) == [1]
    assert there.count("began") == 1


async def test_a_certificate_is_known_by_its_fingerprint_alone(files: dict[str, Path]) -> None:
    pem = files["stranger"].read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :].split("\n\n")[0])
    mark = "sha-256:" + hashlib.sha256(der).digest().hex(":").upper()
    tls = settings(files, client_ca="", allowed_peers=(mark,))
    async with running_dtls(tls=tls) as there:
        await asyncio.to_thread(talk, there, files, "stranger", START, data(7))
        await there.until(lambda: there.count("ended", reason="by_peer") == 1)
        with pytest.raises(SSL.Error):
            await asyncio.to_thread(talk, there, files, "router")
    assert values(there) == [7]


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
async def test_what_openssl_sends_is_received(files: dict[str, Path]) -> None:
    async with running_dtls(tls=settings(files)) as there:
        command = [str(OPENSSL), "s_client", "-dtls1_2", "-quiet", "-CAfile", str(files["ca"])]
        command += ["-connect", f"127.0.0.1:{there.receiver.ports[0]}"]
        command += ["-cert", str(files["router"]), "-key", str(files["router"])]
        sender = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert sender.stdin is not None
        try:
            sender.stdin.write(START + data(5))
            sender.stdin.flush()
            await there.until(lambda: there.count("messages") == 2)
        finally:
            sender.stdin.close()
            sender.terminate()
            sender.wait(10)
    assert values(there) == [5]


async def test_a_flood_of_beginnings_leaves_nothing_behind(files: dict[str, Path]) -> None:
    async with running_dtls(tls=settings(files), max_hellos_per_s=50.0) as there:
        with Client(there.receiver.ports[0], files["ca"], files["router"]) as client:
            with pytest.raises(SSL.WantReadError):
                client.connection.do_handshake()
            hello = client.connection.bio_read(65_536)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forged:
                for _ in range(400):
                    forged.sendto(hello, ("127.0.0.1", there.receiver.ports[0]))
            await there.until(lambda: there.count("refused", reason="too_many_hellos") > 0)
        assert there.receiver._sessions == {}
        await asyncio.sleep(0.1)
        await asyncio.to_thread(talk, there, files, "router", START, data(1))
        await there.until(lambda: there.count("ended", reason="by_peer") == 1)
    assert values(there) == [1]


async def test_a_handshake_that_is_not_finished_is_ended(files: dict[str, Path]) -> None:
    tls = settings(files, handshake_timeout_s=0.3)
    async with running_dtls(tls=tls, max_handshakes=1) as there:
        with (
            Client(there.receiver.ports[0], files["ca"], files["router"]) as slow,
            Client(there.receiver.ports[0], files["ca"], files["router"]) as second,
        ):
            for one in (slow, second):  # both come back with their cookies, and say no more
                with pytest.raises(SSL.WantReadError):
                    one.connection.do_handshake()
                one.flush()
                one.connection.bio_write(await asyncio.to_thread(one.socket.recv, 65_536))
                with pytest.raises(SSL.WantReadError):
                    one.connection.do_handshake()
                one.flush()
            await there.until(lambda: there.count("refused", reason="too_many_handshakes") == 1)
            await there.until(lambda: there.count("ended", reason="slow") == 1)
        assert there.receiver._sessions == {}


async def test_sessions_beyond_the_bounds_are_refused_and_silent_ones_forgotten(
    files: dict[str, Path],
) -> None:
    bounds: dict[str, Any] = {"max_sessions_per_source": 1, "idle_timeout_s": 0.5}
    async with running_dtls(tls=settings(files), **bounds) as there:
        with Client(there.receiver.ports[0], files["ca"], files["router"]) as client:
            await asyncio.to_thread(client.connect)
            client.send(START)
            await there.until(lambda: there.count("messages") == 1)
            with Client(there.receiver.ports[0], files["ca"], files["other"]) as other:
                with pytest.raises(SSL.WantReadError):
                    other.connection.do_handshake()
                other.flush()
                other.connection.bio_write(await asyncio.to_thread(other.socket.recv, 65_536))
                with pytest.raises(SSL.WantReadError):
                    other.connection.do_handshake()
                other.flush()
                await there.until(lambda: there.count("refused", reason="too_many_of_source") == 1)
            await there.until(lambda: there.count("ended", reason="idle") == 1)
            with pytest.raises(SSL.ZeroReturnError):
                await asyncio.to_thread(client.answer)
    async with running_dtls(tls=settings(files), allow=("192.0.2.0/24",)) as there:
        with Client(there.receiver.ports[0], files["ca"], files["router"]) as client:
            with pytest.raises(SSL.WantReadError):
                client.connection.do_handshake()
            client.flush()
            await there.until(lambda: there.count("refused", reason="not_allowed") == 1)


async def test_an_exporter_that_begins_anew_from_its_port_replaces_its_session(
    files: dict[str, Path],
) -> None:
    async with running_dtls(tls=settings(files)) as there:
        with Client(there.receiver.ports[0], files["ca"], files["router"]) as before:
            await asyncio.to_thread(before.connect)
            before.send(START)
            await there.until(lambda: there.count("messages") == 1)
            with Client(there.receiver.ports[0], files["ca"], files["router"]) as after:
                after.socket.close()
                after.socket = before.socket
                await asyncio.to_thread(after.connect)
                after.send(START + data(2))
                await there.until(lambda: there.count("messages") == 3)
        assert there.count("ended", reason="replaced") == 1
        assert there.count("sessions") == 1
    assert values(there) == [2]


async def test_what_is_no_dtls_is_counted_and_harms_no_session(files: dict[str, Path]) -> None:
    async with running_dtls(tls=settings(files)) as there:
        with Client(there.receiver.ports[0], files["ca"], files["router"]) as client:
            await asyncio.to_thread(client.connect)
            for garbage in (
                b"",
                b"x",
                START,
                b"\x17\xfe\xfd" + bytes(40),
                b"\x16\xfe\xfd" + bytes(80),
            ):
                client.socket.send(garbage)
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                    stranger.sendto(garbage, ("127.0.0.1", there.receiver.ports[0]))
            client.send(START + data(3))
            await there.until(lambda: there.count("messages") == 2)
            await there.until(lambda: there.count("refused", reason="no_session") == 5)
            client.send(START[:9] + data(1))
            await there.until(lambda: there.count("irregular") == 1)
            client.send(data(4, 1))
            await there.until(lambda: there.count("messages") == 3)
    assert values(there) == [3, 4]


async def test_nothing_is_read_while_the_pipeline_is_behind(files: dict[str, Path]) -> None:
    async with running_dtls(tls=settings(files)) as there:
        with Client(there.receiver.ports[0], files["ca"], files["router"]) as client:
            await asyncio.to_thread(client.connect)
            await there.until(lambda: there.count("sessions") == 1)
            there.waiting = True
            await asyncio.sleep(0.3)
            client.send(START + data(1))
            await asyncio.sleep(0.3)
            assert there.messages() == []
            there.waiting = False
            await there.until(lambda: there.count("messages") == 2)


async def test_syslog_comes_over_dtls_too(files: dict[str, Path]) -> None:
    protocol = SyslogStream(SyslogStreamConfig())
    async with running_dtls(protocol=protocol, tls=settings(files)) as there:
        await asyncio.to_thread(
            talk, there, files, "router", b"7 <13>one8 <13>four", b"9 <13>three"
        )
        await there.until(lambda: there.count("ended") == 1)
    assert there.messages() == [b"<13>one", b"<13>four", b"<13>three"[:9]]
    decoder = SyslogDecoder(SyslogConfig(), Observe())
    rows = [row for slab in there.slabs for row in decoder.decode_messages(slab).to_pylist()]
    assert [row["body"] for row in rows] == ["one", "four", "three"]


def test_a_cookie_is_good_for_its_peer_and_for_two_minutes_at_most() -> None:
    now = [0.0]
    cookies = Cookies(lambda: now[0], b"secret")
    cookie = cookies.give(b"one")
    assert cookies.good(b"one", cookie)
    assert not cookies.good(b"two", cookie)
    assert not cookies.good(b"one", b"")
    now[0] = 119.0
    assert cookies.good(b"one", cookie)
    now[0] = 120.0
    assert not cookies.good(b"one", cookie)


@given(st.binary(max_size=200))
def test_any_bytes_are_looked_at_for_a_beginning(datagram: bytes) -> None:
    assert -1 <= hello_number(datagram) <= 0xFFFF


@given(st.lists(st.binary(max_size=300), max_size=9), st.binary(max_size=12))
def test_records_are_sent_whole_and_in_order(bodies: list[bytes], rest: bytes) -> None:
    records = [b"\x16\xfe\xfd" + bytes(8) + len(b).to_bytes(2) + b for b in bodies]
    found = list(datagrams_of(b"".join(records) + rest, 256))
    assert b"".join(found) == b"".join(records) + rest
    assert all(len(one) <= 256 + len(rest) or one[: -len(rest) or None] in records for one in found)


def test_settings_that_let_anyone_in_are_refused(files: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match=r"tls\.certificate"):
        DtlsConfig(ports=(4740,))
    with pytest.raises(ValueError, match="client_ca"):
        DtlsConfig(ports=(4740,), tls=settings(files, client_ca=""))
    with pytest.raises(ValueError, match="client_ca"):
        settings(files, client_ca="", allowed_peers=("a.example",))
    with pytest.raises(SensoriumError, match="certificate"):
        RunningDtls(tls=settings(files, certificate="nowhere.pem")).receiver.bind()
