"""TLS as RFC 5425 asks: modern versions and ciphers only, and only the peers that are let in."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from sensorium.errors import SensoriumError
from sensorium.ingest.transport import StreamTlsConfig
from sensorium.ingest.transport.secure.context import SecureDoor
from sensorium.ingest.transport.stream.config import TlsVersion
from tests.ingest.transport.streams import Running, running, unix

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Certificates:
    """An authority's file, the server's, and those of two clients and of a stranger's client."""

    ca: Path
    server: Path
    router: Path
    other: Path
    stranger: Path
    family: Path
    umlaut: Path

    def fingerprint(self, client: Path, name: str) -> str:
        pem = client.read_text()
        der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :])
        return hashlib.new(name.replace("-", ""), der).digest().hex(":")

    def settings(self, **more: object) -> StreamTlsConfig:
        values = {"certificate": str(self.server), "client_ca": str(self.ca), **more}
        return StreamTlsConfig(**values)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    for name, issuer, identity in (
        ("server", authority, "127.0.0.1"),
        ("router", authority, "router1.example.net"),
        ("other", authority, "other.example.org"),
        ("stranger", trustme.CA(), "router1.example.net"),
        ("family", authority, "*.example.com"),
        ("umlaut", authority, "xn--mnchen-3ya.example.de"),
    ):
        issuer.issue_cert(identity).private_key_and_cert_chain_pem.write_to_path(
            folder / f"{name}.pem"
        )
    names = ("ca", "server", "router", "other", "stranger", "family", "umlaut")
    return Certificates(*(folder / f"{name}.pem" for name in names))


async def talk(
    there: Running, certificates: Certificates, client: Path | None, text: bytes
) -> None:
    """Connect, send and close as a client would; OSError where it is not let in."""
    await asyncio.to_thread(_talk, there, certificates, client, text)


def _talk(there: Running, certificates: Certificates, client: Path | None, text: bytes) -> None:
    context = ssl.create_default_context(cafile=str(certificates.ca))
    if client is not None:
        context.load_cert_chain(str(client))
    with (
        there.connect() as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(text)
        with contextlib.suppress(TimeoutError):
            secure.settimeout(0.2)
            assert secure.recv(1) == b""


async def test_messages_come_over_tls_also_when_they_fill_many_records(
    certificates: Certificates,
) -> None:
    async with running(
        tcp_ports=(), tls_ports=(0,), tls=certificates.settings(client_ca="")
    ) as there:
        text = b"".join(b"%d <13>%d %s" % (1_005, 10_000 + n, b"x" * 995) for n in range(2_000))
        await talk(there, certificates, None, text)
        await there.until(lambda: len(there.messages()) == 2_000)
        assert [int(m[4:9]) for m in there.messages()] == list(range(10_000, 12_000))
        await there.until(lambda: there.count("connections") == 0)
        assert there.count("closed", listener="tls", reason="by_peer") == 1


@pytest.mark.parametrize(
    ("allowed", "client", "let_in"),
    [
        ((), "router", True),
        ((), None, False),
        ((), "stranger", False),
        (("ROUTER1.example.net",), "router", True),
        (("*.example.net",), "router", True),
        (("*.net", "example.net"), "router", False),
        (("*.example.net",), "other", False),
        (("sha-256", "x.example"), "other", True),
        (("sha-1",), "other", True),
        (("sha-256",), "router", False),
        (("router7.example.com",), "family", True),
        (("a.router7.example.com", "example.com"), "family", False),
        (("MÜNCHEN.example.de",), "umlaut", True),
        (("münchen.example.com",), "umlaut", False),
    ],
)
async def test_only_clients_with_an_allowed_certificate_are_heard(
    certificates: Certificates, allowed: tuple[str, ...], client: str | None, let_in: bool
) -> None:
    peers = tuple(
        f"{a}:{certificates.fingerprint(certificates.other, a)}" if a.startswith("sha") else a
        for a in allowed
    )
    async with running(
        tcp_ports=(), tls_ports=(0,), tls=certificates.settings(allowed_peers=peers)
    ) as there:
        path = getattr(certificates, client) if client else None
        with contextlib.suppress(*(() if let_in else (OSError,))):
            await talk(there, certificates, path, b"<1>x\n")
        await there.until(lambda: there.count("closed") == 1)
        assert there.messages() == ([b"<1>x"] if let_in else [])
        reason = "by_peer" if let_in else "peer_refused" if client else "tls_failed"
        assert there.count("closed", reason=reason) == 1


async def test_a_certificate_that_nobody_vouches_for_is_known_by_its_fingerprint(
    certificates: Certificates,
) -> None:
    mark = f"sha-256:{certificates.fingerprint(certificates.stranger, 'sha-256')}"
    tls = certificates.settings(client_ca="", allowed_peers=(mark,))
    async with running(tcp_ports=(), tls_ports=(0,), tls=tls) as there:
        for client in (certificates.router, None, certificates.stranger):
            with contextlib.suppress(*(() if client is certificates.stranger else (OSError,))):
                await talk(there, certificates, client, b"<1>x\n")
        await there.until(lambda: there.count("closed") == 3)
        assert there.messages() == [b"<1>x"]
        assert there.count("closed", reason="peer_refused") == 1


async def test_who_is_not_let_in_is_told_by_an_alert_before_anything_is_read(
    certificates: Certificates,
) -> None:
    tls = certificates.settings(allowed_peers=("nobody.example",))
    async with running(tcp_ports=(), tls_ports=(0,), tls=tls) as there:

        def refused() -> str:
            context = ssl.create_default_context(cafile=str(certificates.ca))
            context.load_cert_chain(str(certificates.router))
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with there.connect() as raw, pytest.raises(ssl.SSLError) as said:
                context.wrap_socket(raw, server_hostname="127.0.0.1")
            return said.value.reason

        assert "ALERT" in await asyncio.to_thread(refused)
        await there.until(lambda: there.count("closed", reason="peer_refused") == 1)
        assert there.count("bytes") == 0


async def test_the_least_version_can_be_raised(certificates: Certificates) -> None:
    tls = certificates.settings(client_ca="", least_version=TlsVersion.TLS_1_3)
    async with running(tcp_ports=(), tls_ports=(0,), tls=tls) as there:

        def older() -> None:
            context = ssl.create_default_context(cafile=str(certificates.ca))
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            with there.connect() as raw:
                context.wrap_socket(raw, server_hostname="127.0.0.1")

        with pytest.raises(ssl.SSLError):
            await asyncio.to_thread(older)
        await talk(there, certificates, None, b"<1>x\n")
        await there.expect(b"<1>x")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_old_versions_and_weak_ciphers_are_refused(certificates: Certificates) -> None:
    async with running(
        tcp_ports=(), tls_ports=(0,), tls=certificates.settings(client_ca="")
    ) as there:

        def version(context: ssl.SSLContext) -> str | None:
            with (
                there.connect() as raw,
                context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
            ):
                assert secure.compression() is None
                return secure.version()

        old = ssl.create_default_context(cafile=str(certificates.ca))
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        weak = ssl.create_default_context(cafile=str(certificates.ca))
        weak.maximum_version = ssl.TLSVersion.TLSv1_2
        weak.set_ciphers("AES128-GCM-SHA256:AES256-SHA:ECDHE+AES128+SHA")
        for context in (old, weak):
            with pytest.raises(OSError, match=r"(?i)alert|version|handshake|protocol"):
                await asyncio.to_thread(version, context)
        # RFC 9662: what every implementation has to speak.
        weak.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256")
        assert await asyncio.to_thread(version, weak) == "TLSv1.2"
        new = ssl.create_default_context(cafile=str(certificates.ca))
        assert await asyncio.to_thread(version, new) == "TLSv1.3"


async def test_a_handshake_that_does_not_come_ends_and_stops_nobody_else(
    certificates: Certificates,
) -> None:
    tls = certificates.settings(client_ca="", handshake_timeout_s=0.2)
    async with running(tcp_ports=(), tls_ports=(0,), tls=tls) as there:
        with there.connect() as silent, there.connect() as plain:
            plain.sendall(b"<13>this is no TLS\n")
            await talk(there, certificates, None, b"<1>x\n")
            await there.expect(b"<1>x")
            await there.until(lambda: there.count("closed", reason="slow") == 1)
            assert silent.recv(1) == b""
            assert there.count("closed", reason="tls_failed") == 1


async def test_unix_sockets_may_speak_tls(certificates: Certificates, tmp_path: Path) -> None:
    path = tmp_path / "secure"
    async with running(
        tcp_ports=(), unix_tls_paths=(str(path),), tls=certificates.settings(client_ca="")
    ) as there:
        context = ssl.create_default_context(cafile=str(certificates.ca))

        def send() -> None:
            with (
                unix(str(path)) as raw,
                context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
            ):
                secure.sendall(b"5 <1>ab")

        await asyncio.to_thread(send)
        await there.expect(b"<1>ab")


def test_a_renewed_certificate_is_read_again_and_a_bad_one_is_not_taken(
    certificates: Certificates, tmp_path: Path
) -> None:
    path = tmp_path / "server.pem"
    path.write_bytes(certificates.server.read_bytes())
    door = SecureDoor(StreamTlsConfig(certificate=str(path)), "ingest.syslog_stream")
    door.load()
    assert not door.refresh()
    path.write_bytes(certificates.router.read_bytes() + b"\n")
    assert door.refresh()
    path.write_text("not a certificate")
    with pytest.raises(SensoriumError, match="is not PEM and holds no certificate"):
        door.refresh()
    assert door.context is not None


async def test_a_peer_is_told_before_its_connection_is_closed(certificates: Certificates) -> None:
    tls = certificates.settings(client_ca="")
    async with running(tcp_ports=(), tls_ports=(0,), tls=tls, idle_timeout_s=0.2) as there:

        def wait() -> bytes:
            context = ssl.create_default_context(cafile=str(certificates.ca))
            with (
                there.connect() as raw,
                context.wrap_socket(
                    raw, server_hostname="127.0.0.1", suppress_ragged_eofs=False
                ) as secure,
            ):
                return secure.recv(1)  # SSLEOFError where the peer only went away

        assert await asyncio.to_thread(wait) == b""
        # The peer may hear of it before it is counted.
        await there.until(lambda: there.count("closed", reason="idle") == 1)
