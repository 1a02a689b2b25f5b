"""Debian's vmagent scrapes a target and writes what it scraped to us, without saying its kinds."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.ingest.remote_write.test_prometheus import Target, collect
from tests.ingest.remote_write.test_route import serving
from tests.ports import free_port

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(shutil.which("vmagent") is None, reason="victoria-metrics is not installed"),
]


@pytest.fixture
def anyio_backend() -> str:
    """The only event loop that Sensorium runs on."""
    return "asyncio"


async def test_vmagent_writes_what_it_scrapes_and_marks_what_is_gone(tmp_path: Path) -> None:
    target = Target()
    exporter = await asyncio.start_server(target, "127.0.0.1", 0)
    port = exporter.sockets[0].getsockname()[1]
    config = tmp_path / "scrape.yml"
    config.write_text(
        "global: {scrape_interval: 1s, external_labels: {site: north}}\n"
        "scrape_configs:\n"
        f"  - job_name: probe\n    static_configs: [{{targets: ['127.0.0.1:{port}']}}]\n"
    )
    async with serving(tmp_path, segment_ms=50) as server:
        sender = await asyncio.create_subprocess_exec(
            *("vmagent", f"-promscrape.config={config}", f"-remoteWrite.url={server.url}"),
            *(f"-remoteWrite.tmpDataPath={tmp_path / 'queue'}", "-remoteWrite.flushInterval=100ms"),
            f"-httpListenAddr=127.0.0.1:{free_port()}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        rows: list[dict[str, object]] = []
        try:
            await collect(server, rows, lambda: len(values(rows, "probe_total")) > 1)
            target.silent = True
            await collect(server, rows, lambda: {0.0} <= set(values(rows, "up")) and gone(rows))
        finally:
            sender.terminate()
            await sender.wait()
            exporter.close()
    common = {("instance", f"127.0.0.1:{port}"), ("job", "probe"), ("site", "north")}
    labels = {(str(row["name"]), frozenset(of(row))) for row in rows if "probe" in str(row["name"])}
    assert labels == {
        ("probe_total", frozenset(common | {("code", "200")})),
        ("probe_seconds_bucket", frozenset(common | {("le", "1")})),
        ("probe_seconds_bucket", frozenset(common | {("le", "+Inf")})),
        ("probe_seconds_sum", frozenset(common)),
        ("probe_seconds_count", frozenset(common)),
    }
    told = values(rows, "probe_total")
    assert told == [float(number) for number in range(1, len(told) + 1)], "each scrape once"
    assert set(values(rows, "probe_seconds_bucket")) == {1.0, 2.0}
    # Each series ends once. What vmagent says of the target itself goes on.
    ends = [(row["name"], frozenset(of(row))) for row in rows if row["stale"]]
    assert sorted(map(str, ends)) == sorted(map(str, labels))


def of(row: dict[str, object]) -> tuple[tuple[str, str], ...]:
    return row["labels"]  # type: ignore[return-value]


def values(rows: list[dict[str, object]], name: str) -> list[float]:
    return [float(str(r["value"])) for r in rows if r["name"] == name and not r["stale"]]


def gone(rows: list[dict[str, object]]) -> bool:
    return any(row["stale"] for row in rows)
