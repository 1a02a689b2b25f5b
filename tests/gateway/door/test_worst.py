"""What a call is reserved for: never less than it may come to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sensorium.gateway.ledger import PriceBook
from tests.gateway.door.test_chat import echo
from tests.gateway.door.test_leaving import before, settled
from tests.gateway.served import Served
from tests.gateway.upstreams.raw import Received

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "one two"}]}
BOUND = {"max_tokens": 50}
PICTURE = 5000  # tokens, where the price list says nothing else
LONGEST = 128_000  # of an answer that nothing bounds, in the price list of the tests


async def reserved(served: Served, *bodies: dict[str, Any]) -> list[int]:
    """Tokens that were reserved for each."""
    for body in bodies:
        status, _, _ = await served.post(CHAT, {**ASKED, **body})
        assert status == 200
    return [row.worst_tokens for row in await served.rows()]


@pytest.mark.parametrize(("bound", "each"), [({}, LONGEST), ({"max_tokens": 50}, 50)])
def test_several_answers_are_reserved_for_as_many(bound: dict[str, Any], each: int) -> None:
    async def check() -> None:
        async with echo() as (served, _):
            one, five = await reserved(served, bound, {**bound, "n": 5})
            assert five - one == 4 * each

    asyncio.run(check())


def test_two_bounds_that_differ_are_refused() -> None:
    async def check() -> None:
        async with echo() as (served, upstream):
            body = {**ASKED, "max_completion_tokens": 5, "max_tokens": 90_000}
            status, answer, _ = await served.post(CHAT, body)
            assert (status, answer["error"]["param"]) == (400, "max_tokens")
            assert upstream.seen == []
            (tokens,) = await reserved(served, {"max_completion_tokens": 5, "max_tokens": 5})
            assert tokens < 90

    asyncio.run(check())


def picture(detail: str) -> dict[str, Any]:
    url = "data:image/png;base64,iVBORw0KGgo="
    return {"type": "image_url", "image_url": {"url": url, "detail": detail}}


@pytest.mark.parametrize("detail", ["low", "high"])
def test_a_picture_is_reserved_for_at_the_most_that_the_model_reads_one_as(detail: str) -> None:
    async def check() -> None:
        async with echo() as (served, _):
            bodies = [
                {"messages": [{"role": "user", "content": [picture(detail)] * count}], **BOUND}
                for count in (1, 3)
            ]
            one, three = await reserved(served, *bodies)
            estimated = 90 if detail == "low" else 1600
            assert three - one == 2 * (PICTURE + estimated)

    asyncio.run(check())


def test_a_caller_who_leaves_pays_a_picture_as_estimated_and_not_at_its_most() -> None:
    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    async def check() -> None:
        async with before(say) as (served, upstream):
            said = [{"role": "user", "content": [picture("high")]}]
            asking = asyncio.ensure_future(served.post(CHAT, {**ASKED, "messages": said}))
            while not upstream.requests:
                await asyncio.sleep(0.001)
            asking.cancel()
            (row,) = await settled(served)
            assert 1600 <= row.input_tokens < 1700
            assert row.worst_tokens > PICTURE

    asyncio.run(check())


def test_what_a_picture_is_read_as_stands_in_the_price_list() -> None:
    book = PriceBook.load()
    seen = {name: book.entry("openai", name) for name in ("gpt-4o-mini", "gpt-4o", "gpt-6-sol")}
    assert {name: entry and entry.picture for name, entry in seen.items()} == {
        "gpt-4o-mini": 48_200,
        "gpt-4o": PICTURE,
        "gpt-6-sol": 12_000,
    }
