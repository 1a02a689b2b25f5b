from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from sensorium.gateway.routing.config import FallbackConfig
from tests.gateway.served import Served, model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import Fault, stream
from tests.gateway.upstreams.server import serving as emulating

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def fails(status: int, code: str = "", message: str = "no", **headers: str) -> Fault:
    async def fault(_: web.Request) -> web.StreamResponse:
        body = {"error": {"message": message, "code": code or None, "type": None, "param": None}}
        return web.json_response(
            body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    return fault


@asynccontextmanager
async def two(**more: Any) -> AsyncIterator[tuple[Served, OpenAIEmulator, OpenAIEmulator]]:
    """``m`` at the first server, and ``spare`` at the second."""
    first, second = OpenAIEmulator(), OpenAIEmulator()
    async with emulating(first), emulating(second):
        given = settings(
            model("m", "first", **more),
            model("spare", "second"),
            providers=(provider("first", first.url), provider("second", second.url)),
        )
        async with serving(given, first, second) as served:
            yield served, first, second


FAULTS = {
    "rate_limited": fails(429, "rate_limit_exceeded"),
    "overloaded": fails(503),
    "server_error": fails(500),
    "context_too_long": fails(400, "context_length_exceeded"),
    "content_filtered": fails(400, "content_filter"),
}


@pytest.mark.parametrize("stream_it", [False, True])
@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_of_failure_goes_to_the_model_named_for_it(kind: str, stream_it: bool) -> None:
    async def check() -> None:
        chain = FallbackConfig(on=(kind,), to=("spare",))  # type: ignore[arg-type]
        async with two(fallbacks=(chain,)) as (served, first, second):
            first.faults.append(FAULTS[kind])
            asked = {**ASKED, "stream": stream_it}
            headers = {"authorization": f"Bearer {served.key}"}
            async with served.http.post(served.url + CHAT, json=asked, headers=headers) as answer:
                assert answer.status == 200
                assert "You" in await answer.text()
                assert answer.headers["x-sensorium-deployment"] == "second/echo"
                assert answer.headers["x-sensorium-attempts"] == "2"
                reason = answer.headers["x-sensorium-route-reason"]
                assert reason == f"fallback after {kind}; spare: only one"
            assert (len(first.seen), len(second.seen)) == (1, 1)
            rows = await served.rows()
            assert [row.status for row in rows] == ["failed", "ok"]
            assert [row.attempt for row in rows] == [1, 2]
            assert rows[0].cost == 0, "an error costs nothing"

    asyncio.run(check())


def test_an_error_inside_a_stream_before_its_first_word_still_goes_elsewhere() -> None:
    async def check() -> None:
        async def breaks(request: web.Request) -> web.StreamResponse:
            role = b'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
            error = b'data: {"error": {"message": "overloaded", "code": "engine_overloaded"}}\n\n'
            return await stream(request, [role, error])

        chain = FallbackConfig(to=("spare",))
        async with two(fallbacks=(chain,)) as (served, first, _):
            first.faults.append(breaks)
            headers = {"authorization": f"Bearer {served.key}"}
            asked = {**ASKED, "stream": True}
            async with served.http.post(served.url + CHAT, json=asked, headers=headers) as answer:
                text = await answer.text()
            assert text.count("[DONE]") == 1
            assert "overloaded" not in text

    asyncio.run(check())


def test_without_a_fallback_the_caller_gets_the_providers_no_and_when_to_come_again() -> None:
    async def check() -> None:
        async with two(attempts=1) as (served, first, _):
            first.faults.append(fails(429, "rate_limit_exceeded", retry_after="7"))
            status, body, headers = await served.post(CHAT, ASKED)
            assert (status, body["error"]["code"]) == (429, "rate_limited")
            assert (headers["retry-after"], headers["retry-after-ms"]) == ("7", "7000")
            assert headers["x-sensorium-attempts"] == "1"

    asyncio.run(check())


def test_a_short_wait_that_the_provider_asks_for_is_waited_and_then_it_is_asked_again() -> None:
    async def check() -> None:
        async with two() as (served, first, _):
            first.faults.append(fails(429, "rate_limit_exceeded", retry_after_ms="20"))
            status, _, headers = await served.post(CHAT, ASKED)
            assert (status, headers["x-sensorium-attempts"]) == (200, "2")
            assert headers["x-sensorium-route-reason"].startswith("again after rate_limited")

    asyncio.run(check())


def test_a_provider_that_is_too_slow_for_the_deadline_ends_the_call_with_504() -> None:
    async def check() -> None:
        async def never(_: web.Request) -> web.StreamResponse:
            await asyncio.sleep(3600)
            raise AssertionError

        async with two(deadline_s=0.2) as (served, first, _):
            first.faults.extend([never] * 3)
            status, body, _ = await served.post(CHAT, ASKED)
            assert (status, body["error"]["code"]) == (504, "timeout")
            assert len(first.seen) == 1
            (row,) = await served.rows()
            assert row.input_tokens > 0, "the provider may have read it"

    asyncio.run(check())


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_no_fault_of_the_callers_and_shows_no_key(status: int) -> None:
    async def check() -> None:
        async with two() as (served, first, _):
            first.faults.append(fails(status, "invalid_api_key", f"Incorrect key {first.key}"))
            found, body, headers = await served.post(CHAT, ASKED)
            assert found == 502
            assert first.key not in str(body) + str(headers) + served.log.getvalue()

    asyncio.run(check())


def test_a_bad_request_is_passed_on_with_the_providers_words_and_never_tried_again() -> None:
    async def check() -> None:
        chain = FallbackConfig(to=("spare",))
        async with two(fallbacks=(chain,)) as (served, first, second):
            first.faults.append(fails(400, "", "temperature must be at most 2"))
            status, body, _ = await served.post(CHAT, ASKED)
            assert (status, body["error"]["message"]) == (400, "temperature must be at most 2")
            assert (len(first.seen), len(second.seen)) == (1, 0)

    asyncio.run(check())
