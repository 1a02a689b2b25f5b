"""A receiver on a free port of loopback, with one route that tells what it was handed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from sensorium.ingest.transport.http import (
    HttpConfig,
    HttpReceiver,
    Reply,
    Request,
    plain_refusal,
)
from sensorium.observe import Observe

NOW = 1_800_000_000_000_000_000


@pytest.fixture
def anyio_backend() -> str:
    """The only event loop that Sensorium runs on."""
    return "asyncio"


@dataclass
class Echo:
    """Remembers its requests and answers with the body it was given."""

    name: str = "echo"
    media_types: frozenset[str] = frozenset({"text/plain"})
    encodings: frozenset[str] = frozenset({"gzip", "zstd", "snappy"})
    seen: list[Request] = field(default_factory=list)
    error: Exception | None = None
    gate: asyncio.Event | None = None

    async def handle(self, request: Request) -> Reply:
        self.seen.append(request)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return Reply(200, request.body, headers={"X-Echo": "yes"})

    def refusal(self, headers: Mapping[str, str], status: int, message: str) -> Reply:
        return plain_refusal(status, message)


@dataclass
class Running:
    """A receiver at work."""

    receiver: HttpReceiver
    route: Echo
    observe: Observe

    @property
    def url(self) -> str:
        return f"{self.receiver.url}/echo"

    def refused(self, reason: str, route: str = "echo") -> float:
        labels = {"route": route, "reason": reason}
        return self.observe.value("sensorium_http_ingest_refused_total", labels)


@asynccontextmanager
async def running(route: Echo | None = None, **settings: Any) -> AsyncIterator[Running]:
    """Serve until the block ends."""
    echo, observe = route or Echo(), Observe()
    config = HttpConfig(port=0, **settings)
    receiver = HttpReceiver(config, {"/echo": echo}, observe, clock_ns=lambda: NOW)
    receiver.bind()
    task = asyncio.create_task(receiver.run())
    while receiver.health().state != "ok":
        await asyncio.sleep(0.005)
    try:
        yield Running(receiver, echo, observe)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
