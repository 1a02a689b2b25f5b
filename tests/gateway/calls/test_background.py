"""Work that an answer does not wait for is done all the same."""

from __future__ import annotations

import asyncio

import pytest

from sensorium.gateway.calls.background import Background

pytestmark = pytest.mark.anyio


async def test_what_is_put_off_waits_until_its_caller_waits() -> None:
    background = Background()
    done: list[object] = []
    background.soon(done.append, 1)
    background.soon(done.append, 2)
    assert done == []
    await asyncio.sleep(0)
    assert done == [1, 2]


async def test_the_end_does_what_was_put_off_and_waits_for_tasks() -> None:
    background = Background()
    done: list[object] = []

    async def work() -> None:
        await asyncio.sleep(0)
        background.soon(done.append, "put off by a task")

    background.soon(done.append, "put off")
    background.start(work())
    await background.done()
    assert done == ["put off", "put off by a task"]
    await asyncio.sleep(0)
    assert len(done) == 2
