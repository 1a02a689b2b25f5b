"""The collector: keeps every datagram and scrape as it came. Runs in the monitor's network.

``python -m lab.recorder SETTINGS.json`` prints ``recording`` once its sockets are open, and on
SIGTERM takes in the change sources, closes the recording and ends.
"""

from __future__ import annotations

import asyncio
import functools
import http.client
import json
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sensorium.ingest.recording import RecordingWriter
from sensorium.model.address import pack_address

PORTS = (2055, 4739, 5514)
INTERVAL_S = 15.0
_TIMEOUT_S = 8.0


@dataclass(frozen=True, slots=True)
class Target:
    """One scrape target."""

    job: str
    instance: str


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, writer: RecordingWriter, port: int) -> None:
        self._writer = writer
        self._port = port
        self._packed: dict[str, bytes] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        now = time.time_ns()
        source = self._packed.get(addr[0])
        if source is None:
            source = self._packed[addr[0]] = pack_address(addr[0])
        self._writer.datagram(now, source, addr[1], self._port, data)


def fetch(instance: str) -> tuple[int, bytes]:
    """GET /metrics; status 0 and no body when nothing answers in time."""
    connection = http.client.HTTPConnection(instance, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/metrics", headers={"Accept": "text/plain"})
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


async def _scrape_for_ever(
    writer: RecordingWriter, target: Target, offset: float, pool: ThreadPoolExecutor
) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time() + offset
    while True:
        await asyncio.sleep(max(0.0, due - loop.time()))
        began, clock = time.time_ns(), time.perf_counter_ns()
        status, body = await loop.run_in_executor(pool, fetch, target.instance)
        took = time.perf_counter_ns() - clock
        writer.scrape(
            began, target.job, target.instance, status=status, duration_ns=took, body=body
        )
        due += INTERVAL_S


async def record(folder: Path, name: str, description: str, targets: list[Target]) -> None:
    """Record until SIGTERM or SIGINT, then close."""
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    with RecordingWriter(folder, name, description) as writer:
        transports = []
        for port in PORTS:
            plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
            plug.bind(("0.0.0.0", port))
            plug.setblocking(False)
            transport, _ = await loop.create_datagram_endpoint(
                functools.partial(_Receiver, writer, port), sock=plug
            )
            transports.append(transport)
        print("recording", flush=True)
        # A target that hangs must not hold up the others, so each may have its own thread.
        with ThreadPoolExecutor(max_workers=len(targets) or 1) as pool:
            scrapers = [
                asyncio.create_task(
                    _scrape_for_ever(writer, t, INTERVAL_S * i / len(targets), pool)
                )
                for i, t in enumerate(targets)
            ]
            await ending.wait()
            for scraper in scrapers:
                scraper.cancel()
            await asyncio.gather(*scrapers, return_exceptions=True)
        for transport in transports:
            transport.close()


def main() -> None:
    """Read the settings and record."""
    settings = json.loads(Path(sys.argv[1]).read_text())
    targets = [Target(**t) for t in settings["targets"]]
    asyncio.run(
        record(Path(settings["folder"]), settings["name"], settings["description"], targets)
    )


if __name__ == "__main__":
    main()
