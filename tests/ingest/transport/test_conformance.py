"""What RFC 5425, RFC 5426 and RFC 7011 ask of a receiver and no other test shows."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from sensorium.errors import SensoriumError
from sensorium.ingest.transport import StreamTlsConfig, SyslogStreamConfig, UdpConfig
from sensorium.ingest.transport.secure.peers import Peers
from sensorium.pipeline.config import PipelineConfig
from tests.ingest.transport.streams import Running, running
from tests.ingest.transport.test_udp import Received, make, send

pytestmark = pytest.mark.anyio

SO_NO_CHECK = 11
"""Linux's option that would turn checksums off (socket(7))."""
LONGEST_OVER_IPV4 = 65_535 - 20 - 8


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_datagram_of_every_length_is_taken_whole(host: str) -> None:
    received = Received()
    receiver = make(received, host=host, ports=(0,))
    try:
        receiver.bind()
    except SensoriumError:
        pytest.skip(f"this machine has no {host}")
    lengths = [1, 480, 1180, 2048, 8192, LONGEST_OVER_IPV4]
    for length in lengths:
        send(receiver.ports[0], b"x" * length, host=host)
        receiver.drain()
    assert [len(payload) for payload in received.payloads()] == lengths


@pytest.mark.skipif(sys.platform != "linux", reason="the option is Linux's")
@pytest.mark.parametrize("workers", [1, 2])
async def test_checksums_of_udp_are_checked(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    options = []
    set_option = socket.socket.setsockopt

    def spy(self: socket.socket, level: int, option: int, *value: object) -> None:
        options.append((level, option))
        set_option(self, level, option, *value)  # type: ignore[call-overload]

    monkeypatch.setattr(socket.socket, "setsockopt", spy)
    receiver = make(Received(), ports=(0,), workers=workers)
    receiver.bind()
    receiver.drain()
    assert options
    assert (socket.SOL_SOCKET, SO_NO_CHECK) not in options


def test_the_ports_of_the_documents_can_be_set_and_are_told_apart() -> None:
    assert 4739 in UdpConfig().ports
    assert UdpConfig(ports=(514, 4740)).ports == (514, 4740)
    assert 514 in PipelineConfig().syslog_ports
    tls = StreamTlsConfig(certificate="server.pem")
    assert SyslogStreamConfig(tls_ports=(6514,), tls=tls).tls_ports == (6514,)


def test_a_peer_may_be_known_by_its_common_name() -> None:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Router1.Example.net")])
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    certificate = made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    assert Peers(("router1.example.net",)).admits(certificate)
    assert not Peers(("router2.example.net",)).admits(certificate)


async def test_a_single_certificate_may_vouch_for_itself(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    for name in ("server", "known", "other"):
        issued = authority.issue_cert("127.0.0.1")
        issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / f"{name}.pem")
        issued.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.alone.pem")
    tls = StreamTlsConfig(
        certificate=str(tmp_path / "server.pem"), client_ca=str(tmp_path / "known.alone.pem")
    )

    def say(there: Running, name: str) -> None:
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        context.load_cert_chain(tmp_path / f"{name}.pem")
        with (
            there.connect() as raw,
            context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(b"%d <1>%s" % (3 + len(name), name.encode()))

    async with running(tcp_ports=(), tls_ports=(0,), tls=tls) as there:
        with contextlib.suppress(OSError):
            await asyncio.to_thread(say, there, "other")
        await there.until(lambda: there.count("closed", reason="peer_refused") == 1)
        await asyncio.to_thread(say, there, "known")
        await there.expect(b"<1>known")


async def test_who_says_that_it_closes_is_answered(tmp_path: Path) -> None:
    authority = trustme.CA()
    path, ca = tmp_path / "server.pem", tmp_path / "ca.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(path)
    authority.cert_pem.write_to_path(ca)
    tls = StreamTlsConfig(certificate=str(path))
    async with running(tcp_ports=(), tls_ports=(0,), tls=tls) as there:

        def close() -> None:
            context = ssl.create_default_context(cafile=str(ca))
            with there.connect() as raw:
                secure = context.wrap_socket(
                    raw, server_hostname="127.0.0.1", suppress_ragged_eofs=False
                )
                secure.sendall(b"5 <1>ab")
                # It gives the plain socket back once the other side's close_notify has come.
                secure.unwrap().close()

        await asyncio.to_thread(close)
        await there.expect(b"<1>ab")
