"""A server that says that it listens takes a connection at that moment."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from sensorium.console.config import ConsoleConfig
from sensorium.console.server import HttpServer
from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.door.server import DoorServer
from sensorium.ingest.transport.http import HttpConfig, HttpReceiver
from sensorium.observe import Observe


class _Served(Protocol):
    async def run(self) -> None: ...


class _Caller:
    """Stands where the log stands, and connects as soon as it is told where."""

    def __init__(self) -> None:
        self.called = asyncio.Event()
        self.refused: OSError | None = None

    def info(self, message: str, *, url: str, **_: Any) -> None:
        assert message == "listening"
        where = urlsplit(url)
        assert where.hostname is not None
        try:
            socket.create_connection((where.hostname, where.port or 0), timeout=5).close()
        except OSError as error:
            self.refused = error
        self.called.set()

    def warning(self, *_: Any, **__: Any) -> None:
        """Not looked at here."""


def _console(observe: Observe) -> _Served:
    return HttpServer(FastAPI(), ConsoleConfig(port=0), observe)


def _gateway(observe: Observe) -> _Served:
    return DoorServer(FastAPI(), DoorConfig(port=0), observe)


def _ingest(observe: Observe) -> _Served:
    return HttpReceiver(HttpConfig(port=0), {}, observe, clock_ns=lambda: 0)


@pytest.mark.parametrize("server", [_console, _gateway, _ingest])
def test_who_reads_that_it_listens_can_connect(server: Any) -> None:
    async def scenario() -> OSError | None:
        served, caller = server(Observe()), _Caller()
        served._log = caller
        running = asyncio.create_task(served.run())
        async with asyncio.timeout(20):
            await caller.called.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return caller.refused

    assert asyncio.run(scenario()) is None
