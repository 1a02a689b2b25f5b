"""A directory with two organisations in it, on each kind of database in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorium.gateway.ledger import LedgerConfig
from tests.gateway.access.town import Town
from tests.store.conftest import postgresql, postgresql_dsn  # noqa: F401 - fixtures


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """Two organisations, their teams and users."""
    dsn = (
        f"sqlite:///{tmp_path}/gateway.sqlite"
        if request.param == "sqlite"
        else request.getfixturevalue("postgresql_dsn")
    )
    made = Town(LedgerConfig(dsn=dsn), tmp_path)
    yield made
    made.close()
