"""What a call is reserved for: never less than it may come to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.door.test_chat import echo
from tests.gateway.served import Served

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "one two"}]}
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
