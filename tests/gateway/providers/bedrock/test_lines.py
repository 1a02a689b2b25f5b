from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.events import Broken
from sensorium.gateway.failure import CallFailedError, FailureKind
from sensorium.gateway.providers.bedrock.lines import LinesAnswer
from tests.gateway.upstreams.eventstream import event, exception, message, text

STREAM = (
    event("messageStart", b'{\n  "role": "assistant"\n}')
    + event("contentBlockDelta", '{"delta": {"text": "grün\\n"}}'.encode())
    + event("messageStop", b"")
    + exception("throttlingException", b'{"message":"slow down"}')
    + message(
        [
            (":message-type", 7, text("error")),
            (":error-code", 7, text("InternalFailure")),
            (":error-message", 7, text('it "broke"\n')),
        ]
    )
)
LINES = (
    b'{"event-type":"messageStart","payload":{"role":"assistant"}}\n'
    + '{"event-type":"contentBlockDelta","payload":{"delta":{"text":"grün\\n"}}}\n'.encode()
    + b'{"event-type":"messageStop","payload":{}}\n'
    b'{"event-type":"throttlingException","payload":{"message":"slow down"}}\n'
    b'{"event-type":"InternalFailure","payload":{"message":"it \\"broke\\"\\n"}}\n'
)


def lines(*pieces: bytes) -> list[bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def scenario() -> list[bytes]:
        answer: Any = SimpleNamespace(status=200, headers={}, chunks=chunks)
        return [chunk async for chunk in LinesAnswer(answer).chunks()]

    return asyncio.run(scenario())


def test_each_message_is_a_line_wherever_the_stream_is_divided() -> None:
    assert b"".join(lines(STREAM)) == LINES
    for at in range(len(STREAM)):
        found = lines(STREAM[:at], STREAM[at:])
        assert b"".join(found) == LINES
        assert all(chunk.endswith(b"\n") for chunk in found)


@pytest.mark.parametrize(
    "bad",
    [
        STREAM[:-1],
        STREAM[:-1] + bytes([STREAM[-1] ^ 1]),
        event("messageStart", b"{nonsense"),
        event('x","payload":{}}\n{"event-type":"messageStop', b"{}"),
        event("", b"{}"),
        message([(":message-type", 7, text("other"))], b"{}"),
        message([], b"{}"),
    ],
)
def test_a_stream_that_cannot_be_read_is_a_failure(bad: bytes) -> None:
    with pytest.raises(CallFailedError) as caught:
        lines(bad)
    assert caught.value.failure.kind is FailureKind.PROTOCOL
    assert "nonsense" not in caught.value.failure.message


def test_an_error_after_a_good_head_is_told_apart_by_the_dialect() -> None:
    reader = DIALECTS["bedrock"].stream_reader()
    begun = event("messageStart", b'{"role":"assistant"}')
    throttled = exception("throttlingException", b'{"message":"slow down"}')
    frames = [frame for chunk in lines(begun + throttled) for frame in reader.feed(chunk)]
    last = [one for frame in frames for one in frame.events][-1]
    assert isinstance(last, Broken)
    assert last.failure.kind is FailureKind.RATE_LIMITED
