"""A planted key is looked for in everything that a failing call leaves behind."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from typing import Any

import pytest

from sensorium.gateway.failure import CallFailedError
from sensorium.observe.exposition import exposition
from sensorium.observe.testing import RecordingObserve
from tests.gateway.providers.kinds import CASES, Case
from tests.gateway.upstreams.raw import Received, Say, answer, chunked, raw_upstream

PLANTED = "planted-KEY-0123456789abcdef"


def _all_that_was_sent(received: Received) -> bytes:
    """What a careless server says in its error: everything it was told."""
    return json.dumps({"error": {"message": repr(received)}}).encode()


def echo(status: str) -> Say:
    async def say(received: Received, writer: asyncio.StreamWriter) -> None:
        body = _all_that_was_sent(received)
        writer.write(answer(body, status, Location=f"http://127.0.0.1:9/?key={PLANTED}"))

    return say


def says_then_resets(data: bytes) -> Say:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.transport.abort()

    return say


async def hang(_: Received, __: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


FAULTS: dict[str, Say] = {
    **{
        status[:3]: echo(status)
        for status in (
            "302 Found",
            "400 Bad Request",
            "401 Unauthorized",
            "403 Forbidden",
            "404 Not Found",
            "422 Unprocessable",
            "429 Too Many Requests",
            "500 Internal Server Error",
            "503 Service Unavailable",
        )
    },
    "not http": says_then_resets(f"{PLANTED}\r\n\r\n".encode()),
    "closed": says_then_resets(b""),
    "cut head": says_then_resets(b"HTTP/1.1 200 OK\r\n"),
    "cut body": says_then_resets(chunked(PLANTED.encode(), kind="application/json")[:-5]),
    "bad chunk": says_then_resets(chunked(kind="application/json")[:-5] + b"zz\r\n"),
    "wrong type": says_then_resets(answer(PLANTED.encode(), Content_Type="text/html")),
    "slow": hang,
}
CHANGES: dict[str, dict[str, Any]] = {
    "no tls": {"timeout_s": 0.5},
    "slow": {"first_byte_s": 0.05},
    "a header that injects": {"headers": {"anthropic-beta": "a\r\nb", "openai-beta": "a\r\nb"}},
    "no json": {"body": {"x": object()}},
    "no operation": {"operation": "none"},
}


async def fail(case: Case, provider: Any, observe: RecordingObserve, name: str) -> list[str]:
    """Make a call that fails; the texts that it leaves, local variables of every frame included."""
    texts = [repr(vars(provider)), repr(provider)]
    try:
        with observe.span("gateway.call") as span:
            try:
                got = await provider.send(case.call(**CHANGES.get(name, {})))
                texts.append(repr(got))
                await got.body()
            except CallFailedError as error:
                span.record_exception(error)
                shown = traceback.TracebackException.from_exception(error, capture_locals=True)
                texts += [*shown.format(), repr(error), str(error), repr(error.failure)]
                observe.logger("gateway").error("failed", failure=error.failure, exc_info=error)
                logging.getLogger("sensorium.tests").exception("failed")
            else:
                texts.append("it did not fail")
    finally:
        await provider.close()
    return texts


def left_behind(texts: list[str], observe: RecordingObserve, logged: str) -> list[str]:
    spans = [span.to_json() for span in observe.spans]
    metrics = exposition(observe)[0].decode()
    return [*texts, *spans, metrics, repr(observe.entries), logged]


def check(texts: list[str]) -> None:
    assert "it did not fail" not in texts
    leaks = [text[max(text.find(PLANTED) - 300, 0) :][:400] for text in texts if PLANTED in text]
    assert leaks == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_key_is_in_nothing_that_a_failed_call_leaves(
    case: Case, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    observe = RecordingObserve()

    def made(url: str) -> Any:
        return case.make(url, key=PLANTED, observe=observe)

    async def scenario() -> list[str]:
        asyncio.get_running_loop().set_debug(True)
        texts = []
        for name, say in FAULTS.items():
            async with raw_upstream(say) as upstream:
                texts += await fail(case, made(upstream.url), observe, name)
        async with raw_upstream(echo("200 OK")) as upstream:
            for name in ("no json", "no operation"):
                texts += await fail(case, made(upstream.url), observe, name)
            if case.kind in {"openai", "azure", "anthropic"}:
                texts += await fail(case, made(upstream.url), observe, "a header that injects")
        texts += await fail(case, made("http://127.0.0.1:9"), observe, "refused")
        async with raw_upstream(echo("200 OK")) as upstream:
            plain = upstream.url.replace("http:", "https:")
            texts += await fail(case, made(plain), observe, "no tls")
        return texts

    check(left_behind(asyncio.run(scenario()), observe, caplog.text))
    assert observe.spans


def test_a_session_token_is_in_nothing_that_a_failed_call_leaves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    case = CASES["bedrock"]
    observe = RecordingObserve()

    async def scenario() -> list[str]:
        texts = []
        for status in ("400 Bad Request", "403 Forbidden", "500 Internal Server Error"):
            async with raw_upstream(echo(status)) as upstream:
                made = case.make(
                    upstream.url, observe=observe, environment={"AWS_SESSION_TOKEN": PLANTED}
                )
                texts += await fail(case, made, observe, status)
                assert upstream.requests[0].headers["x-amz-security-token"] == PLANTED
        return texts

    check(left_behind(asyncio.run(scenario()), observe, caplog.text))
