"""``sensorium run`` as a process of its own, and what /proc and /metrics say of it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.ports import free_port

_LINE = re.compile(r"^(\w+)(\{.*\})? (\S+)$", re.MULTILINE)
_SETTINGS = """
ingest:
  udp: {{host: 127.0.0.1, ports: [{flows}, {syslog}]}}
  http: {{port: {http}}}
  grpc: {{enabled: false}}
  syslog_stream: {{host: 127.0.0.1, tcp_ports: [{stream}]}}
  scrape:
    targets:
      - {{job: soak, url: "http://127.0.0.1:{target}/metrics", interval_s: 5, timeout_s: 4}}
pipeline: {{syslog_ports: [{syslog}]}}
console: {{port: {console}}}
# Short windows, so that baselines are full before half time. Everything is scored and nothing
# passes: an investigation reads all flows of its span in the pipeline's own thread, which at this
# rate takes minutes; what waits meanwhile is the investigation's cost and not the wire's.
detect: {{window_seconds: 5, history_windows: 20, warmup_windows: 100000}}
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the service: bytes of memory, files and threads, and what waits where.

    ``anonymous`` is memory that is not a mapped file's, the part that a leak would be in.
    """

    seconds: float
    resident: int
    anonymous: int
    files: int
    threads: int
    inbox: int
    waiting: int
    journal: int


class Service:
    """Started in ``folder``; :meth:`stop` ends it as an operator would."""

    def __init__(self, folder: Path, target: int) -> None:
        names = ("flows", "syslog", "http", "stream", "console")
        self.ports = {name: free_port() for name in names}
        settings = folder / "sensorium.yaml"
        settings.write_text(_SETTINGS.format(**self.ports, target=target))
        self.log = folder / "service.log"
        command = [sys.executable, "-m", "sensorium", "run", "-c", str(settings)]
        with self.log.open("w") as stream:
            self._process = subprocess.Popen(
                [*command, "--data", str(folder / "data")], stderr=stream, text=True
            )
        url = f"http://127.0.0.1:{self.ports['console']}"
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self._started = time.monotonic()

    @property
    def intake(self) -> str:
        """Where OTLP and remote-write go."""
        return f"http://127.0.0.1:{self.ports['http']}"

    def wait_until_ready(self, seconds: float) -> None:
        """RuntimeError where it does not become ready."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if self._client.get("/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        raise RuntimeError(f"the service is not ready:\n{self.log.read_text()[-2000:]}")

    def metrics(self) -> dict[str, float]:
        """Every metric, summed over its labels; and by its labels, as they are written."""
        found: dict[str, float] = defaultdict(float)
        for name, labels, value in _LINE.findall(self._client.get("/metrics").text):
            found[name] += float(value)
            if labels:
                found[name + labels] += float(value)
        return found

    def reading(self) -> Reading:
        """What it holds now."""
        process = Path(f"/proc/{self._process.pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        metrics = self.metrics()
        return Reading(
            seconds=time.monotonic() - self._started,
            resident=1024 * int(status["VmRSS"].split()[0]),
            anonymous=1024 * int(status["RssAnon"].split()[0]),
            files=len(list((process / "fd").iterdir())),
            threads=int(status["Threads"]),
            inbox=int(metrics["sensorium_inbox_datagrams"]),
            waiting=int(metrics["sensorium_store_rows_waiting"]),
            journal=int(metrics["sensorium_journal_bytes"]),
        )

    def lost(self) -> dict[str, int]:
        """Records that sequence numbers say never came, by protocol."""
        lost: dict[str, int] = defaultdict(int)
        for one in self._client.get("/api/v1/exporters").json()["exporters"]:
            lost[one["protocol"]] += one["lost"] - one["late"]
        return dict(lost)

    def stop(self) -> int:
        """Ask it to end; its exit status. It is killed where it does not within a minute."""
        self._process.terminate()
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
