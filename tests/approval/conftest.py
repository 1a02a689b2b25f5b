"""A desk over a real database, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sensorium.approval import ApprovalConfig, ApprovalDesk
from sensorium.observe import Observe
from sensorium.store.records import Records, RecordsConfig, open_records
from tests.store.conftest import postgresql, postgresql_dsn

__all__ = ["postgresql", "postgresql_dsn"]

HOUR = 3600 * 10**9


@dataclass
class Clock:
    """Time that stands still until it is moved."""

    now_ns: int = 1_790_000_000_000_000_000

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(RecordsConfig(), Observe(), data_dir=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def desk(records: Records, clock: Clock) -> ApprovalDesk:
    return ApprovalDesk(records, clock, ApprovalConfig())
