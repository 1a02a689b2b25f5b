"""The API over real connections: callers that are slow, too many, or never come to an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sensorium.console.config import ConsoleConfig
from sensorium.console.server import HttpServer
from sensorium.observe import Observe
from tests.console.conftest import Bench

pytestmark = pytest.mark.anyio

LIMIT = 1 << 20
APPROVE = (
    b"POST /api/v1/approvals/A-1/approve HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\n"
)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def config() -> ConsoleConfig:
    return ConsoleConfig(port=0, max_body_bytes=LIMIT, max_connections=3, request_timeout_s=0.5)


class Api:
    """The API as it is served, and what it counted."""

    def __init__(self, port: int, observe: Observe) -> None:
        self.port = port
        self._observe = observe

    def refused(self, reason: str) -> float:
        return self._observe.value("sensorium_console_refused_total", {"reason": reason})

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def raw(self, *parts: bytes) -> bytes:
        """Send bytes and read until the API closes."""
        reader, writer = await self.connect()
        try:
            writer.writelines(parts)
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    async def answers(self) -> bool:
        """Whether an honest caller is answered."""
        answer = await self.raw(HEALTH + b"Connection: close\r\n\r\n")
        return answer.startswith(b"HTTP/1.1 200 ")


@asynccontextmanager
async def serving(bench: Bench, config: ConsoleConfig) -> AsyncIterator[Api]:
    app: Any = bench.client.app
    observe = Observe()
    server = HttpServer(app, config, observe)
    port = server.bind().getsockname()[1]
    running = asyncio.create_task(server.run())
    while server.health().state != "ok":
        await asyncio.sleep(0.005)
    try:
        yield Api(port, observe)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "slow_head"),
        (HEALTH, "slow_head"),
        (b"\r\n\r\n", "slow_head"),
        (b"\x16\x03\x01\x02\x00nonsense\r\n\r\n", "malformed_request"),
    ],
)
async def test_who_sends_no_whole_head_is_let_go_and_counted(
    bench: Bench, config: ConsoleConfig, sent: bytes, reason: str
) -> None:
    async with serving(bench, config) as api:
        await api.raw(sent)
        assert api.refused(reason) == 1
        assert await api.answers()


async def test_the_clock_starts_again_for_what_follows_a_request(
    bench: Bench, config: ConsoleConfig
) -> None:
    async with serving(bench, config) as api:
        reader, writer = await api.connect()
        writer.write(HEALTH + b"\r\n")
        assert b'"status":"ok"' in await reader.readuntil(b"}}}")
        writer.write(HEALTH)
        assert await reader.read() == b""
        writer.close()
        assert api.refused("slow_head") == 1


async def test_a_body_that_never_ends_is_answered_and_let_go(
    bench: Bench, config: ConsoleConfig
) -> None:
    async with serving(bench, config) as api:
        answer = await api.raw(APPROVE, b"Content-Length: 100\r\n\r\n{")
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert await api.answers()


async def test_a_body_is_bounded_that_does_not_say_how_long_it_is(
    bench: Bench, config: ConsoleConfig
) -> None:
    async with serving(bench, config) as api:
        reader, writer = await api.connect()
        writer.write(APPROVE + b"Transfer-Encoding: chunked\r\n\r\n")
        chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
        for _ in range(LIMIT // 0x8000 + 1):
            writer.write(chunk)
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        writer.close()


async def test_connections_beyond_the_limit_are_closed(bench: Bench, config: ConsoleConfig) -> None:
    async with serving(bench, config) as api:
        held = [await api.connect() for _ in range(3)]
        assert await api.raw(HEALTH + b"\r\n") == b""
        assert api.refused("too_many_connections") == 1
        for reader, writer in held:  # they are let go, since they say nothing
            assert await reader.read() == b""
            writer.close()
        assert await api.answers()
