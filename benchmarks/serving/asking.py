"""The services as processes of their own, and how long they take to answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

_UNMEASURED = 20
_SETTINGS = """
ingest:
  udp: {{host: 127.0.0.1, ports: [0]}}
  http: {{port: 0}}
  grpc: {{enabled: false}}
console: {{port: {port}}}
detect:
  serving: {{requests_per_minute: 0}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A service: where rows are sent to, and its process."""

    url: str
    process: int

    def cpu_s(self) -> float:
        """The processor time that it has taken, in seconds (Linux's /proc)."""
        fields = Path(f"/proc/{self.process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def ours(folder: Path, port: int) -> Iterator[Server]:
    """``sensorium run`` with nothing to watch."""
    settings = folder / "sensorium.yaml"
    settings.write_text(_SETTINGS.format(port=port), encoding="utf-8")
    command = ["sensorium", "run", "-c", str(settings), "--data", str(folder / "data")]
    with _process(command, f"http://127.0.0.1:{port}/readyz") as process:
        yield Server(f"http://127.0.0.1:{port}/api/v1/detect/score", process)


@contextmanager
def plain(columns: int, port: int) -> Iterator[Server]:
    """The plain application."""
    command = ["benchmarks.serving.plain", str(port), str(columns)]
    with _process(command, f"http://127.0.0.1:{port}/openapi.json") as process:
        yield Server(f"http://127.0.0.1:{port}/score", process)


@contextmanager
def _process(command: list[str], ready: str) -> Iterator[int]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 180
        while not _answers(ready):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} does not answer")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=5)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def latencies(
    url: str, body: bytes, kind: str, times: int, *, unmeasured: int = _UNMEASURED
) -> list[float]:
    """Seconds from asking to having the whole answer, over one connection.

    The first few, ``unmeasured``, are left out.
    """
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=120)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    taken = []
    for _ in range(min(unmeasured, times) + times):
        began = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        said = answer.read()
        taken.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(said.decode())
    connection.close()
    return taken[-times:]
