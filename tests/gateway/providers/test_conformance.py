"""What every provider over HTTP must do, run over each kind against real servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import pytest

from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.observe import Observe
from tests.gateway.providers.conftest import Run
from tests.gateway.providers.kinds import CASES, Case
from tests.gateway.upstreams.raw import Received, answer, chunked, raw_upstream, says
from tests.gateway.upstreams.server import serving

pytestmark = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


async def failure(awaitable: Any) -> Failure:
    with pytest.raises(CallFailedError) as caught:
        await awaitable
    return caught.value.failure


async def read(case: Case, provider: Any, *, stream: bool = False) -> bytes:
    got = await provider.send(case.call(stream=stream))
    try:
        if stream:
            return b"".join([piece async for piece in got.chunks()])
        return bytes(await got.body())
    finally:
        await got.aclose()


def test_a_chat_is_answered(run: Run, case: Case) -> None:
    async def scenario() -> None:
        async with serving(case.emulator()) as upstream:
            provider = case.make(upstream.url)
            for _ in range(2):
                body = await read(case, provider)
                assert b"hello" in body
                assert json.loads(body)
            assert len(upstream.seen) == 2
            assert json.loads(upstream.seen[0].body) == case.chat
            await provider.close()

    run(scenario())


def test_a_stream_comes_whole(run: Run, case: Case) -> None:
    async def scenario() -> None:
        async with serving(case.emulator()) as upstream:
            provider = case.make(upstream.url)
            body = await read(case, provider, stream=True)
            assert b"hello" in body
            assert len(upstream.seen) == 1
            await provider.close()

    run(scenario())


def test_embeddings_are_made_where_the_kind_has_them(run: Run, case: Case) -> None:
    async def scenario() -> None:
        async with serving(case.emulator()) as upstream:
            provider = case.make(upstream.url)
            call = case.call(operation="embeddings", body=case.embeddings or {})
            if case.embeddings is None:
                refused = await failure(provider.send(call))
                assert (refused.kind, refused.code) == (FailureKind.BAD_REQUEST, "operation")
                assert upstream.seen == []
            else:
                got = await provider.send(call)
                assert b"embedding" in await got.body()
            await provider.close()

    run(scenario())


def test_an_unknown_operation_is_refused_before_anything_is_sent(run: Run, case: Case) -> None:
    async def scenario() -> None:
        async with serving(case.emulator()) as upstream:
            provider = case.make(upstream.url)
            refused = await failure(provider.send(case.call(operation="delete")))
            assert refused.kind is FailureKind.BAD_REQUEST
            assert upstream.seen == []
            await provider.close()

    run(scenario())


def test_a_body_that_is_not_json_is_refused_before_anything_is_sent(run: Run, case: Case) -> None:
    async def scenario() -> None:
        async with serving(case.emulator()) as upstream:
            provider = case.make(upstream.url)
            for value in (object(), "\ud800", {1: 2}, 1 << 80):
                refused = await failure(provider.send(case.call(body={"x": value})))
                assert (refused.kind, refused.code) == (FailureKind.BAD_REQUEST, "json")
            assert upstream.seen == []
            await provider.close()

    run(scenario())


def test_a_wrong_key_is_the_gateways_fault_and_is_not_repeated(run: Run, case: Case) -> None:
    async def scenario() -> None:
        async with serving(case.emulator()) as upstream:
            provider = case.make(upstream.url, key="wrong-key-abcdef")
            refused = await failure(provider.send(case.call()))
            if case.kind != "gemini":  # Google says 400, which its own dialect understands
                assert refused.kind is FailureKind.UNAUTHENTICATED
            assert "wrong-key" not in repr(refused)
            await provider.close()

    run(scenario())


def test_only_headers_that_are_let_through_go_on(run: Run, case: Case) -> None:
    async def scenario() -> None:
        async with serving(case.emulator()) as upstream:
            provider = case.make(upstream.url)
            sent = {
                "Authorization": "Bearer callers",
                "X-Api-Key": "callers",
                "x-goog-api-key": "callers",
                "api-key": "callers",
                "Cookie": "callers",
                "Host": "callers",
                "X-Forwarded-For": "callers",
                "Content-Length": "1",
                "Transfer-Encoding": "chunked",
                "x-amz-security-token": "callers",
                "Anthropic-Beta": "tools-1",
                "OpenAI-Organization": "org-1",
                "X-Amzn-Bedrock-Trace": "ENABLED",
            }
            got = await provider.send(case.call(headers=sent))
            await got.body()
            received = upstream.seen[0].headers
            assert "callers" not in received.values()
            on = {"anthropic-beta", "openai-organization", "x-amzn-bedrock-trace"} & set(received)
            assert len(on) == (0 if case.kind == "gemini" else 1)
            await provider.close()

    run(scenario())


def test_of_an_answers_headers_only_useful_ones_come_back(run: Run, case: Case) -> None:
    async def scenario() -> None:
        data = answer(b"{}", X_Request_Id="r", Set_Cookie="a=b", Server="internal-7", Via="proxy")
        async with raw_upstream(says(data)) as upstream:
            provider = case.make(upstream.url)
            got = await provider.send(case.call())
            assert dict(got.headers) == {"content-type": "application/json", "x-request-id": "r"}
            await got.aclose()
            await provider.close()

    run(scenario())


def test_a_redirect_is_not_followed_and_its_address_not_told(run: Run, case: Case) -> None:
    async def scenario() -> None:
        for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
            data = answer(b"{}", status, Location="http://127.0.0.1:9/internal")
            async with raw_upstream(says(data)) as upstream:
                provider = case.make(upstream.url)
                refused = await failure(provider.send(case.call()))
                assert (refused.kind, refused.code) == (FailureKind.PROTOCOL, "redirect")
                assert "internal" not in repr(refused)
                assert len(upstream.requests) == 1
                await provider.close()

    run(scenario())


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_of_another_type_is_refused(run: Run, case: Case, stream: bool) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(answer(b"<html>", Content_Type="text/html"))) as upstream:
            provider = case.make(upstream.url)
            refused = await failure(provider.send(case.call(stream=stream)))
            assert (refused.kind, refused.code) == (FailureKind.PROTOCOL, "content_type")
            await provider.close()

    run(scenario())


def test_an_answer_that_is_too_large_is_refused(run: Run, case: Case) -> None:
    async def scenario() -> None:
        for data in (answer(b"x" * 5000), chunked(b"x" * 5000, kind="application/json")):
            async with raw_upstream(says(data)) as upstream:
                provider = case.make(upstream.url, max_answer_bytes=2000)
                refused = await failure(read(case, provider))
                assert (refused.kind, refused.code) == (FailureKind.PROTOCOL, "too_large")
                await provider.close()

    run(scenario())


def test_an_error_is_read_by_the_dialect_up_to_a_bound(run: Run, case: Case) -> None:
    async def scenario() -> None:
        for status, kind in (
            ("429 Too Many Requests", FailureKind.RATE_LIMITED),
            ("500 Internal Server Error", FailureKind.SERVER_ERROR),
            ("503 Service Unavailable", FailureKind.OVERLOADED),
            ("404 Not Found", FailureKind.NOT_FOUND),
        ):
            data = answer(b"y" * 1_000_000, status, Retry_After="7")
            async with raw_upstream(says(data)) as upstream:
                provider = case.make(upstream.url)
                failed = await failure(provider.send(case.call()))
                assert (failed.kind, failed.retry_after_s) == (kind, 7.0)
                assert len(failed.message) == 65_536
                assert len(upstream.requests) == 1, "a provider does not retry"
                await provider.close()

    run(scenario())


def test_an_error_whose_body_does_not_end_is_still_an_error(run: Run, case: Case) -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"z" * 50, "503 Service Unavailable")[:-10])
        await asyncio.sleep(60)

    async def scenario() -> None:
        async with raw_upstream(say) as upstream:
            provider = case.make(upstream.url)
            failed = await failure(provider.send(case.call(timeout_s=0.2)))
            assert failed.kind is FailureKind.OVERLOADED
            assert failed.message == "z" * 40
            await upstream.hung_up.wait()
            await provider.close()

    run(scenario())


def test_a_head_that_does_not_come_is_a_timeout(run: Run, case: Case) -> None:
    async def say(_: Received, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async def scenario() -> None:
        async with raw_upstream(say) as upstream:
            provider = case.make(upstream.url)
            late = await failure(provider.send(case.call(first_byte_s=0.05)))
            assert (late.kind, late.code) == (FailureKind.TIMEOUT, "first_byte")
            await provider.close()

    run(scenario())


def test_a_stream_that_is_cut_gives_what_came_and_then_fails(run: Run, case: Case) -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(chunked(case.piece, kind=case.stream_type)[:-5])
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.transport.abort()

    async def scenario() -> None:
        async with raw_upstream(say) as upstream:
            provider = case.make(upstream.url)
            got = await provider.send(case.call(stream=True))
            pieces = got.chunks()
            assert b"begun" in await anext(pieces)
            failed = await failure(anext(pieces))
            assert failed.kind is FailureKind.UNREACHABLE
            await got.aclose()
            await provider.close()

    run(scenario())


def test_a_cancelled_call_hangs_up(run: Run, case: Case) -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(chunked(case.piece, kind=case.stream_type)[:-5])
        await asyncio.sleep(60)

    async def scenario() -> None:
        async with raw_upstream(say) as upstream:
            provider = case.make(upstream.url)
            task = asyncio.ensure_future(read(case, provider, stream=True))
            while not upstream.requests:
                await asyncio.sleep(0.005)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await upstream.hung_up.wait()
            await provider.close()

    run(scenario())


def test_settings_headers_are_sent(run: Run, case: Case) -> None:
    from sensorium.gateway.providers.config import ExtraHeader

    async def scenario() -> None:
        async with serving(case.emulator()) as upstream:
            extra = (ExtraHeader(name="X-Team", value="network"),)
            provider = case.make(upstream.url, headers=extra)
            await read(case, provider)
            assert upstream.seen[0].headers["x-team"] == "network"
            await provider.close()

    run(scenario())


def test_a_probe_says_whether_the_provider_can_be_used(run: Run, case: Case) -> None:
    async def scenario() -> None:
        emulator = case.emulator()
        if hasattr(emulator, "settings"):
            emulator.settings["/inference-profiles"] = {"inferenceProfileSummaries": []}
        async with serving(emulator) as upstream:
            for key in ("", "wrong-key"):
                there = {"AWS_ENDPOINT_URL_BEDROCK": upstream.url}
                provider = case.make(upstream.url, key=key, environment=there)
                if key:
                    assert "wrong-key" not in repr(await failure(provider.probe(10.0)))
                else:
                    await provider.probe(10.0)
                await provider.close()
        provider = case.make(upstream.url, environment=there)
        assert (await failure(provider.probe(10.0))).kind is FailureKind.UNREACHABLE
        await provider.close()

    run(scenario())


def test_nothing_connects_to_a_private_address_unless_that_is_allowed(run: Run, case: Case) -> None:
    async def scenario() -> None:
        observe = Observe()
        url = "https://127.0.0.1:9"
        provider = case.make(url, observe=observe, allow_private_destinations=False)
        refused = await failure(provider.send(case.call()))
        assert (refused.kind, refused.code) == (FailureKind.UNREACHABLE, "destination_refused")
        await provider.close()

    run(scenario())
