"""How the service's process ends when it is asked to."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from sensorium.app.service import tell
from sensorium.errors import SensoriumError
from sensorium.store.errors import StoreClosedUnwrittenError
from tests.e2e.services import UDP, service
from tests.store.conftest import Engine

pytestmark = pytest.mark.xdist_group("service")

# Registered first, it runs last of what runs at the end.
PROGRAM = """
import atexit, gc, sys
from sensorium.cli import main
atexit.register(lambda: sys.stderr.write(f"left to look through: {len(gc.get_objects())}"))
main(prog_name="sensorium")
"""


def test_a_stop_ends_the_process_in_order_and_looks_through_nothing_on_the_way(
    tmp_path: Path,
) -> None:
    with service(tmp_path, program=("-c", PROGRAM)) as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
    *before, last = running.log.read_text().splitlines()
    assert '"stopped"' in before[-1]
    words, left = last.rsplit(" ", 1)
    assert words == "left to look through:"
    # Of a million; what is made after all is closed is little.
    assert int(left) < 10_000


def test_a_stop_that_loses_rows_says_so_once_and_ends_with_another_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(tmp_path / "engine")
    dsn = f"clickhouse://default@{engine.url}/telemetry"
    monkeypatch.setenv("SENSORIUM__STORE__TELEMETRY__DSN", dsn)
    monkeypatch.setenv("SENSORIUM__PIPELINE__SYSLOG_PORTS", f"[{UDP['syslog']}]")
    try:
        with service(tmp_path) as running:
            engine.stop()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for _ in range(3):
                    line = b"<34>1 2026-01-01T00:00:00Z h app - - - one"
                    sender.sendto(line, ("127.0.0.1", UDP["syslog"]))
            # The fourth is the template of the three.
            running.wait_for(lambda: "4 rows wait" in running.get("/healthz").text)
            running.process.send_signal(signal.SIGTERM)
            status = running.process.wait(60)
            said = running.log.read_text()
    finally:
        engine.stop()
    assert status == 1, said
    assert said.count("of 4 rows that waited 4 are given up") == 1
    assert "Traceback" not in said


def test_rows_that_the_journal_holds_are_not_lost_by_a_stop() -> None:
    tell([StoreClosedUnwrittenError("the server is away", 5, 0)])
    with pytest.raises(StoreClosedUnwrittenError, match="of 5 rows that waited 2 are given up"):
        tell([ValueError("a bug"), StoreClosedUnwrittenError("the server is away", 5, 2)])
    with pytest.raises(SensoriumError, match="ValueError: a bug"):
        tell([ValueError("a bug")])
