"""The transport against real sockets, in both event loops."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from sensorium.errors import UsageError
from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.providers.destinations import Destinations, judge_for, origin_of
from sensorium.gateway.providers.http import PoolLimits, Request, Session
from sensorium.gateway.providers.secret import Secret
from sensorium.observe import Observe
from tests.gateway.providers.conftest import Run
from tests.gateway.upstreams.raw import (
    RawUpstream,
    Received,
    answer,
    chunk,
    chunked,
    raw_upstream,
    says,
)

OBSERVE = Observe()


def session(url: str, observe: Observe = OBSERVE, **given: Any) -> Session:
    resolver = given.pop("resolver", None)
    origin = origin_of(url, plain_allowed=True)
    destinations = Destinations(
        origin,
        judge=judge_for(origin, allow_private=True),
        **({"resolver": resolver} if resolver else {}),
    )
    return Session("tested", destinations, observe, **given)


def post(body: bytes = b"{}", **headers: str) -> Request:
    return Request("POST", "/v1/chat", tuple(headers.items()), body)


async def ask(one: Session, body: bytes = b"{}", **timeouts: float) -> tuple[int, bytes]:
    timeouts = {"first_byte_s": 30, "timeout_s": 30, **timeouts}
    got = await one.send(post(body), **timeouts)
    return got.status, await got.body()


async def failure_of(awaitable: Any) -> tuple[FailureKind, str]:
    with pytest.raises(CallFailedError) as caught:
        await awaitable
    return caught.value.failure.kind, caught.value.failure.code


def test_requests_one_after_another_share_a_connection(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(answer(b'{"ok":1}'))) as upstream:
            one = session(upstream.url)
            for _ in range(5):
                assert await ask(one) == (200, b'{"ok":1}')
            assert upstream.connections == 1
            assert one.pool.idle == one.pool.open == 1
            await one.close()
            assert one.pool.open == 0
            assert await failure_of(ask(one)) == (FailureKind.UNREACHABLE, "closed")

    run(scenario())


def test_a_request_is_written_as_it_was_made(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(answer(b"{}"))) as upstream:
            one = session(upstream.url)
            headers = (("Authorization", ("Bearer ", Secret("k"))), ("api-key", Secret("q")))
            big = b"x" * 3_000_000
            request = Request("POST", "/v1/a%2Fb?c=d", headers, big)
            await (await one.send(request, first_byte_s=30, timeout_s=30)).body()
            got = upstream.requests[0]
            assert got.line == "POST /v1/a%2Fb?c=d HTTP/1.1"
            assert got.headers == {
                "host": f"127.0.0.1:{upstream.port}",
                "authorization": "Bearer k",
                "api-key": "q",
                "accept-encoding": "identity",
                "content-length": "3000000",
            }
            assert got.body == big
            await one.close()

    run(scenario())


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\rb", "é", "\u0100"])
def test_a_header_cannot_bring_another_with_it(run: Run, value: str) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(answer(b"{}"))) as upstream:
            one = session(upstream.url)
            sent = one.send(post(a=value), first_byte_s=30, timeout_s=30)
            assert await failure_of(sent) == (FailureKind.BAD_REQUEST, "header")
            assert upstream.requests == []
            await one.close()

    run(scenario())


async def hang(_: Received, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def hang_after_the_head(_: Received, writer: asyncio.StreamWriter) -> None:
    writer.write(chunked(b"begun")[:-5])
    await asyncio.sleep(60)


def test_a_head_that_does_not_come_in_time_is_a_timeout(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(hang) as upstream:
            one = session(upstream.url)
            late = await failure_of(ask(one, first_byte_s=0.05))
            assert late == (FailureKind.TIMEOUT, "first_byte")
            late = await failure_of(ask(one, timeout_s=0.05))
            assert late == (FailureKind.TIMEOUT, "whole")
            await upstream.hung_up.wait()
            await one.close()

    run(scenario())


def test_a_body_that_does_not_end_in_time_is_a_timeout(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(hang_after_the_head) as upstream:
            one = session(upstream.url)
            late = await failure_of(ask(one, first_byte_s=30, timeout_s=0.1))
            assert late == (FailureKind.TIMEOUT, "whole")
            await upstream.hung_up.wait()
            await one.close()

    run(scenario())


def test_a_caller_that_leaves_closes_the_connection(run: Run) -> None:
    async def scenario() -> None:
        for say in (hang, hang_after_the_head):
            async with raw_upstream(say) as upstream:
                one = session(upstream.url)
                task = asyncio.ensure_future(ask(one))
                while not upstream.requests:
                    await asyncio.sleep(0.005)
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
                await upstream.hung_up.wait()
                assert one.pool.idle == 0
                await one.close()

    run(scenario())


def test_a_stream_that_is_left_in_the_middle_closes_its_connection(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(hang_after_the_head) as upstream:
            one = session(upstream.url)
            got = await one.send(post(), first_byte_s=30, timeout_s=30)
            pieces = got.chunks()
            assert await anext(pieces) == b"begun"
            await got.aclose()
            await upstream.hung_up.wait()
            await one.close()

    run(scenario())


def test_chunks_come_as_they_are_sent(run: Run) -> None:
    async def scenario() -> None:
        go_on = asyncio.Event()

        async def say(_: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(chunked(b"one")[:-5])
            await go_on.wait()
            writer.write(chunk(b"two") + b"0\r\n\r\n")

        async with raw_upstream(say) as upstream:
            one = session(upstream.url)
            got = await one.send(post(), first_byte_s=30, timeout_s=30)
            pieces = got.chunks()
            assert await anext(pieces) == b"one"
            go_on.set()
            assert [piece async for piece in pieces] == [b"two"]
            await got.aclose()
            while not one.pool.idle:
                await asyncio.sleep(0.005)
            assert await ask(one) == (200, b"onetwo")
            assert upstream.connections == 1, "a stream that ended leaves its connection to others"
            await one.close()

    run(scenario())


def test_a_server_that_closes_without_an_answer_gets_no_second_request(run: Run) -> None:
    async def scenario() -> None:
        async def say(_: Received, writer: asyncio.StreamWriter) -> None:
            writer.transport.abort()

        async with raw_upstream(say) as upstream:
            one = session(upstream.url)
            kind, _ = await failure_of(ask(one))
            assert kind is FailureKind.UNREACHABLE
            assert len(upstream.requests) == 1
            await one.close()

    run(scenario())


def test_a_reset_in_the_middle_is_a_failure(run: Run) -> None:
    async def scenario() -> None:
        async def say(_: Received, writer: asyncio.StreamWriter) -> None:
            writer.write(chunked(b"begun")[:-5])
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.transport.abort()

        async with raw_upstream(say) as upstream:
            one = session(upstream.url)
            assert await failure_of(ask(one)) == (FailureKind.UNREACHABLE, "connection_reset")
            await one.close()

    run(scenario())


def test_a_connection_that_the_server_closed_while_idle_is_not_used(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(answer(b"{}"), close=True)) as upstream:
            one = session(upstream.url)
            for _ in range(3):
                assert (await ask(one))[0] == 200
                while one.pool.open:
                    await asyncio.sleep(0.005)
            assert upstream.connections == 3
            await one.close()

    run(scenario())


def test_a_server_that_closes_after_each_stream_without_saying_so_loses_no_request(
    run: Run,
) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(chunked(b"data: 1\n\n"), close=True)) as upstream:
            one = session(upstream.url)
            for _ in range(20):
                assert await ask(one) == (200, b"data: 1\n\n")
            await one.close()

    run(scenario())


def test_a_connection_that_is_idle_for_long_is_closed(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(answer(b"{}"))) as upstream:
            one = session(upstream.url, limits=PoolLimits(idle_s=0.05))
            await ask(one)
            while one.pool.open:
                await asyncio.sleep(0.01)
            assert one.pool.idle == 0
            await ask(one)
            assert upstream.connections == 2
            await one.close()

    run(scenario())


def test_an_answer_before_the_whole_request_was_sent_is_taken(run: Run) -> None:
    async def scenario() -> None:
        async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(b"{}", "413 Content Too Large"))
            await asyncio.sleep(60)

        server = await asyncio.start_server(early, "127.0.0.1", 0, limit=1024)
        one = session(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert await ask(one, b"x" * 20_000_000) == (413, b"{}")
        assert one.pool.idle == 0, "the rest of the request is not written before another"
        await one.close()
        server.close()

    run(scenario())


def test_no_more_connections_are_opened_than_allowed_and_who_waits_is_served(run: Run) -> None:
    async def scenario() -> None:
        busy = most = 0

        async def say(_: Received, writer: asyncio.StreamWriter) -> None:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0.005)
            busy -= 1
            writer.write(answer(b"{}"))

        async with raw_upstream(say) as upstream:
            one = session(upstream.url, limits=PoolLimits(connections=3))
            answers = await asyncio.gather(*(ask(one) for _ in range(30)))
            assert answers == [(200, b"{}")] * 30
            assert most == upstream.connections == 3
            await one.close()

    run(scenario())


def test_who_waits_for_a_connection_is_told_when_none_comes_free(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(hang) as upstream:
            one = session(upstream.url, limits=PoolLimits(connections=1))
            first = asyncio.ensure_future(ask(one))
            while not upstream.requests:
                await asyncio.sleep(0.005)
            assert await failure_of(ask(one, timeout_s=0.05)) == (
                FailureKind.OVERLOADED,
                "connections",
            )
            waiting = [asyncio.ensure_future(ask(one)) for _ in range(3)]
            await asyncio.sleep(0.01)
            waiting[0].cancel()
            await asyncio.sleep(0)
            first.cancel()
            while len(upstream.requests) < 2:
                await asyncio.sleep(0.005)
            assert one.pool.open == 1
            for task in waiting:
                task.cancel()
            await asyncio.gather(first, *waiting, return_exceptions=True)
            await one.close()

    run(scenario())


def test_calls_that_leave_while_connections_open_leave_none_behind(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(answer(b"{}"))) as upstream:
            one = session(upstream.url, limits=PoolLimits(connections=4, idle_s=0.2))
            for steps in range(12):
                tasks = [asyncio.ensure_future(ask(one)) for _ in range(12)]
                for _ in range(steps):
                    await asyncio.sleep(0)
                for task in tasks[::2]:
                    task.cancel()
                done = await asyncio.gather(*tasks, return_exceptions=True)
                assert done[1::2] == [(200, b"{}")] * 6
            while one.pool.open:
                await asyncio.sleep(0.01)
            await one.close()

    run(scenario())


def test_what_cannot_be_connected_to_is_unreachable(run: Run) -> None:
    async def scenario() -> None:
        import socket

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            one = session(f"http://127.0.0.1:{taken.getsockname()[1]}")
            assert await failure_of(ask(one)) == (FailureKind.UNREACHABLE, "refused")
            assert one.pool.open == 0

    run(scenario())


def test_the_next_address_is_tried_where_one_refuses(run: Run) -> None:
    async def scenario() -> None:
        async def resolver(host: str, port: int) -> list[str]:
            return ["127.0.0.9", "127.0.0.1"]

        async with raw_upstream(says(answer(b"{}"))) as upstream:
            one = session(f"http://models.test:{upstream.port}", resolver=resolver)
            assert (await ask(one))[0] == 200
            assert upstream.requests[0].headers["host"] == f"models.test:{upstream.port}"
            await one.close()

    run(scenario())


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _server_side(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def _to_localhost(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def test_tls_is_verified_by_authority_and_by_name(
    run: Run, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trusting = {"ca_file": str(tmp_path / "ca.pem"), "resolver": _to_localhost}

    async def outcome(server_name: str, **given: Any) -> Any:
        tls = _server_side(authority, server_name)
        async with raw_upstream(says(answer(b"{}")), tls) as upstream:
            one = session(f"https://models.test:{upstream.port}", **given)
            try:
                return (await ask(one))[0]
            except CallFailedError as error:
                assert upstream.requests == [], "nothing is said to a stranger"
                return error.failure.code
            finally:
                await one.close()

    async def scenario() -> None:
        assert await outcome("models.test", **trusting) == 200
        assert await outcome("others.test", **trusting) == "tls"
        assert await outcome("models.test", resolver=_to_localhost) == "tls"

    run(scenario())


def test_plain_http_on_a_tls_port_is_unreachable(run: Run) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(answer(b"{}"))) as upstream:
            one = session(f"https://127.0.0.1:{upstream.port}", limits=PoolLimits(connect_s=5))
            kind, _ = await failure_of(ask(one, timeout_s=1))
            assert kind in {FailureKind.UNREACHABLE, FailureKind.TIMEOUT}
            await one.close()

    run(scenario())


def test_a_file_of_certificates_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(UsageError, match="certificates"):
            session("https://models.test", ca_file=str(path))


def test_proxies_of_the_environment_are_not_used(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def scenario() -> None:
        async with raw_upstream(says(answer(b"{}"))) as upstream:
            one = session(upstream.url)
            assert (await ask(one))[0] == 200
            await one.close()

    run(scenario())


def test_connections_and_failures_are_counted_by_reason(run: Run) -> None:
    observe = Observe()

    async def scenario(upstream: RawUpstream) -> None:
        one = session(upstream.url, observe)
        await ask(one)
        await one.close()

    async def both() -> None:
        async with raw_upstream(says(answer(b"{}"))) as upstream:
            await scenario(upstream)
        async with raw_upstream(says(b"nonsense\r\n\r\n")) as upstream:
            with pytest.raises(CallFailedError):
                await scenario(upstream)

    run(both())
    labels = {"provider": "tested"}
    opened = "sensorium_gateway_upstream_connections_total"
    assert observe.value(opened, {**labels, "outcome": "opened"}) == 2
    failed = "sensorium_gateway_upstream_failures_total"
    assert observe.value(failed, {**labels, "reason": "http"}) == 1
