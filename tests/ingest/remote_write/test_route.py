"""The specification's answers at ``/api/v1/write``, from a server with a real journal behind it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cramjam
import httpx
import pytest

from sensorium.ingest.journal import Journal, JournalConfig
from sensorium.ingest.remote_write import (
    V1,
    V2,
    RemoteWriteConfig,
    RemoteWriteDecoder,
    RemoteWriteRoute,
)
from sensorium.ingest.transport.http import HttpConfig, HttpReceiver
from sensorium.observe import Observe
from tests.ingest.remote_write.messages import request_v2, write_request

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000_000
UP = [("__name__", "up"), ("instance", "a:1"), ("job", "node")]
BODY = {
    V1: write_request([(UP, [(1, NOW)])]).SerializeToString(),
    V2: request_v2([(UP, [(1, NOW)])]).SerializeToString(),
}
TYPES = {
    V1: "application/x-protobuf;proto=prometheus.WriteRequest",
    V2: "application/x-protobuf;proto=io.prometheus.write.v2.Request",
}
each_version = pytest.mark.parametrize("version", [V1, V2])


@pytest.fixture
def anyio_backend() -> str:
    """The only event loop that Sensorium runs on."""
    return "asyncio"


@dataclass
class Server:
    """A receiver with the route on it, and the journal it writes to."""

    url: str
    journal: Journal

    async def post(self, body: bytes, **headers: str) -> httpx.Response:
        sent = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        if sent["Content-Encoding"] == "snappy":
            body = bytes(cramjam.snappy.compress_raw(body))
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            return await client.post(self.url, content=body, headers=sent)

    def rows(self) -> int:
        self.journal.finish()
        return sum(batch.num_rows for s in self.journal.take() for _, batch in s.rows)


@asynccontextmanager
async def serving(folder: Path, **journal: Any) -> AsyncIterator[Server]:
    observe = Observe()
    kept = Journal(JournalConfig(**journal), folder / "journal", observe)
    kept.open()
    decoder = RemoteWriteDecoder(RemoteWriteConfig(), observe)
    routes = {"/api/v1/write": RemoteWriteRoute(decoder, kept)}
    receiver = HttpReceiver(
        HttpConfig(port=0), routes, observe, clock_ns=lambda: NOW, prepare=[decoder.prepare]
    )
    receiver.bind()
    task = asyncio.create_task(receiver.run())
    while receiver.health().state != "ok":
        await asyncio.sleep(0.01)
    try:
        yield Server(f"{receiver.url}/api/v1/write", kept)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        kept.close()


def written(answer: httpx.Response) -> tuple[str, str, str]:
    name = "X-Prometheus-Remote-Write-{}-Written"
    samples, histograms, exemplars = (
        answer.headers[name.format(what)] for what in ("Samples", "Histograms", "Exemplars")
    )
    return samples, histograms, exemplars


@each_version
async def test_what_is_written_is_journalled_and_its_number_told(
    tmp_path: Path, version: int
) -> None:
    async with serving(tmp_path) as server:
        answer = await server.post(BODY[version], Content_Type=TYPES[version])
        assert answer.status_code == 204
        assert answer.content == b""
        assert written(answer) == ("1", "0", "0")
        assert server.rows() == 1


async def test_without_a_proto_it_is_1_0_and_with_another_it_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert (await server.post(BODY[V1])).status_code == 204
        other = "application/x-protobuf;proto=io.prometheus.write.v3.Request"
        assert (await server.post(BODY[V1], Content_Type=other)).status_code == 415
        assert (await server.post(BODY[V1], Content_Type="text/plain")).status_code == 415
        assert (await server.post(BODY[V1], Content_Encoding="br")).status_code == 415
        assert server.rows() == 1


@each_version
async def test_of_a_partly_valid_request_the_valid_part_is_written(
    tmp_path: Path, version: int
) -> None:
    encode = write_request if version == V1 else request_v2
    body = encode([(UP, [(1, NOW)]), ([("job", "nameless")], [(1, NOW)] * 2)]).SerializeToString()
    async with serving(tmp_path) as server:
        answer = await server.post(body, Content_Type=TYPES[version])
        assert answer.status_code == 400
        assert "2 no_metric_name" in answer.text
        assert written(answer) == ("1", "0", "0")
        assert server.rows() == 1


async def test_what_is_no_message_is_refused_whole(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        answer = await server.post(b"\x0a\xff\xff\xff")
        assert (answer.status_code, written(answer)) == (400, ("0", "0", "0"))
        assert server.rows() == 0


@pytest.mark.parametrize(
    ("encoding", "status"), [("snappy", 400), ("gzip", 415), ("zstd", 415), ("deflate", 415)]
)
async def test_a_body_that_is_not_in_its_encoding_is_refused_as_the_suite_asks(
    tmp_path: Path, encoding: str, status: int
) -> None:
    body = b"0" + bytes(cramjam.snappy.compress_raw(BODY[V2]))[1:]
    headers = {"Content-Type": TYPES[V2], "Content-Encoding": encoding}
    async with serving(tmp_path) as server:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            damaged = await client.post(server.url, content=body, headers=headers)
        assert (damaged.status_code, written(damaged)) == (status, ("0", "0", "0"))
        assert server.rows() == 0


async def test_histograms_whose_counts_disagree_are_answered_with_400(tmp_path: Path) -> None:
    request = request_v2([(UP, []), (UP, [])])
    for series, count in zip(request.timeseries, (1, 99), strict=True):
        one = series.histograms.add(timestamp=NOW, count_int=count, sum=1.0)
        one.positive_spans.add(offset=0, length=1)
        one.positive_deltas.append(1)
    async with serving(tmp_path) as server:
        answer = await server.post(request.SerializeToString(), Content_Type=TYPES[V2])
        assert (answer.status_code, written(answer)) == (400, ("0", "1", "0"))
        assert "1 histogram" in answer.text


async def test_when_the_store_stalls_senders_are_told_to_come_again(tmp_path: Path) -> None:
    # Nothing empties the journal, as when the store is down.
    async with serving(tmp_path, max_bytes=1 << 20) as server:
        codes = set()
        noise = random.Random(1)
        for _ in range(50):
            labels = [
                [("__name__", "m"), ("noise", noise.randbytes(2000).hex())] for _ in range(100)
            ]
            series = [(one, [(1, NOW)]) for one in labels]
            answer = await server.post(write_request(series).SerializeToString())
            codes.add(answer.status_code)
            if answer.status_code != 204:
                break
        assert codes == {204, 503}, "Prometheus would drop what is answered with 429"
        assert int(answer.headers["Retry-After"]) > 0
        server.journal.finish()  # or the newest segment is due only a moment later
        for segment in server.journal.take():
            segment.stored()
        assert (await server.post(BODY[V1])).status_code == 204


async def test_a_request_whose_answer_was_lost_is_not_written_twice(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert [(await server.post(BODY[V1])).status_code for _ in range(3)] == [204] * 3
        assert server.rows() == 1
