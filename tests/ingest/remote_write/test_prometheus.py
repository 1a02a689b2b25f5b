"""Debian's Prometheus scrapes a target and writes what it scraped to us."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import pytest

from sensorium.ingest.remote_write.labels import NAME
from tests.ingest.remote_write.test_route import serving
from tests.ports import free_port

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed"),
]
WANTED = {"probe_total", "probe_seconds_bucket", "up"}


@pytest.fixture
def anyio_backend() -> str:
    """The only event loop that Sensorium runs on."""
    return "asyncio"


class Target:
    """An exporter that stops answering when it is told to."""

    def __init__(self) -> None:
        self.scrapes = 0
        self.silent = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.scrapes += 1
        body = (
            "# TYPE probe_total counter\n"
            f'probe_total{{code="200"}} {self.scrapes}\n'
            "# TYPE probe_seconds histogram\n"
            'probe_seconds_bucket{le="1"} 1\nprobe_seconds_bucket{le="+Inf"} 2\n'
            "probe_seconds_sum 3\nprobe_seconds_count 2\n"
        )
        if not self.silent:
            head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
            writer.write(
                f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()
            )
            await writer.drain()
        writer.close()


def configured(folder: Path, target_port: int, url: str) -> Path:
    path = folder / "prometheus.yml"
    path.write_text(
        "global: {scrape_interval: 200ms}\n"
        "scrape_configs:\n"
        f"  - job_name: probe\n    static_configs: [{{targets: ['127.0.0.1:{target_port}']}}]\n"
        f"remote_write:\n  - url: {url}\n"
        "    queue_config: {batch_send_deadline: 200ms}\n"
        "    metadata_config: {send_interval: 500ms}\n"
    )
    return path


async def test_prometheus_writes_what_it_scrapes_and_says_when_a_target_is_gone(
    tmp_path: Path,
) -> None:
    target = Target()
    exporter = await asyncio.start_server(target, "127.0.0.1", 0)
    port = exporter.sockets[0].getsockname()[1]
    async with serving(tmp_path, segment_ms=50) as server:
        config = configured(tmp_path, port, server.url)
        sender = await asyncio.create_subprocess_exec(
            *("prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"),
            f"--web.listen-address=127.0.0.1:{free_port()}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        rows: list[dict[str, object]] = []
        try:
            await collect(server, rows, lambda: {"counter"} <= kinds_of(rows, "probe_total"))
            target.silent = True
            await collect(server, rows, lambda: any(row["stale"] for row in rows))
        finally:
            sender.terminate()
            await sender.wait()
            exporter.close()
    assert {str(row["name"]) for row in rows} >= WANTED
    totals = [row for row in rows if row["name"] == "probe_total" and not row["stale"]]
    assert {row["labels"] for row in totals} == {
        (("code", "200"), ("instance", f"127.0.0.1:{port}"), ("job", "probe"))
    }
    assert all(NAME not in dict(row["labels"]) for row in rows)  # type: ignore[call-overload]
    values = [row["value"] for row in totals]
    assert values == sorted(values), "each once, as they were scraped"  # type: ignore[type-var]
    assert len({row["time_ns"] for row in totals}) == len(totals)
    assert all(abs(int(str(row["time_ns"])) - time.time_ns()) < 600 * 10**9 for row in rows)


def kinds_of(rows: list[dict[str, object]], name: str) -> set[object]:
    return {row["kind"] for row in rows if row["name"] == name}


async def collect(server: object, rows: list[dict[str, object]], enough: object) -> None:
    deadline = time.monotonic() + 60
    while not enough():  # type: ignore[operator]
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
        for segment in server.journal.take():  # type: ignore[attr-defined]
            for _, batch in segment.rows:
                bits = batch.column("value").to_numpy().view("u8").tolist()
                for row, value in zip(batch.to_pylist(), bits, strict=True):
                    stale = value == 0x7FF0000000000002
                    rows.append({**row, "labels": tuple(row["labels"]), "stale": stale})
            segment.stored()
