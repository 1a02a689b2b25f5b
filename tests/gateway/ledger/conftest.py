"""A ledger on each kind of database in turn, with a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorium.gateway.ledger import LedgerConfig
from sensorium.gateway.ledger.config import Durability
from tests.gateway.ledger.bench import Bench

# Fixtures are found by their names in a conftest.
from tests.store.conftest import postgresql, postgresql_dsn  # noqa: F401 - fixtures


@pytest.fixture(params=["sqlite", "sqlite-flushed", "postgresql"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> LedgerConfig:
    """Settings of an empty ledger, on each kind of database in turn."""
    dsn = f"sqlite:///{tmp_path}/gateway.sqlite"
    if request.param == "sqlite":
        return LedgerConfig(dsn=dsn)
    if request.param == "sqlite-flushed":
        return LedgerConfig(dsn=dsn, durability=Durability.POWER)
    return LedgerConfig(dsn=request.getfixturevalue("postgresql_dsn"))


@pytest.fixture
def bench(config: LedgerConfig, tmp_path: Path) -> Iterator[Bench]:
    """An empty ledger and what tests ask of it."""
    opened = Bench(config, tmp_path)
    yield opened
    asyncio.run(opened.close())
