"""A database server that ends what the ledger does: what was undone is done again, once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorium.gateway.ledger import LedgerConfig
from tests.gateway.ledger.bench import Bench, spent

pytestmark = pytest.mark.anyio


@pytest.fixture
def served(postgresql_dsn: str, tmp_path: Path) -> Iterator[Bench]:
    """An empty ledger on PostgreSQL."""
    bench = Bench(LedgerConfig(dsn=postgresql_dsn), tmp_path)
    yield bench
    asyncio.run(bench.close())


async def test_a_connection_that_was_cut_is_made_anew(served: Bench) -> None:
    served.limit("team:t1", budget=1000)
    ticket = await served.ledger.open(served.claim(100))
    with served.connections.writing() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    await served.ledger.open(served.claim(100))
    assert await served.ledger.settle(ticket, spent(40))
    account = served.account("team:t1")
    assert (account["settled"], account["reserved"], account["calls"]) == (40, 100, 1)


async def test_a_deadlock_is_got_out_of(served: Bench) -> None:
    served.limit("key:k1", budget=1000)
    served.limit("team:t1", budget=1000)
    await served.ledger.settle(await served.ledger.open(served.claim(100)), spent(10))
    lock = "SELECT scope FROM gateway_accounts WHERE scope = '%s' FOR UPDATE"
    with served.connections.writing() as other:
        # The other does not look for deadlocks, so it is the ledger's turn that is ended.
        other.exec_driver_sql("SET LOCAL deadlock_timeout = '1h'")
        other.exec_driver_sql(lock % "team:t1")
        opening = asyncio.create_task(served.ledger.open(served.claim(100)))
        await asyncio.to_thread(_until_somebody_waits, served)
        await asyncio.to_thread(other.exec_driver_sql, lock % "key:k1")
    await opening
    assert len(served.rows()) == 2
    assert served.account("key:k1")["reserved"] == 100


def _until_somebody_waits(bench: Bench) -> None:
    for _ in range(600):
        with bench.connections.reading() as connection:
            waiting = connection.exec_driver_sql(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).scalar()
        if waiting:
            return
        time.sleep(0.05)
    raise AssertionError("nobody waits")
