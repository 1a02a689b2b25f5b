"""Databases that several processes may open."""

from __future__ import annotations

from pathlib import Path

import pytest

# Fixtures are found by their names in a conftest.
from tests.store.conftest import postgresql, postgresql_dsn  # noqa: F401 - fixtures


@pytest.fixture(params=["sqlite", "postgresql"])
def dsn(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/gateway.sqlite"
    return str(request.getfixturevalue("postgresql_dsn"))
