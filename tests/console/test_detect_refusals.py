"""What cannot be scored is refused in the API's own words, counted by reason, and never a fault."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.models import ModelRegistry
from sensorium.detect.serving.answer import Answer
from sensorium.detect.serving.asked import Asked
from sensorium.detect.serving.scorers import Scorers
from sensorium.observe import Observe
from tests.console.detecting import NOW_NS, PATH, Scoring, scoring, stream

JSON = {"content-type": "application/json"}
START = 1_767_567_600
SMALL = {"max_rows": 50, "max_columns": 3, "max_values": 100, "max_body_bytes": 4096}


@pytest.fixture(scope="module")
def served() -> Scoring:
    return scoring(requests_per_minute=0, **SMALL)


def check(served: Scoring, answer: Any, status: int, reason: str, said: str) -> None:
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert served.refused(reason) >= 1


@pytest.mark.parametrize(
    ("body", "status", "reason", "said"),
    [
        ("", 400, "malformed", "not JSON"),
        ('{"columns": {"a": [1, NaN]}}', 400, "malformed", "a missing value is null"),
        ('{"columns": {"a": [-Infinity]}}', 400, "malformed", "a missing value is null"),
        ('{"columns": {"a": [1e999]}}', 400, "malformed", "infinity"),
        ("[" * 3000, 400, "malformed", "depth"),
        ("[1]", 422, "fields", "no object"),
        ("{}", 422, "fields", "columns is an object"),
        ('{"columns": {}}', 422, "columns", "no column"),
        ('{"colunms": {"a": [1]}}', 422, "fields", "did you mean columns?"),
        ('{"columns": {"a": 1}}', 422, "values", "'a' is no list"),
        ('{"columns": {"a": []}}', 422, "rows", "no row"),
        ('{"columns": {"": [1]}}', 422, "columns", "is called ''"),
        ('{"columns": {"a": [1], "b": [1, 2]}}', 422, "rows", "'b' has 2 rows, 'a' has 1"),
        ('{"columns": {"a": [1, "2"]}}', 422, "values", "'2' in row 1"),
        ('{"columns": {"a": [1, {"b": 2}]}}', 422, "values", "in row 1"),
        ('{"columns": {"a": [1, 1e200]}}', 422, "values", "beyond 1e+100 in row 1"),
        ('{"columns": {"a": [1, 2], "a": [3, 4]}}', 422, "columns", "the same name"),
        ('{"columns": {"a:\\"": [1, 2], "a:\\"": [3, 4]}}', 422, "columns", "the same name"),
        ('{"columns": {"a": [1, 2]}, "warmup": 1, "warmup": 0}', 422, "columns", "the same name"),
        ('{"columns": {"a": [1, 2]}, "warmup": -1}', 422, "fields", "not -1"),
        ('{"columns": {"a": [1, 2]}, "warmup": true}', 422, "fields", "not True"),
        ('{"columns": {"a": [1, 2]}, "warmup": 2}', 422, "history", "smaller warmup"),
        ('{"columns": {"a": [1, 2]}, "contributions": 1}', 422, "fields", "no contributions"),
        ('{"columns": {"a": [1, 2]}, "model": {"a": 1}}', 422, "fields", "model is a text"),
        ('{"columns": {"a": [1]}, "model": "serie"}', 404, "unknown_model", "did you mean series?"),
        ('{"columns": {"a": [1, 2]}, "times": [1]}', 422, "times", "1 times for 2 rows"),
        ('{"columns": {"a": [1, 2]}, "times": 3}', 422, "times", "times is a list"),
        ('{"columns": {"a": [1, 2]}, "times": [1, "a"]}', 422, "times", "all of one kind"),
        ('{"columns": {"a": [1, 2]}, "times": [1, 2]}', 422, "times", "no times"),
        ('{"columns": {"a": [1, 2]}, "times": ["x", "y"]}', 422, "times", "no times"),
        (
            f'{{"columns": {{"a": [1, 2]}}, "times": [{START}, null]}}',
            422,
            "times",
            "row 1 has no time",
        ),
        (
            f'{{"columns": {{"a": [1, 2]}}, "times": [{START}, {START - 1}]}}',
            422,
            "times",
            "goes back in row 1",
        ),
        ('{"columns": {"a": [' + "1," * 50 + "1]}}", 422, "rows", "50 rows are allowed"),
        ('{"columns": {"a": [1], "b": [1], "c": [1], "d": [1]}}', 422, "columns", "3 are allowed"),
        (f'{{"columns": {{"a": [1{" " * 4096}]}}}}', 413, "too_large", "4,096 bytes"),
    ],
)
def test_a_json_body_that_cannot_be_scored_says_why(
    served: Scoring, body: str, status: int, reason: str, said: str
) -> None:
    check(served, served.client.post(PATH, content=body, headers=JSON), status, reason, said)


def _two_of_one_name() -> pa.Table:
    return pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], names=["a", "a"])


@pytest.mark.parametrize(
    ("body", "parameters", "status", "reason", "said"),
    [
        (b"", {}, 400, "malformed", "no Arrow IPC stream"),
        (b"PAR1" * 30, {}, 400, "malformed", "no Arrow IPC stream"),
        (stream({"a": [1.0]})[:-60], {}, 400, "malformed", "no Arrow IPC stream"),
        (stream(_two_of_one_name()), {}, 422, "columns", "two columns are called 'a'"),
        (stream({"a": [[1.0]]}), {}, 422, "columns", "of type list"),
        (stream({"a": pa.array(["b"]).dictionary_encode()}), {}, 422, "columns", "dictionary"),
        (stream({"a": pa.nulls(1)}), {}, 422, "columns", "of type null"),
        (stream({"a": ["1"]}), {}, 422, "values", "which is no number"),
        (stream({"a": [float("inf")]}), {}, 422, "values", "'a' is inf in row 0"),
        (stream({"a": pa.array([], pa.float64())}), {}, 422, "rows", "no row"),
        (stream({"a": np.zeros(60)}), {}, 422, "rows", "50 rows are allowed"),
        (stream({"a": [1.0]}), {"time": "b"}, 422, "times", "no column 'b'"),
        (stream({"a": [1.0]}), {"warmup": "x"}, 422, "fields", "whole number"),
        (stream({"a": [1.0]}), {"warmpu": "1"}, 422, "fields", "did you mean warmup?"),
        (stream({"a": [1.0]}), {"model": "b"}, 404, "unknown_model", "no model 'b'"),
    ],
)
def test_an_arrow_body_that_cannot_be_scored_says_why(
    served: Scoring, body: bytes, parameters: dict[str, str], status: int, reason: str, said: str
) -> None:
    check(served, served.arrow(body, **parameters), status, reason, said)


@pytest.mark.parametrize(
    ("headers", "status", "reason", "said"),
    [
        ({}, 415, "content_type", "--json"),
        ({"content-type": "text/csv"}, 415, "content_type", "'text/csv'"),
        ({**JSON, "content-encoding": "br"}, 415, "content_encoding", "gzip"),
        ({**JSON, "content-encoding": "gzip"}, 400, "undecodable", "not gzip"),
        ({**JSON, "accept": "text/html"}, 406, "accept", "application/json"),
        ({**JSON, "accept": "application/json;q=0"}, 406, "accept", "application/json"),
    ],
)
def test_a_form_that_is_not_known_is_refused(
    served: Scoring, headers: dict[str, str], status: int, reason: str, said: str
) -> None:
    body = b'{"columns": {"a": [1, 2, 3]}}'
    check(served, served.client.post(PATH, content=body, headers=headers), status, reason, said)


def test_parameters_beside_a_json_body_are_refused(served: Scoring) -> None:
    asked = {"columns": {"a": [1, 2, 3]}}
    answer = served.client.post(f"{PATH}?warmup=1", json=asked)
    check(served, answer, 422, "fields", "said in the body")


def test_a_small_body_that_grows_without_end_is_refused(served: Scoring) -> None:
    bomb = gzip.compress(b'{"columns": {"a": [' + b" " * 1_000_000)
    assert len(bomb) < SMALL["max_body_bytes"]
    headers = {**JSON, "content-encoding": "gzip"}
    answer = served.client.post(PATH, content=bomb, headers=headers)
    check(served, answer, 413, "decompressed", "4,096 bytes")
    body = stream({"a": np.zeros(40_000)}, compression="zstd")
    assert len(body) < SMALL["max_body_bytes"]
    check(served, served.arrow(body), 413, "decompressed", "4,096 bytes")


def test_a_caller_may_ask_so_often_in_a_minute_and_is_told_when_to_come_again() -> None:
    served = scoring(requests_per_minute=2)
    asked = {"columns": {"a": [1, 2, 3]}}
    assert [served.client.post(PATH, json=asked).status_code for _ in range(3)] == [200, 200, 429]
    answer = served.client.post(PATH, json=asked)
    check(served, answer, 429, "rate", "2 requests a minute")
    assert answer.headers["retry-after"] == "30"
    served.clock.now_s += 30.0
    assert served.client.post(PATH, json=asked).status_code == 200
    assert served.client.post(PATH, json=asked).status_code == 429


class _Slow(Scorers):
    """A scorer that waits until it is let go."""

    def __init__(self) -> None:
        none = ModelRegistry(Path("there-is-none"), lambda: NOW_NS, Observe())
        super().__init__(none, lambda: NOW_NS)
        self.go = threading.Event()

    def score(self, asked: Asked) -> Answer:
        self.go.wait(60)
        return super().score(asked)


def _asker(served: Scoring) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=served.client.app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60)


@pytest.mark.anyio
async def test_who_finds_worker_and_queue_full_is_told_to_come_again() -> None:
    slow = _Slow()
    served = scoring(slow, workers=1, queue=1)
    asked = {"columns": {"a": [1, 2, 3]}}
    async with _asker(served) as client:
        waiting = [asyncio.create_task(client.post(PATH, json=asked)) for _ in range(2)]
        while served.observe.value("sensorium_detect_serving_scoring") < 2:
            await asyncio.sleep(0.001)
        answer = await client.post(PATH, json=asked)
        check(served, answer, 429, "busy", "wait for it")
        assert answer.headers["retry-after"] == "1"
        listed = await client.get("/api/v1/detect/models")
        assert listed.status_code == 200
        slow.go.set()
        assert [one.status_code for one in await asyncio.gather(*waiting)] == [200, 200]
    assert served.observe.value("sensorium_detect_serving_scoring") == 0


@pytest.mark.anyio
async def test_a_body_that_arrives_slowly_keeps_nobody_waiting() -> None:
    served = scoring(workers=1, queue=0)
    rest = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"columns": {"a": [1, '
        await rest.wait()
        yield b"2, 3]}}"

    async with _asker(served) as client:
        slow = asyncio.create_task(client.post(PATH, content=slowly(), headers=JSON))
        while served.observe.value("sensorium_detect_serving_requests") < 1:
            await asyncio.sleep(0.001)
        other = await client.post(PATH, json={"columns": {"a": [1, 2, 3]}})
        assert other.status_code == 200
        rest.set()
        assert (await slow).json() == other.json()


@pytest.mark.anyio
async def test_a_body_that_never_ends_is_given_up() -> None:
    served = scoring(body_timeout_s=0.01)

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with _asker(served) as client:
        answer = await client.post(PATH, content=never(), headers=JSON)
    check(served, answer, 408, "slow", "0.01 seconds")
    assert served.observe.value("sensorium_detect_serving_held_bytes") == 0


@pytest.mark.anyio
async def test_only_so_many_requests_and_bytes_are_in_hand() -> None:
    served = scoring(max_requests=2, max_held_bytes=1024)
    rest = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await rest.wait()

    async with _asker(served) as client:
        slow = [asyncio.create_task(client.post(PATH, content=slowly(), headers=JSON))]
        while served.observe.value("sensorium_detect_serving_held_bytes") < 1:
            await asyncio.sleep(0.001)
        large = await client.post(PATH, content=b" " * 1024, headers=JSON)
        check(served, large, 429, "busy", "in hand")
        never = await client.post(PATH, content=b" " * 1025, headers=JSON)
        check(served, never, 413, "too_large", "1,024 bytes")
        slow.append(asyncio.create_task(client.post(PATH, content=slowly(), headers=JSON)))
        while served.observe.value("sensorium_detect_serving_requests") < 2:
            await asyncio.sleep(0.001)
        check(served, await client.post(PATH, json={}), 429, "busy", "in progress")
        rest.set()
        assert [one.status_code for one in await asyncio.gather(*slow)] == [400, 400]
    assert served.observe.value("sensorium_detect_serving_held_bytes") == 0
