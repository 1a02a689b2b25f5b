"""Under systemd, what exporters send while the service is started anew is not lost."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.e2e.systemd import Systemd, systemd
from tests.ports import free_port

pytestmark = pytest.mark.xdist_group("service")


LINE = "<134>1 - probe probe - - - handover"
CONNECTED = 1_000_000
"""The number of what is sent over a connection."""


class Exporter(threading.Thread):
    """Sends a numbered line of syslog every few milliseconds, whoever is there to read it."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.sent = 0
        self.stop = threading.Event()

    def end(self) -> None:
        self.stop.set()
        self.join()

    def run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
            for number in itertools.count():
                if self.stop.wait(0.005):
                    return
                sending.sendto(f"{LINE} {number}".encode(), ("127.0.0.1", self.port))
                self.sent = number + 1


@dataclass(frozen=True)
class Started:
    """The service as the manager runs it."""

    manager: Systemd
    exporter: Exporter
    console: int
    tcp: int

    def stored(self, rows: int) -> None:
        """Wait until this start of it has stored so many lines."""
        self.until(lambda: self._rows() >= rows)

    def until(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 240  # a first start compiles
        while not what():
            assert time.monotonic() < deadline, self.manager.log.read_text()[-4000:]
            time.sleep(0.1)

    def _rows(self) -> float:
        url = f"http://127.0.0.1:{self.console}/metrics"
        try:
            lines = httpx.get(url, trust_env=False, timeout=30).text.splitlines()
        except httpx.TransportError:
            return 0
        wanted = 'sensorium_store_rows_total{signal="logs"} '
        return sum(float(line.removeprefix(wanted)) for line in lines if line.startswith(wanted))


@contextmanager
def started(folder: Path) -> Iterator[Started]:
    port, tcp, console = free_port(), free_port(), free_port()
    settings = folder / "sensorium.yaml"
    settings.write_text(
        f"ingest:\n  udp: {{host: 127.0.0.1, ports: [{port}]}}\n"
        f"  syslog_stream: {{host: 127.0.0.1, tcp_ports: [{tcp}]}}\n"
        f"  http: {{port: 0}}\n  grpc: {{port: 0}}\nconsole: {{port: {console}}}\n"
    )
    with systemd(folder, settings) as manager:
        manager.ctl("start", "sensorium.service")
        exporter = Exporter(port)
        exporter.start()
        try:
            yield Started(manager, exporter, console, tcp)
        finally:
            exporter.end()


def kept(folder: Path) -> Counter[int]:
    """How often each number is stored."""
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder / "data")
    try:
        lines = store.query("SELECT body FROM logs WHERE body LIKE 'handover %'")
    finally:
        store.close()
    return Counter(int(body.rpartition(" ")[2]) for body in lines.column("body").to_pylist())


def test_what_is_sent_while_it_is_started_anew_is_stored_once(tmp_path: Path) -> None:
    with started(tmp_path) as service:
        manager, exporter = service.manager, service.exporter
        service.stored(100)
        asked = exporter.sent
        manager.ctl("restart", "sensorium.service")
        again = exporter.sent
        service.stored(again - asked)

        os.kill(manager.outside(int(manager.shown("MainPID"))), signal.SIGKILL)
        time.sleep(0.5)
        dead = exporter.sent
        with socket.create_connection(("127.0.0.1", service.tcp)) as waiting:
            waiting.sendall(f"{LINE} {CONNECTED}\n".encode())
        service.until(lambda: manager.shown("ActiveState") == "active")
        alive = exporter.sent
        service.stored(alive - dead + 1)

        exporter.end()
        manager.ctl("stop", "sensorium.service")
        assert manager.shown("NFileDescriptorStore") == "0"
    found = kept(tmp_path)
    assert found.pop(CONNECTED) == 1
    print("sent", exporter.sent, "asked", asked, "again", again, "dead", dead, "alive", alive)
    assert [number for number, times in found.items() if times > 1] == []
    # Of what it had read when it was killed, a second's worth may be gone; nothing of the rest.
    missing = set(range(exporter.sent)) - set(found)
    assert missing <= set(range(again, dead))
    assert again - asked > 100
    assert alive - dead > 100
