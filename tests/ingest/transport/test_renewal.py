"""A renewed certificate is taken up by the ports for telemetry without a restart."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import trustme

from sensorium.ingest.transport import tls
from sensorium.ingest.transport.grpc_config import GrpcConfig
from sensorium.ingest.transport.grpc_server import GrpcReceiver
from sensorium.ingest.transport.http import HttpConfig, HttpReceiver
from sensorium.observe.testing import RecordingObserve

pytestmark = pytest.mark.anyio


class Files:
    """A certificate with its key and the authorities of clients, each in a file that changes."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "server.pem", folder / "server.key"
        self.authorities = folder / "ca.pem"
        self.first, self.second = trustme.CA(), trustme.CA()
        self.renew(self.first)

    def renew(self, authority: trustme.CA) -> None:
        """As an administrator would: certificate, key and authorities, one after the other."""
        made = authority.issue_cert("127.0.0.1")
        made.cert_chain_pems[0].write_to_path(self.certificate)
        made.private_key_pem.write_to_path(self.key)
        authority.cert_pem.write_to_path(self.authorities)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "tls_certificate": str(self.certificate),
            "tls_key": str(self.key),
            "tls_client_ca": str(self.authorities),
        }


def greet(port: int, authority: trustme.CA) -> str:
    """Connect as a client that ``authority`` vouches for and that trusts it: what is negotiated.

    ssl.SSLError or ConnectionResetError where either side refuses the other.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # In 1.3 a server's refusal comes after the client's handshake.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    authority.configure_trust(context)
    authority.issue_cert("client.example.net").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as secure,
    ):
        return str(secure.version())


@asynccontextmanager
async def http(files: Files, observe: RecordingObserve) -> AsyncIterator[int]:
    receiver = HttpReceiver(HttpConfig(port=0, **files.settings), {}, observe, clock_ns=lambda: 0)
    async with served(receiver, observe):
        yield receiver.port


@asynccontextmanager
async def grpc(files: Files, observe: RecordingObserve) -> AsyncIterator[int]:
    receiver = GrpcReceiver(
        *(GrpcConfig(port=0, **files.settings), {}, observe),
        clock_ns=lambda: 0,
        details=lambda *_: (),
    )
    async with served(receiver, observe):
        yield receiver.port


@asynccontextmanager
async def served(
    receiver: HttpReceiver | GrpcReceiver, observe: RecordingObserve
) -> AsyncIterator[None]:
    receiver.bind()
    running = asyncio.create_task(receiver.run())
    while "listening" not in observe.events:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("serve", [http, grpc])
async def test_new_connections_meet_the_new_certificate_and_authorities(
    serve: Callable[[Files, RecordingObserve], AbstractAsyncContextManager[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tls, "_LOOK_EVERY_S", 0.0)
    files, observe = Files(tmp_path), RecordingObserve()
    async with serve(files, observe) as port:
        assert await asyncio.to_thread(greet, port, files.first) == "TLSv1.2"
        files.renew(files.second)
        assert await asyncio.to_thread(greet, port, files.second) == "TLSv1.2"
        assert "the TLS certificate was read again" in observe.events
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await asyncio.to_thread(greet, port, files.first)
        files.key.write_text("no key")
        assert await asyncio.to_thread(greet, port, files.second) == "TLSv1.2"
        refusals = [entry for entry in observe.entries if "cannot be used" in entry["event"]]
        assert [entry["error"] for entry in refusals] == [
            f"ingest.{serve.__name__}.tls_key: {files.key} is not PEM and holds no private key"
        ]


@pytest.mark.parametrize("serve", [http, grpc])
async def test_a_client_whose_authority_was_taken_out_is_not_let_in(
    serve: Callable[[Files, RecordingObserve], AbstractAsyncContextManager[int]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tls, "_LOOK_EVERY_S", 0.0)
    files = Files(tmp_path)
    async with serve(files, RecordingObserve()) as port:
        assert await asyncio.to_thread(greet, port, files.first) == "TLSv1.2"
        files.second.cert_pem.write_to_path(files.authorities)
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            await asyncio.to_thread(greet, port, files.first)
