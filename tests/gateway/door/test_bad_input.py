from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sensorium.gateway.door.config import DoorConfig
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

CHAT = "/v1/chat/completions"
ROUTES = [CHAT, "/v1/messages", "/v1/responses", "/v1/embeddings"]
GOOD = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}

BODIES: list[Any] = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b'{"model": "m", "messages": [{"role": "user", "content": "\xff\xfe"}]}',
    b'{"model": NaN}',
    b"[" * 100_000,
    b'{"model": "m"}',
    b'{"model": 7, "messages": []}',
    b'{"model": "m", "messages": "hi", "input": {"a": 1}, "max_tokens": 1}',
]


def with_door(check: Any, **limits: Any) -> None:
    async def run() -> None:
        async with emulating(OpenAIEmulator()) as upstream:
            given = settings(
                model("m", "up"),
                providers=(provider("up", upstream.url),),
                door=DoorConfig(**limits),
            )
            async with serving(given, upstream) as served:
                await check(served, upstream)
                assert await served.rows() == [], "nothing is charged"
                assert upstream.seen == [], "no provider was called"

    asyncio.run(run())


def message_of(path: str, body: Any) -> str:
    """The error's words, in the shape of the route's own API."""
    if path == "/v1/messages":
        assert body["type"] == "error"
        return str(body["error"]["message"])
    assert set(body["error"]) == {"message", "type", "param", "code"}
    return str(body["error"]["message"])


@pytest.mark.parametrize("path", ROUTES)
def test_a_body_that_is_not_a_request_gets_an_error_of_the_routes_own_shape(path: str) -> None:
    async def check(served: Served, _: Any) -> None:
        for body in BODIES:
            status, answer, _ = await served.post(path, body)
            assert status == 400, body[:40]
            assert message_of(path, answer)

    with_door(check)


@pytest.mark.parametrize("path", ROUTES)
def test_no_route_answers_without_a_key_or_with_a_wrong_one(path: str) -> None:
    async def check(served: Served, _: Any) -> None:
        wrong = ["", "Bearer", "Bearer ", "Basic abc", f"Bearer {served.key[:-1]}", "Bearer \xe9"]
        wrong += [f"Bearer {served.key}x", "Bearer ' OR 1=1 --"]
        for value in wrong:
            status, answer, headers = await served.post(path, GOOD, authorization=value)
            assert status == 401, value
            assert "key" in message_of(path, answer)
            assert headers["x-should-retry"] == "false"

    with_door(check)


def test_an_unknown_model_and_one_that_is_not_the_callers_look_the_same() -> None:
    async def check(served: Served, _: Any) -> None:
        status, answer, _ = await served.post(CHAT, {**GOOD, "model": "nothing"})
        assert (status, answer["error"]["code"]) == (404, "model_not_found")
        assert answer["error"]["param"] == "model"

    with_door(check)


def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    async def check(served: Served, _: Any) -> None:
        status, answer, _ = await served.post(CHAT, b'"' + b"x" * 5000 + b'"')
        assert (status, answer["error"]["code"]) == (413, "request_too_large")

    with_door(check, max_body_bytes=4096)


def test_a_body_without_a_length_is_counted_as_it_comes() -> None:
    async def check(served: Served, _: Any) -> None:
        async def pieces() -> Any:
            for _ in range(10):
                yield b"x" * 1000

        headers = {"authorization": f"Bearer {served.key}"}
        async with served.http.post(served.url + CHAT, data=pieces(), headers=headers) as answer:
            assert answer.status == 413

    with_door(check, max_body_bytes=4096)


@pytest.mark.parametrize("path", ROUTES)
def test_a_body_that_does_not_arrive_gets_408_in_the_shape_of_the_route(path: str) -> None:
    async def check(served: Served, _: Any) -> None:
        reply = await raw(served, head(served, path, 100) + b"{")
        assert reply.startswith(b"HTTP/1.1 408 ")
        assert "0.05 seconds" in message_of(path, body_of(reply))

    with_door(check, body_timeout_s=0.05)


@pytest.mark.parametrize("sent", [b"", b"POST /v1/chat", b"POST / HTTP/1.1\r\nhost: a\r\nx: "])
def test_a_caller_that_does_not_finish_its_head_is_hung_up_on(sent: bytes) -> None:
    async def check(served: Served, _: Any) -> None:
        assert await raw(served, sent) == b""

    with_door(check, head_timeout_s=0.05)


WELL = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"


def test_a_second_head_on_a_connection_has_no_more_time_than_the_first() -> None:
    async def check(served: Served, _: Any) -> None:
        reply = await raw(served, WELL + b"POST /v1/chat")
        assert reply.startswith(b"HTTP/1.1 200 ")
        assert reply.count(b"HTTP/1.1") == 1

    with_door(check, head_timeout_s=1.0)  # the first must have come by then, also when it is busy


def test_a_second_head_on_a_connection_may_be_no_larger_than_the_first() -> None:
    async def check(served: Served, _: Any) -> None:
        reply = await raw(served, WELL + b"GET /healthz HTTP/1.1\r\nx: " + b"y" * 2000)
        assert b"HTTP/1.1 431 " in reply

    with_door(check, max_head_bytes=1024)


def test_a_connection_that_is_not_used_is_closed() -> None:
    async def check(served: Served, _: Any) -> None:
        reply = await raw(served, WELL)
        assert reply.startswith(b"HTTP/1.1 200 ")

    with_door(check, keep_alive_s=0.05)


def test_a_head_that_is_too_large_gets_431() -> None:
    async def check(served: Served, _: Any) -> None:
        reply = await raw(served, b"GET /healthz HTTP/1.1\r\nx: " + b"y" * 2000)
        assert reply.startswith(b"HTTP/1.1 431 ")
        assert body_of(reply)["error"]["code"] == "headers_too_large"

    with_door(check, max_head_bytes=1024)


def test_bytes_that_are_not_http_get_400() -> None:
    async def check(served: Served, _: Any) -> None:
        reply = await raw(served, b"\x16\x03\x01\x02\x00\x01\r\n\r\n")
        assert reply.startswith(b"HTTP/1.1 400 ")
        assert body_of(reply)["error"]["code"] == "invalid_http"

    with_door(check)


def test_an_encoded_body_is_refused_and_not_taken_for_json() -> None:
    async def check(served: Served, _: Any) -> None:
        status, *_ = await served.post(CHAT, b"{}", **{"content-encoding": "br"})
        assert status == 415

    with_door(check)


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/chat", "/v1/chat/completions/", "/test", "/docs"]
)
def test_a_path_that_is_not_in_the_table_is_not_found(path: str) -> None:
    async def check(served: Served, _: Any) -> None:
        status, answer, _ = await served.post(path, GOOD)
        assert (status, answer["error"]["code"]) == (404, "unknown_url")

    with_door(check)


def test_a_wrong_method_is_told_the_right_one() -> None:
    async def check(served: Served, _: Any) -> None:
        async with served.http.get(served.url + CHAT) as answer:
            assert answer.status == 405
            assert "POST" in (await answer.json())["error"]["message"]

    with_door(check)


def body_of(reply: bytes) -> Any:
    """The JSON of a whole answer, whose length its head tells."""
    head, _, body = reply.partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(body) in head
    return json.loads(body)


def head(served: Served, path: str, length: int, host: str = "gateway") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"host: {host}",
        f"authorization: Bearer {served.key}",
        f"content-length: {length}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def raw(served: Served, data: bytes) -> bytes:
    """What comes back for bytes, until the gateway hangs up."""
    host, _, port = served.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()
