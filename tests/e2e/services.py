"""The service as a process of its own, for tests to send to, ask and kill."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.ports import free_port


@dataclass
class Service:
    """A running ``sensorium run`` and where it listens."""

    process: subprocess.Popen[str]
    url: str
    data: Path
    log: Path

    @property
    def flags(self) -> tuple[str, ...]:
        """What a command needs to find this service."""
        return ("-c", str(self.data.parent / "sensorium.yaml"), "--data", str(self.data))

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=30)

    def incidents(self) -> list[dict[str, Any]]:
        found = self.get("/api/v1/incidents?limit=1000").json()["incidents"]
        return sorted(found, key=lambda i: (i["start_ns"], i["id"]))

    def wait_for(self, what: Callable[[], bool], seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                if what():
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds} s:\n{self.log.read_text()[-4000:]}")


@contextmanager
def service(
    folder: Path, ingest: str = "", program: Sequence[str] = ("-m", "sensorium")
) -> Iterator[Service]:
    """Start the service over ``folder``; it is killed at the end if it still runs. ``ingest`` is
    YAML for that part of the settings, each line indented by two; ``program`` is what Python runs.
    """
    port = free_port()
    settings = folder / "sensorium.yaml"
    settings.write_text(
        "ingest:\n  udp:\n    host: 127.0.0.1\n"
        f"    ports: [{UDP['flows']}, {UDP['ipfix']}, {UDP['syslog']}]\n"
        f"  http:\n    port: 0\n  grpc:\n    port: 0\n{ingest}"
        f"console:\n  port: {port}\n"
    )
    log = folder / "service.log"
    command = [sys.executable, *program, "run", "-c", str(settings)]
    with log.open("a") as stream:
        process = subprocess.Popen(
            [*command, "--data", str(folder / "data")], stderr=stream, text=True
        )
    running = Service(process, f"http://127.0.0.1:{port}", folder / "data", log)
    try:
        running.wait_for(lambda: running.get("/readyz").status_code == 200)
        yield running
    finally:
        process.kill()
        process.wait()


UDP = {"flows": free_port(), "ipfix": free_port(), "syslog": free_port()}
