from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sensorium.app import bundled_recordings
from tests.e2e.conftest import Outcome, briefs_in, sensorium

pytestmark = pytest.mark.xdist_group("service")

FIRST = next(iter(bundled_recordings()), Path("missing"))


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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def service(folder: Path) -> Iterator[Service]:
    """Start the service over ``folder``; it is killed at the end if it still runs."""
    port = free_port()
    settings = folder / "sensorium.yaml"
    settings.write_text(
        "ingest:\n  udp:\n    host: 127.0.0.1\n"
        f"    ports: [{UDP['flows']}, {UDP['ipfix']}, {UDP['syslog']}]\n"
        "  http:\n    port: 0\n  grpc:\n    port: 0\n"
        f"console:\n  port: {port}\n"
    )
    log = folder / "service.log"
    command = [sys.executable, "-m", "sensorium", "run", "-c", str(settings)]
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


def replay_command(running: Service) -> list[str]:
    ports = {2055: UDP["flows"], 4739: UDP["ipfix"], 5514: UDP["syslog"]}
    return [
        *(sys.executable, "-m", "sensorium", "replay", str(FIRST), "--to", "127.0.0.1"),
        *("--http", running.url),
        *(word for pair in ports.items() for word in ("--port", "{}={}".format(*pair))),
    ]


def ended(running: Service) -> bool:
    return "replayed stream ended" in running.log.read_text()


@pytest.mark.skipif(not FIRST.is_dir(), reason="no recording is bundled")
class TestService:
    def test_a_replay_over_sockets_reaches_the_incidents_of_a_direct_one(
        self, tmp_path: Path, replayed: Callable[[Path], Outcome]
    ) -> None:
        direct = replayed(FIRST)
        with service(tmp_path) as running:
            subprocess.run(replay_command(running), check=True, capture_output=True, timeout=300)
            running.wait_for(lambda: ended(running))
            incidents = running.incidents()
            found = running.get(f"/api/v1/incidents/{incidents[0]['id']}").json()["evidence"]
            asked = sensorium("evidence", "show", found[0]["id"], *running.flags)
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(60) == 0
        assert incidents == direct.incidents
        assert briefs_in(running.data) == direct.briefs
        assert asked.returncode == 0, asked.stderr
        assert f"asking the service at {running.url}" in asked.stderr

    def test_a_killed_service_loses_no_incident_approval_or_checkpoint(
        self, tmp_path: Path, replayed: Callable[[Path], Outcome]
    ) -> None:
        direct = replayed(FIRST)
        with service(tmp_path) as running:
            sender = subprocess.Popen(
                replay_command(running), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            waiting = "/api/v1/incidents?state=awaiting_approval"
            running.wait_for(lambda: bool(running.get(waiting).json()["incidents"]))
            before = {i["id"]: i for i in running.incidents()}
            approvals = running.get("/api/v1/approvals").json()["approvals"]
            os.kill(running.process.pid, signal.SIGKILL)
            running.process.wait()
            sender.kill()
            sender.wait()
        with service(tmp_path) as running:
            after = {i["id"]: i for i in running.incidents()}
            assert before.keys() <= after.keys()
            kept = running.get("/api/v1/approvals").json()["approvals"]
            assert [a["id"] for a in approvals] == [a["id"] for a in kept][-len(approvals) :]
            resumed = next(
                line
                for line in map(json.loads, running.log.read_text().splitlines())
                if line["message"] == "resumed"
            )
            assert resumed["waiting_for_a_person"] >= 1
            assert resumed["log_templates"] >= 1
            approval = kept[0]
            decided = sensorium(
                *("approval", "approve", approval["id"], "--actor", "ada", "--reason", "a test"),
                *("--digest", approval["action_digest"], *running.flags),
            )
            assert decided.returncode == 0, decided.stderr
            incident = f"/api/v1/incidents/{approval['incident_id']}"
            running.wait_for(
                lambda: running.get(incident).json()["incident"]["state"] != "awaiting_approval"
            )
        assert {i["id"] for i in direct.incidents} >= before.keys()
