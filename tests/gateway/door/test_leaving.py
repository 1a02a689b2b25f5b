"""Callers who leave, providers who break off, and streams that are read slowly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest

from sensorium.gateway.door.config import DoorConfig
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.raw import RawUpstream, Received, Say, chunk, raw_upstream
from tests.gateway.upstreams.server import Emulator

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**ASKED, "stream": True}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def piece(text: str, **more: Any) -> bytes:
    """A chunk of a stream with one piece of text."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    body = {"id": "c", "object": "chat.completion.chunk", "model": "echo", "choices": [choice]}
    return chunk(b"data: " + json.dumps({**body, **more}).encode() + b"\n\n")


@asynccontextmanager
async def before(say: Say, **door: Any) -> AsyncIterator[tuple[Served, RawUpstream]]:
    async with raw_upstream(say) as upstream:
        given = settings(
            model("m", "up", attempts=1),
            providers=(provider("up", upstream.url),),
            door=DoorConfig(**door),
        )
        async with serving(given, Emulator(key="sk-up")) as served:
            yield served, upstream


def test_a_caller_that_leaves_a_stream_cancels_it_upstream_and_pays_what_was_used() -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + piece("twelve chars"))
        await asyncio.sleep(3600)

    async def check() -> None:
        async with before(say) as (served, upstream):
            async with served.http.post(
                served.url + CHAT, json=STREAM, headers={"authorization": f"Bearer {served.key}"}
            ) as answer:
                assert b"twelve chars" in await answer.content.readany()
                answer.close()
            await asyncio.wait_for(upstream.hung_up.wait(), 20)
            (row,) = await settled(served)
            assert row.status == "cancelled"
            assert row.output_tokens == 5
            assert 0 < row.cost <= row.worst

    asyncio.run(check())


def test_a_caller_that_leaves_before_an_answer_cancels_it_upstream_and_pays_its_input() -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    async def check() -> None:
        async with before(say) as (served, upstream):
            asking = asyncio.ensure_future(served.post(CHAT, ASKED))
            while not upstream.requests:
                await asyncio.sleep(0.001)
            asking.cancel()
            await asyncio.wait_for(upstream.hung_up.wait(), 20)
            (row,) = await settled(served)
            assert row.status == "cancelled"
            assert row.input_tokens > 0

    asyncio.run(check())


def test_a_stream_that_breaks_off_ends_with_one_clean_error_that_the_sdk_raises() -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + piece("first ") + piece("second ")[:-20])
        await writer.drain()
        writer.close()

    async def check() -> None:
        async with (
            before(say) as (served, _),
            openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key=served.key) as client,
        ):
            stream = await client.chat.completions.create(**STREAM)
            first = await anext(stream)
            assert first.choices[0].delta.content == "first "
            with pytest.raises(openai.APIError) as raised:
                await anext(stream)
            assert raised.value.body["code"] in {"unreachable", "protocol", "server_error"}
            (row,) = await settled(served)
            assert row.status == "failed"
            assert row.output_tokens > 0, "what had been written is charged"

    asyncio.run(check())


def test_an_error_inside_a_stream_is_told_once_and_in_the_gateways_own_words() -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        error = b'data: {"error": {"message": "engine 10.1.2.3 fell over", "code": 500}}\n\n'
        writer.write(HEAD + piece("first ") + chunk(error) + b"0\r\n\r\n")

    async def check() -> None:
        async with before(say) as (served, _):
            frames = [frame async for frame in stream_of(served)]
            assert sum('"error"' in frame for frame in frames) == 1
            assert '"error"' in frames[-1]
            assert "[DONE]" not in "".join(frames)

    asyncio.run(check())


def test_a_caller_that_does_not_read_is_hung_up_on_and_the_provider_let_go() -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while True:
            writer.write(piece("x" * 60_000))
            await writer.drain()

    async def check() -> None:
        async with before(say, write_timeout_s=0.1) as (served, _):
            host, _, port = served.url.removeprefix("http://").partition(":")
            _, writer = await asyncio.open_connection(host, int(port), limit=1024)
            body = json.dumps(STREAM).encode()
            writer.write(
                f"POST {CHAT} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {served.key}\r\n"
                f"content-length: {len(body)}\r\n\r\n".encode()
                + body
            )
            (row,) = await asyncio.wait_for(settled(served), 20)
            assert row.status == "cancelled"
            writer.close()

    asyncio.run(check())


def test_a_connection_to_a_provider_is_used_again_after_a_stream() -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + piece("one") + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    async def check() -> None:
        async with before(say) as (served, upstream):
            for _ in range(8):
                assert "[DONE]" in "".join([frame async for frame in stream_of(served)])
                await asyncio.sleep(0.02)  # after a chunked answer it waits a moment for more
            assert upstream.connections < 8

    asyncio.run(check())


async def stream_of(served: Served) -> AsyncIterator[str]:
    """The frames of a streamed answer."""
    headers = {"authorization": f"Bearer {served.key}"}
    async with served.http.post(served.url + CHAT, json=STREAM, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for frame in (await answer.text()).split("\n\n"):
            if frame:
                yield frame


async def settled(served: Served) -> list[Any]:
    """The ledger's rows once each has its outcome."""
    while True:
        rows = await served.rows()
        if rows and all(row.state == "settled" for row in rows):
            return rows
        await asyncio.sleep(0.001)
