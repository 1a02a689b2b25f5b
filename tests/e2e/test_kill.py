"""Killed at any moment, the service loses nothing that it acknowledged and keeps nothing twice.

``SENSORIUM_KILLS`` says how often; ``make test-kills`` does it a hundred times.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cramjam
import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from sensorium.ingest.journal.segment import SUFFIX
from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.ingest.remote_write.messages import write_request
from tests.ports import free_port

pytestmark = pytest.mark.xdist_group("service")

KILLS = int(os.environ.get("SENSORIUM_KILLS", "2"))
SEED = int(os.environ.get("SENSORIUM_KILLS_SEED", "1"))


@dataclass
class Sender(threading.Thread):
    """Sends numbered records, a random number of them at a time, and notes which were answered.

    One that ``repeats`` sends a request again, byte for byte, until it is answered, as Prometheus
    does; one that does not gives up a request whose connection broke.
    """

    url: str
    numbers: Iterator[int]
    random: random.Random
    repeats: bool
    acknowledged: set[int] = field(default_factory=set)
    sent: set[int] = field(default_factory=set)
    refused: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not self.stop.is_set():
                numbers = list(itertools.islice(self.numbers, self.random.randint(1, 400)))
                self.sent.update(numbers)
                content, headers = self.request(numbers)
                while (doubt := self.attempt(client, content, headers, numbers)) is not None:
                    if (doubt and not self.repeats) or self.stop.is_set():
                        break

    def attempt(
        self, client: httpx.Client, content: bytes, headers: dict[str, str], numbers: list[int]
    ) -> bool | None:
        """None when it was acknowledged; else whether it may have been taken all the same."""
        try:
            answer = client.post(self.url, content=content, headers=headers)
        except httpx.TransportError as error:
            time.sleep(0.02)
            return not isinstance(error, httpx.ConnectError)
        if answer.is_success:
            self.acknowledged.update(numbers)
            return None
        self.refused[answer.status_code] += 1
        time.sleep(0.02)
        return False

    def request(self, numbers: list[int]) -> tuple[bytes, dict[str, str]]:
        now_ms = time.time_ns() // 1_000_000
        series = [
            ([("__name__", "kill_probe"), ("part", str(number % 7))], [(float(number), now_ms)])
            for number in numbers
        ]
        body = cramjam.snappy.compress_raw(write_request(series).SerializeToString())
        return bytes(body), {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }


class LogSender(Sender):
    """Sends OTLP log records."""

    def request(self, numbers: list[int]) -> tuple[bytes, dict[str, str]]:
        message = ExportLogsServiceRequest()
        scope = message.resource_logs.add().scope_logs.add()
        for number in numbers:
            record = scope.log_records.add(time_unix_nano=time.time_ns())
            record.body.string_value = f"kill probe {number}"
        return message.SerializeToString(), {"Content-Type": "application/x-protobuf"}


@dataclass
class Killed:
    """A service on fixed ports that is started and killed again and again."""

    folder: Path
    port: int = field(default_factory=free_port)

    def start(self) -> subprocess.Popen[bytes]:
        settings = self.folder / "sensorium.yaml"
        settings.write_text(
            "ingest:\n  udp: {host: 127.0.0.1, ports: [0]}\n"
            f"  http: {{port: {self.port}}}\n  grpc: {{port: 0}}\nconsole: {{port: 0}}\n"
            # What is stored is counted, not scored, so nothing need be learnt again.
            "pipeline: {rewarm_hours: 0}\n"
        )
        command = [sys.executable, "-m", "sensorium", "run", "-c", str(settings)]
        with (self.folder / "service.log").open("ab") as log:
            return subprocess.Popen([*command, "--data", str(self.folder / "data")], stderr=log)

    def settled(self, process: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """Stop it once it has stored all that it acknowledged: it may be far behind."""
        deadline = time.monotonic() + 600
        journal = self.folder / "data" / "journal"
        while True:
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0
            if not list(journal.glob(f"*{SUFFIX}")):
                return process
            process = self.start()
            while list(journal.glob(f"*{SUFFIX}")):
                assert time.monotonic() < deadline
                time.sleep(0.2)

    def senders(self) -> tuple[Sender, LogSender]:
        base = f"http://127.0.0.1:{self.port}"
        return (
            Sender(f"{base}/api/v1/write", itertools.count(), random.Random(SEED), repeats=True),
            LogSender(f"{base}/v1/logs", itertools.count(), random.Random(SEED), repeats=False),
        )


def acknowledge_more(senders: tuple[Sender, ...], process: subprocess.Popen[bytes]) -> None:
    """Wait until each sender has had another answer."""
    before = [len(sender.acknowledged) for sender in senders]
    deadline = time.monotonic() + 180
    while any(len(s.acknowledged) <= n for s, n in zip(senders, before, strict=True)):
        assert process.poll() is None
        assert time.monotonic() < deadline, [sender.refused for sender in senders]
        time.sleep(0.01)


def stored(data: Path) -> tuple[Counter[int], Counter[int]]:
    """How often each number is stored: as a sample, and as a log record."""
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=data)
    try:
        samples = store.query("SELECT value FROM metrics WHERE name = 'kill_probe'")
        lines = store.query("SELECT body FROM logs WHERE body LIKE 'kill probe %'")
    finally:
        store.close()
    return (
        Counter(int(value) for value in samples.column("value").to_pylist()),
        Counter(int(body.rpartition(" ")[2]) for body in lines.column("body").to_pylist()),
    )


def test_what_was_acknowledged_is_stored_once_however_often_it_is_killed(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    service = Killed(tmp_path)
    senders = service.senders()
    for sender in senders:
        sender.start()
    process = service.start()
    try:
        for _ in range(KILLS):
            if chance.random() < 0.9:
                acknowledge_more(senders, process)
                time.sleep(chance.expovariate(2))
            else:  # while it starts, or stores what it found
                time.sleep(chance.uniform(0, 8))
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            process = service.start()
        acknowledge_more(senders, process)
        for sender in senders:
            sender.stop.set()
        for sender in senders:
            sender.join(60)
        process = service.settled(process)
    finally:
        process.kill()
        process.wait()
    for sender, found in zip(senders, stored(tmp_path / "data"), strict=True):
        told = (KILLS, len(sender.sent), len(sender.acknowledged), len(found), sender.refused)
        print("kills, sent, acknowledged, stored, refused:", *told)
        assert sender.acknowledged <= set(found)
        assert [number for number, times in found.items() if times > 1] == []
        assert set(found) <= sender.sent
