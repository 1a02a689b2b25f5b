from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sensorium.app import bundled_recordings
from tests.e2e.conftest import Outcome, briefs_in, sensorium
from tests.e2e.services import UDP, Service, service

pytestmark = pytest.mark.xdist_group("service")

FIRST = next(iter(bundled_recordings()), Path("missing"))


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
        kept = json.loads((running.data / "memory" / "learned.json").read_text())
        assert kept["stamp"]["closed_ns"] > max(i["start_ns"] for i in incidents)
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
