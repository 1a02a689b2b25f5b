"""The books around calls, on a real ledger whose database is at times not to be had."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sensorium.gateway.calls import bookkeeping
from sensorium.gateway.calls.bookkeeping import Bookkeeping
from sensorium.gateway.ledger import LedgerConfig, Refused
from tests.gateway.ledger.bench import Bench, spent

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The ledger belongs to an asyncio loop."""
    return "asyncio"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A ledger that does not wait long for a database in use."""
    dsn = f"sqlite:///{tmp_path}/gateway.sqlite"
    opened = Bench(LedgerConfig(dsn=dsn, busy_timeout_s=0.01), tmp_path)
    yield opened
    asyncio.run(opened.close())


@contextmanager
def in_use(folder: Path) -> Iterator[None]:
    """Another process is writing, and does not end."""
    with closing(sqlite3.connect(folder / "gateway.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def until(bench: Bench, name: str, count: float) -> None:
    """Wait for a counter."""
    async with asyncio.timeout(30):
        while bench.observe.value(f"sensorium_gateway_settlements_{name}_total") < count:
            await asyncio.sleep(0.005)


def refused(bench: Bench) -> float:
    """How often the team's budget had no room, as it is counted."""
    labels = {"reason": "budget", "scope": "team"}
    return bench.observe.value("sensorium_gateway_refused_total", labels)


async def test_a_settlement_that_the_database_fails_is_written_when_it_is_back(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookkeeping, "_AGAIN_S", 0.01)
    bench.limit("team:t1", budget=100)
    books = Bookkeeping(bench.ledger, 60.0, bench.observe)
    ticket = await books.open(bench.claim(100))
    with in_use(tmp_path):
        books.settle(ticket, spent(40))
        await until(bench, "again", 2)
    async with asyncio.timeout(30):
        while bench.rows()[0]["state"] != "settled":
            await asyncio.sleep(0.005)
    assert bench.rows()[0]["cost"] == 40
    assert bench.account("team:t1")["settled"] == 40
    await books.settled()
    assert bench.observe.value("sensorium_gateway_settlements_failed_total") == 0


async def test_a_lease_is_renewed_while_its_settlement_waits(bench: Bench, tmp_path: Path) -> None:
    books = Bookkeeping(bench.ledger, 0.03, bench.observe)
    ticket = await books.open(bench.claim(100, lease_s=0.03))
    before = bench.rows()[0]["lease_until_ns"]
    renewing = asyncio.create_task(books.renew_forever())
    with in_use(tmp_path):
        books.settle(ticket, spent(40))
        await until(bench, "again", 1)
    bench.now_ns += 5_000_000_000
    async with asyncio.timeout(30):
        while bench.rows()[0]["lease_until_ns"] <= before:
            await asyncio.sleep(0.005)
    renewing.cancel()
    await books.settled()
    assert bench.rows()[0]["cost"] == 40


async def test_at_the_end_what_waits_is_tried_once_more_and_then_counted(
    bench: Bench, tmp_path: Path
) -> None:
    books = Bookkeeping(bench.ledger, 60.0, bench.observe)
    written, lost = [await books.open(bench.claim(100)) for _ in range(2)]
    with in_use(tmp_path):
        books.settle(written, spent(40))
        await until(bench, "again", 1)
    await books.settled()
    assert [row["state"] for row in bench.rows()] == ["settled", "open"]
    with in_use(tmp_path):
        books.settle(lost, spent(40))
        await books.settled()
    assert bench.observe.value("sensorium_gateway_settlements_failed_total") == 1


async def test_a_caller_who_leaves_while_a_claim_is_made_leaves_no_reservation(
    bench: Bench,
) -> None:
    bench.limit("team:t1", budget=100)
    books = Bookkeeping(bench.ledger, 60.0, bench.observe)
    await books.open(bench.claim(0))  # a claim waits for company only while others are under way
    opening = asyncio.create_task(books.open(bench.claim(100)))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await books.settled()
    await books.open(bench.claim(100))
    with pytest.raises(Refused):
        await books.open(bench.claim(1))


async def test_a_lone_caller_s_claim_and_the_settlement_it_needs_are_written_at_once(
    bench: Bench,
) -> None:
    bench.limit("team:t1", budget=100)
    books = Bookkeeping(bench.ledger, 60.0, bench.observe)
    books.settle(await books.open(bench.claim(100)), spent(40))
    with pytest.raises(StopIteration):  # it asked for no turn of the loop
        books.open(bench.claim(60)).send(None)
    assert [row["state"] for row in bench.rows()] == ["settled", "open"]
    assert bench.account("team:t1")["settled"] == 40
    assert bench.account("team:t1")["reserved"] == 60
    assert refused(bench) == 0
    await books.settled()


async def test_a_lone_caller_s_claim_waits_for_no_settlement_that_it_does_not_need(
    bench: Bench,
) -> None:
    bench.limit("team:t1", budget=100)
    books = Bookkeeping(bench.ledger, 60.0, bench.observe)
    books.settle(await books.open(bench.claim(30)), spent(20))
    with pytest.raises(StopIteration):
        books.open(bench.claim(60)).send(None)
    assert [row["state"] for row in bench.rows()] == ["open", "open"]
    async with asyncio.timeout(30):
        while bench.rows()[0]["state"] != "settled":
            await asyncio.sleep(0.005)
    assert bench.account("team:t1")["settled"] == 20
    assert bench.account("team:t1")["reserved"] == 60
    await books.settled()


async def test_a_refusal_that_a_settlement_does_not_change_is_counted_once(bench: Bench) -> None:
    bench.limit("team:t1", budget=100)
    books = Bookkeeping(bench.ledger, 60.0, bench.observe)
    books.settle(await books.open(bench.claim(100)), spent(90))
    with pytest.raises(Refused):
        await books.open(bench.claim(60))
    assert bench.account("team:t1")["settled"] == 90
    assert refused(bench) == 1
    await books.settled()
