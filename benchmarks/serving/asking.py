"""The services as processes of their own, and how long they take to answer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def ours(folder: Path, port: int) -> Iterator[str]:
    """``sensorium run`` with nothing to watch; the URL that rows are sent to."""
    settings = folder / "sensorium.yaml"
    settings.write_text(_SETTINGS.format(port=port), encoding="utf-8")
    command = ["sensorium", "run", "-c", str(settings), "--data", str(folder / "data")]
    with _process(command, f"http://127.0.0.1:{port}/readyz"):
        yield f"http://127.0.0.1:{port}/api/v1/detect/score"


@contextmanager
def plain(columns: int, port: int) -> Iterator[str]:
    """The plain application; the URL that rows are sent to."""
    command = ["benchmarks.serving.plain", str(port), str(columns)]
    with _process(command, f"http://127.0.0.1:{port}/openapi.json"):
        yield f"http://127.0.0.1:{port}/score"


@contextmanager
def _process(command: list[str], ready: str) -> Iterator[None]:
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
        yield
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


def latencies(url: str, body: bytes, kind: str, times: int) -> list[float]:
    """Seconds from asking to having the whole answer, over one connection."""
    parts = urlsplit(url)
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=120)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    taken = []
    for _ in range(min(_UNMEASURED, times) + times):
        began = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        said = answer.read()
        taken.append(time.perf_counter() - began)
        if answer.status != 200:
            raise RuntimeError(said.decode())
    connection.close()
    return taken[-times:]
