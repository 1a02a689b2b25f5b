"""Scoring over HTTP as tests ask for it: an application of its own, with a clock to turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from fastapi import FastAPI
from fastapi.testclient import TestClient

from sensorium.component import HealthState
from sensorium.console.config import ConsoleConfig
from sensorium.console.detect import DetectDeps, detect_routes
from sensorium.console.server import HttpServer
from sensorium.detect.config import DetectConfig
from sensorium.detect.models import ModelCard, ModelKind, ModelRegistry
from sensorium.detect.models.forest_model import ForestModel
from sensorium.detect.serving.config import ServingConfig
from sensorium.detect.serving.scorers import Scorers
from sensorium.observe import Observe

PATH = "/api/v1/detect/score"
ARROW = "application/vnd.apache.arrow.stream"
NOW_NS: Final = 1_800_000_000_000_000_000
FEATURES: Final = ("octets", "peers", "refused")


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Scoring:
    """What a test of scoring over HTTP looks at."""

    client: TestClient
    observe: Observe
    clock: Clock

    def refused(self, reason: str) -> float:
        """How many requests were refused for a reason."""
        return self.observe.value("sensorium_detect_serving_refused_total", {"reason": reason})

    def arrow(self, body: bytes, **said: str) -> Any:
        """Ask with an Arrow body."""
        headers = {"content-type": ARROW}
        return self.client.post(PATH, content=body, headers=headers, params=said)


def trained(
    folder: Path,
    name: str = "flows.host.joint",
    versions: int = 1,
    features: tuple[str, ...] = FEATURES,
) -> ModelRegistry:
    """A registry with small forests, the last of them active, made a minute before now."""
    registry = ModelRegistry(folder, lambda: NOW_NS - 60 * 10**9, Observe())
    for seed in range(versions):
        rows = np.random.default_rng(seed).normal(size=(200, len(features)))
        model = ForestModel.fit(features, rows, trees=20, seed=seed)
        card = ModelCard(
            name=name,
            kind=ModelKind.ISOLATION_FOREST,
            features=features,
            since_ns=NOW_NS - 3600 * 10**9,
            until_ns=NOW_NS - 120 * 10**9,
            rows=len(rows),
            settings={"trees": 20},
            scores={"roc_auc": 0.9},
        )
        registry.add(card, model.files())
    registry.promote(name, versions)
    return registry


def scorers(registry: ModelRegistry | None = None) -> Scorers:
    """The built-in scorer, and a registry's models where one is given."""
    none = ModelRegistry(Path("there-is-none"), lambda: NOW_NS, Observe())
    return Scorers(registry or none, lambda: NOW_NS)


def scoring(by: Scorers | None = None, **limits: Any) -> Scoring:
    """An application with limits of a test's own."""
    observe, clock = Observe(), Clock()
    config = DetectConfig(serving=ServingConfig(**limits))
    app = FastAPI(openapi_url="/api/openapi.json")
    app.include_router(detect_routes(DetectDeps(by or scorers(), config, clock), observe))
    return Scoring(TestClient(app), observe, clock)


@asynccontextmanager
async def listening(app: Any, observe: Observe) -> AsyncIterator[str]:
    """The application on a port of its own; gives its URL."""
    server = HttpServer(app, ConsoleConfig(port=0), observe)
    url = server.url
    running = asyncio.create_task(server.run())
    try:
        while server.health().state is not HealthState.OK:
            await asyncio.sleep(0.001)
        yield url
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def stream(columns: Mapping[str, Any] | pa.Table, compression: str | None = None) -> bytes:
    """An Arrow IPC stream of a table."""
    table = columns if isinstance(columns, pa.Table) else pa.table(dict(columns))
    options = pa.ipc.IpcWriteOptions(compression=compression)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def table(body: bytes) -> pa.Table:
    """The table of an Arrow answer."""
    return pa.ipc.open_stream(body).read_all()
