"""Connections of real senders, captured: the file gives what the receiver was given."""

from __future__ import annotations

import asyncio
import itertools
import logging
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sensorium.ingest.decoding import FileDecoder
from sensorium.ingest.sniff import Protocol
from sensorium.ingest.transport import IpfixStreamReceiver
from sensorium.model.signals import Signal
from tests.ingest.captured.loopback import Capture
from tests.ingest.netflow.test_softflowd import SOFTFLOWD, seen
from tests.ingest.otlp.conftest import Running, running
from tests.ingest.otlp.test_exporters import RESOURCE, WAYS
from tests.ingest.remote_write import test_prometheus as prometheus
from tests.ingest.remote_write.test_route import serving
from tests.ingest.transport import streams
from tests.ingest.transport.test_ipfix_stream import decoded
from tests.ingest.transport.test_stream_senders import (
    COUNT,
    check,
    rows_of,
    sent_to,
    with_rsyslog,
)
from tests.ports import free_port

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The only event loop that Sensorium runs on."""
    return "asyncio"


def rows_in(
    folder: Path, content: bytes, protocol: Protocol | None = None
) -> tuple[list[dict[str, Any]], FileDecoder]:
    """The rows in a capture, labels and attributes as dicts, and the decoder that read them."""
    path = folder / "capture.pcap"
    path.write_bytes(content)
    decoder = FileDecoder(protocol)
    rows = [row for batch in decoder.file(path) for row in batch.to_pylist()]
    for row, key in itertools.product(rows, ("labels", "attributes")):
        if key in row:
            row[key] = dict(row[key])
    return rows, decoder


def told(decoder: FileDecoder) -> Iterator[str]:
    """What is said of a capture beside what each packet was."""
    return (
        line
        for line in decoder.summary(1)
        if not line.startswith(("captured packets", "captured streams"))
    )


def without(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in names} for row in rows]


def samples(rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Times, names and values that are numbers."""
    return {
        (row["time_ns"], row["name"], row["value"]) for row in rows if row["value"] == row["value"]
    }


@pytest.mark.parametrize("way", WAYS)
async def test_what_the_opentelemetry_sdk_sends(way: str, tmp_path: Path) -> None:
    from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    def send(server: Running) -> None:
        provider = LoggerProvider(resource=RESOURCE)
        provider.add_log_record_processor(BatchLogRecordProcessor(WAYS[way][0](server)))
        logger = logging.Logger("shop.cart")
        logger.addHandler(LoggingHandler(logger_provider=provider))
        for number in range(2000):
            logger.warning("order %d failed", number, extra={"order.id": number})
        provider.shutdown()
        reader = PeriodicExportingMetricReader(WAYS[way][1](server), 3_600_000)
        meters = MeterProvider([reader], resource=RESOURCE)
        meters.get_meter("shop", "1.0").create_counter("orders", "{order}").add(3, {"paid": True})
        meters.shutdown()

    async with running() as server:
        capture = Capture(server.http.port, server.grpc.port)
        await asyncio.to_thread(send, server)
        content = capture.pcap()
        accepted = server.accepted.rows(Signal.LOGS), server.accepted.rows(Signal.METRICS)
    rows, decoder = rows_in(tmp_path, content)
    logs = [row for row in rows if "body" in row]
    assert len(accepted[0]) == 2000
    assert without(logs, "observed_time_ns") == without(accepted[0], "observed_time_ns")
    assert [row for row in rows if "kind" in row] == accepted[1]
    assert not [line for line in told(decoder) if line.startswith(("not used", "gaps"))]


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
async def test_what_prometheus_scrapes_and_writes(tmp_path: Path) -> None:
    target = prometheus.Target()
    exporter = await asyncio.start_server(target, "127.0.0.1", 0)
    port = exporter.sockets[0].getsockname()[1]
    async with serving(tmp_path, segment_ms=50) as server:
        capture = Capture(port, int(server.url.partition(":")[2].partition(":")[2].split("/")[0]))
        config = prometheus.configured(tmp_path, port, server.url)
        sender = await asyncio.create_subprocess_exec(
            *("prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"),
            f"--web.listen-address=127.0.0.1:{free_port()}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        rows: list[dict[str, Any]] = []
        try:
            await prometheus.collect(
                server, rows, lambda: {"counter"} <= prometheus.kinds_of(rows, "probe_total")
            )
        finally:
            sender.terminate()
            await sender.wait()
            exporter.close()
        content = capture.pcap()
        written, _ = rows_in(tmp_path, content, Protocol.REMOTE_WRITE)
        await prometheus.collect(server, rows, lambda: samples(rows) >= samples(written))
    assert samples(rows) == samples(written)
    scraped, _ = rows_in(tmp_path, content, Protocol.PROMETHEUS)
    totals = [row for row in scraped if row["name"] == "probe_total"]
    assert [row["value"] for row in totals] == list(range(1, target.scrapes + 1))
    assert {(row["labels"]["instance"], row["labels"]["job"]) for row in totals} == {
        (f"127.0.0.1:{port}", "capture")
    }
    both, _ = rows_in(tmp_path, content)
    assert len(both) == len(written) + len(scraped)


@pytest.mark.skipif(SOFTFLOWD is None, reason="softflowd is not installed")
async def test_what_softflowd_sends(tmp_path: Path) -> None:
    source = tmp_path / "seen.pcap"
    source.write_bytes(seen())
    async with streams.running(IpfixStreamReceiver) as there:
        port = there.receiver.ports[0]
        capture = Capture(port)
        target = ("-n", f"127.0.0.1:{port}", "-P", "tcp", "-v", "10", "-d")
        command = [str(SOFTFLOWD), "-r", str(source), *target]
        await asyncio.to_thread(
            subprocess.run, command, check=True, capture_output=True, timeout=60
        )
        await there.until(lambda: there.count("closed") == 1)
        content = capture.pcap()
    rows, _ = rows_in(tmp_path, content)
    flows = [row for row in rows if "bytes" in row]
    received = decoded(there)
    assert len(flows) == len(received) > 2
    # A file is shown with all attributes, and a service keeps those that say something new.
    apart = ("time_received_ns", "attributes")
    assert without(flows, *apart) == without(received, *apart)


@with_rsyslog
@pytest.mark.parametrize("framing", ["octet-counted", "traditional"])
async def test_what_rsyslog_sends(framing: str, tmp_path: Path) -> None:
    async with streams.running() as there:
        port = there.receiver.ports[0]
        capture = Capture(port)
        action = (
            f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" '
            f'TCP_Framing="{framing}" template="RSYSLOG_SyslogProtocol23Format")'
        )
        await sent_to(there, tmp_path, action)
        content = capture.pcap()
    rows, _ = rows_in(tmp_path, content)
    assert len(rows) == COUNT
    check(rows)
    received = rows_of(there.slabs, framed=True)
    assert [row["body"] for row in rows] == [row["body"] for row in received]
