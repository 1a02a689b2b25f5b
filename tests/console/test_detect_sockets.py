"""Scoring over real connections: senders that are slow, and senders that hang up."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.console.conftest import Bench
from tests.console.detecting import PATH, listening, scoring

BODY = b'{"columns": {"a": [1, 2, 3]}}'
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def begun(url: str, length: int) -> Ends:
    """A connection on which a request's head was sent."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = f"POST {PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {length}\r\n\r\n".encode())
    await writer.drain()
    return reader, writer


async def until(bench: Bench, metric: str, value: float) -> None:
    """Wait until a metric has a value."""
    while bench.observe.value(f"sensorium_detect_serving_{metric}") != value:
        await asyncio.sleep(0.001)


@pytest.mark.anyio
async def test_a_body_of_single_bytes_is_scored_while_others_are(bench: Bench) -> None:
    async with listening(bench.client.app, bench.observe) as url:
        reader, writer = await begun(url, len(BODY))
        for n, byte in enumerate(BODY[:-1], 1):
            writer.write(bytes([byte]))
            await writer.drain()
            await until(bench, "held_bytes", n)
        other, quick = await begun(url, len(BODY))
        quick.write(BODY)
        assert b"200 OK" in await other.readline()
        writer.write(BODY[-1:])
        assert b"200 OK" in await reader.readline()
        for one in (writer, quick):
            one.close()


@pytest.mark.anyio
async def test_a_sender_that_hangs_up_leaves_nothing_behind(bench: Bench) -> None:
    async with listening(bench.client.app, bench.observe) as url:
        _, writer = await begun(url, 1000)
        writer.write(BODY)
        await until(bench, "held_bytes", len(BODY))
        writer.close()
        await until(bench, "held_bytes", 0)
        await until(bench, "requests", 0)
    reason = {"reason": "disconnected"}
    assert bench.observe.value("sensorium_detect_serving_refused_total", reason) == 1


@pytest.mark.anyio
async def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes() -> None:
    alone = scoring(max_body_bytes=1024)
    async with listening(alone.client.app, alone.observe) as url:
        reader, writer = await begun(url, 1025)
        assert b"413" in await reader.readline()
        writer.close()
    assert alone.refused("too_large") == 1
