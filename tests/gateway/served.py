"""A whole gateway on loopback, with real sockets, before servers that speak as providers do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from sqlalchemy import Row, select

from sensorium.component import HealthState
from sensorium.gateway.access import Directory, Role
from sensorium.gateway.access.permission import OPERATOR
from sensorium.gateway.access.records import Kind as Of
from sensorium.gateway.access.records import Subject
from sensorium.gateway.calls.parts import Parts
from sensorium.gateway.config import GatewaySettings
from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.ledger.tables import ATTEMPTS
from sensorium.gateway.providers.config import Kind, ProviderConfig
from sensorium.gateway.routing.config import DeploymentConfig, ModelConfig
from sensorium.gateway.service import Opened, open_gateway
from sensorium.observe import Observe
from sensorium.observe.config import LogFormat, LogLevel, ObserveConfig
from sensorium.observe.logs import make_logger
from sensorium.supervisor import Supervisor
from tests.gateway.upstreams.server import Emulator

PRICES = """
version = "tests"
[openai]
"*" = { input = "1", output = "2" }
tiered = { input = "1", output = "2", times = { priority = "2.5" } }
[anthropic]
"*" = { input = "1", output = "2" }
"""


def provider(name: str, url: str, kind: Kind = Kind.OPENAI, **more: Any) -> ProviderConfig:
    """A provider on loopback; its credential is the variable of its name."""
    base = url if kind is Kind.ANTHROPIC else f"{url}/v1"
    return ProviderConfig(
        name=name,
        kind=kind,
        base_url=base,
        credential=f"env:{name.upper()}",
        allow_private_destinations=True,
        **more,
    )


def model(name: str, *providers: str, **more: Any) -> ModelConfig:
    """A model with a deployment at each of these providers."""
    deployments = tuple(DeploymentConfig(provider=one, model="echo") for one in providers)
    return ModelConfig(name=name, deployments=deployments, **more)


def settings(*models: ModelConfig, providers: tuple[ProviderConfig, ...], **more: Any) -> Any:
    """Settings of a gateway on any free port."""
    door = more.pop("door", DoorConfig())
    return GatewaySettings(door=replace(door, port=0), models=models, providers=providers, **more)


Answered = tuple[int, Any, Mapping[str, str]]


@dataclass
class Served:
    """A gateway at work. ``log`` is everything it logged."""

    opened: Opened
    url: str
    key: str
    other_key: str
    team_id: str
    log: StringIO
    http: aiohttp.ClientSession

    @property
    def parts(self) -> Parts:
        return self.opened.parts

    @property
    def observe(self) -> Observe:
        return self.opened.observe

    async def post(self, path: str, body: Any, **headers: str) -> Answered:
        """Status, JSON and headers of an answer."""
        data = {"data": body} if isinstance(body, bytes) else {"json": body}
        given = {"authorization": f"Bearer {self.key}", **headers}
        async with self.http.post(self.url + path, headers=given, **data) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers

    async def rows(self) -> list[Row[Any]]:
        """The ledger's rows in the order they were opened, once everything is settled."""
        await self.parts.background.done()
        await self.parts.books.settled()
        with self.opened.database.reading() as connection:
            return list(connection.execute(select(ATTEMPTS).order_by(ATTEMPTS.c.started_ns)))


def two_teams(directory: Directory) -> tuple[Subject, Subject]:
    """Two teams of one organisation."""
    organisation = directory.create(OPERATOR, Of.ORGANISATION, "Tests")
    first, second = (
        directory.create(OPERATOR, Of.TEAM, name, parent_id=organisation.id, role=Role.SERVICE)
        for name in ("first", "second")
    )
    return first, second


@asynccontextmanager
async def serving(
    given: GatewaySettings, *emulators: Emulator, observe: Observe | None = None, **more: Any
) -> AsyncIterator[Served]:
    """Run a gateway; ``emulators`` are behind its providers, in their order.

    ``more`` is what its keys are made with: ``allowed_models``, ``privacy``.
    """
    log = StringIO()
    config = ObserveConfig(log_format=LogFormat.JSON, log_level=LogLevel.DEBUG)
    observe = observe or Observe(logger=make_logger(config, log))
    environment = {
        one.name.upper(): emulator.key
        for one, emulator in zip(given.providers, emulators, strict=False)
    }
    with TemporaryDirectory() as folder:
        prices = Path(folder) / "prices.toml"
        prices.write_text(PRICES)
        ledger = replace(given.ledger, prices=prices)
        given = replace(given, data_dir=Path(folder), ledger=ledger)
        opened = open_gateway(given, observe, environment)
        teams = two_teams(opened.directory)
        key, other_key = (
            opened.directory.create_key(OPERATOR, team.id, "tests", **more).secret.text
            for team in teams
        )
        door, components = opened.components()
        running = asyncio.ensure_future(Supervisor(components, observe).run())
        try:
            async with aiohttp.ClientSession() as http:
                url = door.url
                while door.health().state is not HealthState.OK:
                    await asyncio.sleep(0.001)
                yield Served(opened, url, key, other_key, teams[0].id, log, http)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await opened.close()
