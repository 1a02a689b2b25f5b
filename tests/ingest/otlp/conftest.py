"""A running server: HTTP and gRPC on free ports of loopback, and what they accepted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from sensorium.ingest.otlp import (
    OtlpConfig,
    OtlpService,
    otlp_methods,
    otlp_routes,
    status_details,
)
from sensorium.ingest.transport.grpc_config import GrpcConfig
from sensorium.ingest.transport.grpc_server import GrpcReceiver
from sensorium.ingest.transport.http import HttpConfig, HttpReceiver
from sensorium.model.signals import Signal
from sensorium.observe import Observe


@pytest.fixture
def anyio_backend() -> str:
    """The only event loop that Sensorium runs on."""
    return "asyncio"


@dataclass
class Accepted:
    """Stands for the journal: remembers what it took, or raises ``error``."""

    batches: list[Any] = field(default_factory=list)
    error: Exception | None = None
    gate: asyncio.Event | None = None
    ids: list[bytes] = field(default_factory=list)

    async def __call__(self, batches: Sequence[Any], request_id: bytes = b"") -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.batches += batches
        self.ids.append(request_id)

    def rows(self, signal: Signal) -> list[dict[str, Any]]:
        """All rows of a signal, attributes and labels as dicts."""
        found = []
        for kind, batch in self.batches:
            for row in batch.to_pylist() if kind is signal else ():
                key = "labels" if signal is Signal.METRICS else "attributes"
                found.append({**row, key: dict(row[key])})
        return found


@dataclass
class Running:
    """Both receivers at work."""

    accepted: Accepted
    observe: Observe
    http: HttpReceiver
    grpc: GrpcReceiver


@asynccontextmanager
async def running(
    grpc_settings: dict[str, Any] | None = None, **http: Any
) -> AsyncIterator[Running]:
    """Serve until the block ends."""
    accepted, observe = Accepted(), Observe()
    service = OtlpService(OtlpConfig(), accepted, observe)
    receiver = HttpReceiver(
        HttpConfig(port=0, **http), otlp_routes(service), observe, clock_ns=time.time_ns
    )
    calls = GrpcReceiver(
        GrpcConfig(port=0, **(grpc_settings or {})),
        otlp_methods(service),
        observe,
        clock_ns=time.time_ns,
        details=status_details,
        prepare=[service.warm_up],
    )
    receiver.bind()
    calls.bind()
    tasks = [asyncio.create_task(receiver.run()), asyncio.create_task(calls.run())]
    while receiver.health().state != "ok" or calls.health().state != "ok":
        await asyncio.sleep(0.01)
    try:
        yield Running(accepted, observe, receiver, calls)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
