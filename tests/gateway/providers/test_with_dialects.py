"""Providers and the gateway's own dialects together, against servers that speak as providers do."""

from __future__ import annotations

import asyncio
import json
import time
from email.utils import formatdate
from typing import Any

import pytest

from sensorium.gateway.conversation import Conversation, Message, Role, Text
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.events import Broken, Counted, Ended, TextPiece
from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from tests.gateway.providers.kinds import CASES, Case
from tests.gateway.upstreams.eventstream import event
from tests.gateway.upstreams.raw import answer, chunked, raw_upstream, says
from tests.gateway.upstreams.server import serving

pytestmark = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def asked(case: Case, *, stream: bool) -> Conversation:
    return Conversation(
        model=case.model,
        messages=(Message(Role.USER, (Text("hello"),)),),
        max_output_tokens=100,
        stream=stream,
        stream_usage=stream,
    )


def call(case: Case, provider: Any, *, stream: bool) -> Any:
    body = provider.dialect.render_request(asked(case, stream=stream))
    return case.call(stream=stream, body=body)


async def events(case: Case, provider: Any) -> list[Any]:
    got = await provider.send(call(case, provider, stream=True))
    reader = provider.dialect.stream_reader()
    try:
        frames = [frame async for chunk in got.chunks() for frame in reader.feed(chunk)]
    finally:
        await got.aclose()
    return [one for frame in [*frames, *reader.close()] for one in frame.events]


def test_a_reply_is_understood_whole_and_streamed(case: Case) -> None:
    async def scenario() -> None:
        async with serving(case.emulator()) as upstream:
            provider = case.make(upstream.url, dialects=DIALECTS)
            got = await provider.send(call(case, provider, stream=False))
            reply = provider.dialect.parse_reply(json.loads(await got.body()))
            text = "".join(part.text for part in reply.answers[0].parts)
            assert text.endswith(": hello")
            assert reply.usage.input == 7

            found = await events(case, provider)
            said = "".join(one.text for one in found if isinstance(one, TextPiece))
            assert said == text
            assert isinstance(found[-1], Ended)
            counted = [one.usage for one in found if isinstance(one, Counted)]
            assert counted[-1].output == len(text)
            await provider.close()

    asyncio.run(scenario())


def test_a_stream_that_ends_early_is_broken_and_not_ended(case: Case) -> None:
    async def scenario() -> None:
        async with raw_upstream(says(chunked(*_begun(case), kind=case.stream_type))) as upstream:
            provider = case.make(upstream.url, dialects=DIALECTS)
            found = await events(case, provider)
            assert isinstance(found[-1], Broken)
            await provider.close()

    asyncio.run(scenario())


def _begun(case: Case) -> list[bytes]:
    """The beginning of a good stream, for each dialect."""
    if case.kind == "bedrock":
        return [event("messageStart", b'{"role":"assistant"}')]
    if case.kind == "gemini":
        return [b'data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}\n\n']
    if case.kind == "anthropic":
        usage = b'"usage":{"input_tokens":1,"output_tokens":1}'
        message = b'{"id":"m","model":"echo","content":[],%s}' % usage
        return [b'event: message_start\ndata: {"type":"message_start","message":%s}\n\n' % message]
    delta = b'{"index":0,"delta":{"content":"a"},"finish_reason":null}'
    return [b'data: {"id":"1","model":"echo","created":1,"choices":[%s]}\n\n' % delta]


async def failure_at(case: Case, data: bytes) -> Failure:
    async with raw_upstream(says(data)) as upstream:
        provider = case.make(upstream.url, dialects=DIALECTS)
        with pytest.raises(CallFailedError) as caught:
            await provider.send(call(case, provider, stream=False))
        await provider.close()
        return caught.value.failure


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "0"}, 0.0),
        ({"Retry_After_Ms": "1500"}, 1.5),
        ({"Retry_After_Ms": "1500", "Retry_After": "2"}, 1.5),
        ({"Date": formatdate(1_700_000_000, usegmt=True),
          "Retry_After": formatdate(1_700_000_090, usegmt=True)}, 90.0),
        ({"X_RateLimit_Remaining_Requests": "0", "X_RateLimit_Reset_Requests": "6m0s"}, 360.0),
        ({"X_RateLimit_Remaining_Tokens": "0", "X_RateLimit_Reset_Tokens": "250ms"}, 0.25),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "-5"}, 0.0),
        ({}, None),
    ],
)  # fmt: skip
def test_a_pause_that_is_asked_for_is_understood_in_every_form(
    case: Case, headers: dict[str, str], wait: float | None
) -> None:
    data = answer(b'{"error":{"message":"slow down"}}', "429 Too Many Requests", **headers)
    failed = asyncio.run(failure_at(case, data))
    assert failed.kind is FailureKind.RATE_LIMITED
    assert failed.retry_after_s == wait


def test_a_date_without_the_servers_own_is_counted_from_this_clock(case: Case) -> None:
    later = formatdate(time.time() + 600, usegmt=True)
    data = answer(b"{}", "429 Too Many Requests", Retry_After=later)
    failed = asyncio.run(failure_at(case, data))
    assert failed.retry_after_s is not None
    assert 300 < failed.retry_after_s <= 600
