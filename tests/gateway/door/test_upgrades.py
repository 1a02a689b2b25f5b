"""Requests that ask for another protocol, as Java's client does with its first on a connection."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.gateway.door.test_bad_input import CHAT, GOOD, head, raw
from tests.gateway.door.test_chat import echo
from tests.gateway.served import Served

BODY = json.dumps(GOOD).encode()
ASKS = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n\r\n"
LAST = b"connection: close\r\n\r\n"
WELL = b"GET /healthz HTTP/1.1\r\nhost: a\r\n"


def request(served: Served, ending: bytes, body: bytes = BODY) -> bytes:
    """A whole request; ``ending`` are the last lines of its head."""
    return head(served, CHAT, len(body))[:-2] + ending + body


def answers(reply: bytes) -> list[int]:
    return [int(part[:3]) for part in reply.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("wish", [b"h2c", b"websocket", b"something/1"])
def test_a_wish_for_another_protocol_is_ignored_and_the_body_is_read(wish: bytes) -> None:
    async def check() -> None:
        async with echo() as (served, upstream):
            asks = ASKS.replace(b"h2c", wish)
            reply = await raw(served, request(served, asks) + request(served, LAST))
            assert answers(reply) == [200, 200]
            assert reply.count(b"You said: hi") == 2
            assert [json.loads(one.body)["messages"] for one in upstream.seen] == (
                [GOOD["messages"]] * 2
            )

    asyncio.run(check())


def test_a_body_that_comes_in_pieces_after_such_a_head_is_one_body() -> None:
    async def check() -> None:
        async with echo() as (served, _):
            whole = request(served, ASKS)
            at = whole.index(b"\r\n\r\n") + 4
            host, _, port = served.url.removeprefix("http://").partition(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            for piece in (whole[: at - 9], whole[at - 9 : at], whole[at : at + 5], whole[at + 5 :]):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.02)
            writer.write(WELL + LAST)
            assert answers(await asyncio.wait_for(reader.read(), 20)) == [200, 200]
            writer.close()

    asyncio.run(check())


def test_a_body_in_chunks_after_such_a_head_is_one_body() -> None:
    async def check() -> None:
        async with echo() as (served, _):
            chunked = head(served, CHAT, 0).replace(
                b"content-length: 0", b"transfer-encoding: chunked"
            )
            pieces = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in (BODY[:9], BODY[9:]))
            sent = chunked[:-2] + ASKS + pieces + b"0\r\n\r\n" + WELL + LAST
            assert answers(await raw(served, sent)) == [200, 200]

    asyncio.run(check())


def test_what_stands_in_such_a_body_is_never_a_request() -> None:
    async def check() -> None:
        async with echo() as (served, upstream):
            inner = request(served, LAST)
            reply = await raw(served, request(served, ASKS, inner) + WELL + LAST)
            assert answers(reply) == [400, 200], "not JSON, and then the next"
            assert upstream.seen == []

    asyncio.run(check())


def test_many_such_requests_without_waiting_are_all_answered() -> None:
    async def check() -> None:
        async with echo() as (served, _):
            reply = await raw(served, (WELL + ASKS) * 300 + WELL + LAST)
            assert answers(reply) == [200] * 301

    asyncio.run(check())


def test_what_is_no_http_after_such_a_request_is_refused() -> None:
    async def check() -> None:
        async with echo() as (served, _):
            reply = await raw(served, WELL + ASKS + b"\x00\x01\r\n\r\n")
            body: dict[str, Any] = json.loads(reply.rpartition(b"\r\n\r\n")[2])
            assert body["error"]["code"] == "invalid_http"

    asyncio.run(check())
