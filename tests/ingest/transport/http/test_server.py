"""What the port for telemetry answers, and what it does about senders who misbehave."""

from __future__ import annotations

import asyncio
import gc
import gzip
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from sensorium.errors import SensoriumError
from sensorium.ingest.acceptance import NoRoomError
from sensorium.ingest.transport.http import HttpConfig, HttpReceiver
from sensorium.model.address import pack_address
from sensorium.observe import Observe
from tests.ingest.transport.http.conftest import NOW, Echo, running

pytestmark = pytest.mark.anyio

TEXT = {"Content-Type": "text/plain; charset=utf-8"}


async def post(url: str, body: bytes = b"hello", **options: Any) -> httpx.Response:
    verify = options.pop("verify", True)
    headers = {**TEXT, **options.pop("headers", {})}
    async with httpx.AsyncClient(trust_env=False, verify=verify) as client:
        return await client.post(url, content=body, headers=headers, **options)


async def test_a_request_reaches_its_route_whole_and_without_its_secrets() -> None:
    async with running(token="s3cret") as server:
        sent = {"Authorization": "Bearer s3cret", "X-Scope": "a"}
        answer = await post(server.url, headers=sent)
        assert (answer.status_code, answer.content) == (200, b"hello")
        assert answer.headers["x-echo"] == "yes"
        request = server.route.seen[0]
        assert (request.media_type, request.headers["x-scope"]) == ("text/plain", "a")
        assert "authorization" not in request.headers
        assert (request.source, request.arrival_ns) == (pack_address("127.0.0.1"), NOW)
        labels = {"route": "echo", "status": "200"}
        assert server.observe.value("sensorium_http_ingest_requests_total", labels) == 1


async def test_many_requests_share_a_connection() -> None:
    async with running() as server, httpx.AsyncClient(trust_env=False) as client:
        for number in range(20):
            answer = await client.post(server.url, content=str(number), headers=TEXT)
            assert answer.text == str(number)


@pytest.mark.parametrize(
    ("method", "headers", "body", "status", "reason"),
    [
        ("GET", {}, b"", 405, "method"),
        ("POST", {"Content-Type": "image/png"}, b"x", 415, "content_type"),
        ("POST", {"Content-Encoding": "br"}, b"x", 415, "content_encoding"),
        ("POST", {"Content-Encoding": "gzip"}, b"x", 400, "undecodable"),
        ("POST", {}, bytes(5000), 413, "too_large"),
        ("POST", {"Content-Encoding": "gzip"}, gzip.compress(bytes(50_000), mtime=0), 413, "bomb"),
    ],
)
async def test_what_is_not_in_order_is_refused_and_counted(
    method: str, headers: dict[str, str], body: bytes, status: int, reason: str
) -> None:
    async with (
        running(max_body_bytes=4096, max_decompressed_bytes=10_000) as server,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        answer = await client.request(method, server.url, content=body, headers={**TEXT, **headers})
        assert answer.status_code == status, answer.text
        assert server.refused(reason) == 1
        assert not server.route.seen
        assert (answer.headers.get("allow") == "POST") == (status == 405)
        # The server is none the worse for it.
        assert (await client.post(server.url, content=b"x", headers=TEXT)).status_code == 200


async def test_a_chunked_body_beyond_the_limit_is_refused_while_it_comes() -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield bytes(1024)

    async with running(max_body_bytes=4096) as server:
        answer = await post(server.url, endless())  # type: ignore[arg-type]
        assert answer.status_code == 413
        assert server.refused("too_large") == 1


async def test_an_unknown_path_is_said_to_be_one() -> None:
    async with running() as server:
        assert (await post(server.url + "/other")).status_code == 404
        assert server.refused("path", "other") == 1


async def test_a_wrong_token_and_a_foreign_network_stay_out() -> None:
    async with running(token="s3cret") as server:
        answer = await post(server.url, headers={"Authorization": "Bearer wrong"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert (await post(server.url)).status_code == 401
        assert server.refused("token") == 2
    async with running(allowed_networks=("192.0.2.0/24",)) as server:
        assert (await post(server.url)).status_code == 403
        assert server.refused("network") == 1
    async with running(allowed_networks=("127.0.0.0/8",)) as server:
        assert (await post(server.url)).status_code == 200


async def test_where_there_is_no_room_the_sender_is_told_when_to_come_again() -> None:
    route = Echo(error=NoRoomError("the journal is full", 2.5))
    async with running(route) as server:
        answer = await post(server.url)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
        assert server.refused("no_room") == 1


async def test_a_route_that_fails_costs_its_request_alone() -> None:
    route = Echo(error=RuntimeError("bug"))
    async with running(route) as server:
        assert (await post(server.url)).status_code == 500
        route.error = None
        assert (await post(server.url)).status_code == 200


async def test_too_many_requests_at_once_are_asked_to_wait() -> None:
    route = Echo(gate=asyncio.Event())
    async with running(route, max_requests=2) as server:
        first = [asyncio.create_task(post(server.url)) for _ in range(2)]
        while len(route.seen) < 2:
            await asyncio.sleep(0.005)
        answer = await post(server.url)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert route.gate is not None
        route.gate.set()
        assert [(await task).status_code for task in first] == [200, 200]
        assert (await post(server.url)).status_code == 200


async def test_bodies_held_at_once_are_bounded() -> None:
    route = Echo(gate=asyncio.Event())
    async with running(route, max_held_bytes=1 << 20) as server:
        first = asyncio.create_task(post(server.url, bytes(400_000)))
        while not route.seen:
            await asyncio.sleep(0.005)
        assert (await post(server.url, bytes(400_000))).status_code == 429
        assert route.gate is not None
        route.gate.set()
        assert (await first).status_code == 200
        assert (await post(server.url, bytes(400_000))).status_code == 200
        assert server.observe.value("sensorium_http_ingest_held_bytes") == 0


async def raw(server: Any, data: bytes) -> bytes:
    """Send bytes and wait for the server to close."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.receiver.port)
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n"


@pytest.mark.parametrize(
    ("data", "route", "reason"),
    [
        (b"", "other", "slow_head"),
        (HEAD[:30], "other", "slow_head"),
        (HEAD + b"half", "echo", "slow"),
        (b"\x16\x03\x01nonsense\r\n\r\n", "other", "malformed_request"),
        (b"POST /echo HTTP/1.1\r\nX: " + b"a" * 40_000, "other", "malformed_request"),
    ],
)
async def test_slow_and_malformed_senders_are_let_go(data: bytes, route: str, reason: str) -> None:
    async with running(request_timeout_s=0.15) as server:
        await raw(server, data)
        assert server.refused(reason, route) == 1
        assert (await post(server.url)).status_code == 200


async def test_a_slow_body_may_be_sent_again() -> None:
    async with running(request_timeout_s=0.15) as server:
        answer = await raw(server, HEAD + b"half")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in answer.lower()


async def test_a_sender_who_hangs_up_is_counted() -> None:
    async with running() as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.receiver.port)
        writer.write(HEAD + b"half")
        await writer.drain()
        writer.close()
        for _ in range(200):
            if server.refused("disconnected"):
                break
            await asyncio.sleep(0.01)
        assert server.refused("disconnected") == 1
        assert not server.route.seen


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"max_connections": 2}, "too_many_connections"),
        ({"max_connections_per_source": 2}, "too_many_of_source"),
    ],
)
async def test_connections_beyond_a_limit_are_closed(limits: dict[str, int], reason: str) -> None:
    async with running(**limits) as server:
        held = [await asyncio.open_connection("127.0.0.1", server.receiver.port) for _ in range(2)]
        assert await raw(server, HEAD) == b""
        assert server.refused(reason, "other") == 1
        for reader, writer in held:
            writer.close()
            assert await reader.read() == b""
        while (await raw(server, b"nonsense\r\n\r\n")) == b"":  # until it knows that they left
            await asyncio.sleep(0.01)
        assert (await post(server.url)).status_code == 200


async def test_a_tls_handshake_that_does_not_end_has_its_place_among_the_connections(
    tmp_path: Path,
) -> None:
    made = trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem
    made.write_to_path(tmp_path / "server.pem")
    files = {
        "tls_certificate": str(tmp_path / "server.pem"),
        "tls_key": str(tmp_path / "server.pem"),
    }
    async with running(max_connections=2, **files) as server:
        begun = b"\x16\x03\x01\x02\x00\x01"  # the first bytes of a ClientHello
        held = [await asyncio.open_connection("127.0.0.1", server.receiver.port) for _ in range(2)]
        for _, writer in held:
            writer.write(begun)
        assert await raw(server, begun) == b""
        assert server.refused("too_many_connections", "other") == 1
        for _, writer in held:
            writer.close()
        while server.refused("tls_failed", "other") < len(held):
            gc.collect()  # counted when nothing holds them any more
            await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA) -> dict[str, str]:
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return {name: str(tmp_path / f"{name}.pem") for name in ("key", "cert", "ca")}


def client_context(authority: trustme.CA, *, own: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if own:
        authority.issue_cert("sender@example.org").configure_cert(context)
    return context


async def test_tls_is_modern(files: dict[str, str], authority: trustme.CA) -> None:
    async with running(tls_certificate=files["cert"], tls_key=files["key"]) as server:
        context = client_context(authority)
        assert (await post(server.url, verify=context)).status_code == 200
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-SHA:AES256-GCM-SHA384")  # no forward secrecy
        with pytest.raises(httpx.ConnectError):
            await post(server.url, verify=context)


async def test_mutual_tls_lets_in_only_those_with_a_certificate(
    files: dict[str, str], authority: trustme.CA
) -> None:
    settings = {"tls_certificate": files["cert"], "tls_key": files["key"]}
    async with running(**settings, tls_client_ca=files["ca"]) as server:
        known = client_context(authority, own=True)
        assert (await post(server.url, verify=known)).status_code == 200
        with pytest.raises((httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError)):
            await post(server.url, verify=client_context(authority))
        stranger = client_context(authority)
        trustme.CA().issue_cert("x@example.org").configure_cert(stranger)
        with pytest.raises((httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError)):
            await post(server.url, verify=stranger)
        assert len(server.route.seen) == 1


def receiver(**settings: Any) -> HttpReceiver:
    return HttpReceiver(HttpConfig(**settings), {}, Observe(), clock_ns=lambda: NOW)


async def test_what_cannot_be_opened_is_said_before_anything_runs(tmp_path: Path) -> None:
    async with running() as server:
        with pytest.raises(SensoriumError, match="cannot listen on TCP"):
            receiver(port=server.receiver.port).bind()
    with pytest.raises(SensoriumError, match="token"):
        receiver(port=0, token_file=str(tmp_path / "none")).bind()
    (tmp_path / "token").write_text("abc\n")
    assert HttpConfig(token_file=str(tmp_path / "token")).bearer_token() == "abc"
    with pytest.raises(SensoriumError, match=r"tls_certificate: none\.pem cannot be read"):
        receiver(port=0, tls_certificate="none.pem", tls_key="none.pem").bind()


async def test_a_port_that_is_not_enabled_is_not_opened() -> None:
    closed = receiver(enabled=False)
    closed.bind()
    assert (closed.port, closed.url, closed.health().state) == (0, "", "ok")


@pytest.mark.parametrize(
    "settings",
    [
        {"allowed_networks": ("10.0.0.0/33",)},
        {"tls_certificate": "cert.pem"},
        {"tls_client_ca": "ca.pem"},
        {"token": "a", "token_file": "b"},
    ],
)
def test_settings_that_contradict_themselves_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"token|tls|allowed"):
        HttpConfig(**settings)
