"""Totals are the sums of rows, however they are told apart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.ledger import LedgerConfig, Scopes
from sensorium.gateway.ledger.spend import By, Only, Spend
from tests.gateway.ledger.bench import START_NS, Bench, spent

pytestmark = pytest.mark.anyio

attempts = st.lists(
    st.tuples(
        st.sampled_from(["t1", "t2", ""]),
        st.sampled_from(["u1", "u2", ""]),
        st.sampled_from(["m1", "m2"]),
        st.sampled_from(["open", "settled", "unpriced", "failed", "abandoned"]),
        st.integers(0, 10**15),
        st.integers(0, 4),
    ),
    max_size=15,
)


@given(attempts)
def test_every_way_of_telling_apart_adds_up_to_the_rows(given_attempts: list[tuple]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(LedgerConfig(dsn=f"sqlite:///{folder}/g.sqlite"), Path(folder))
        asyncio.run(fill(bench, given_attempts))
        rows = bench.rows()
        spend = Spend(bench.connections)
        for by in By:
            shares = spend.by(by, 0)
            assert sum(share.nanodollars for share in shares) == sum(r["cost"] or 0 for r in rows)
            assert sum(share.attempts for share in shares) == len(rows)
            assert sum(share.open for share in shares) == sum(r["state"] == "open" for r in rows)
            tokens = sum(r["input_tokens"] or 0 for r in rows)
            assert sum(share.input_tokens for share in shares) == tokens
        assert list(spend.rows(0)) == sorted(
            rows, key=lambda r: (r["started_ns"], r["request_id"], r["attempt"])
        )
        bench.connections.close()


async def fill(bench: Bench, given_attempts: list[tuple]) -> None:
    """Make the attempts, some of which are never settled."""
    for team, user, model, ending, cost, minute in given_attempts:
        bench.now_ns = START_NS + minute * 60_000_000_000
        scopes = Scopes("k", user, team, "o1")
        lease = 0.0 if ending == "abandoned" else 1e6
        ticket = await bench.ledger.open(
            bench.claim(cost, scopes=scopes, model=model, lease_s=lease)
        )
        if ending in {"settled", "unpriced", "failed"}:
            status = "failed" if ending == "failed" else "ok"
            known = None if ending == "unpriced" else cost
            await bench.ledger.settle(ticket, spent(known, status=status))
    bench.now_ns += 1
    await bench.ledger.recover()
    await bench.ledger.close()


async def test_spend_can_be_that_of_one_party_and_time(bench: Bench) -> None:
    for number, team in enumerate(["t1", "t2", "t1"]):
        bench.now_ns = START_NS + number
        ticket = await bench.ledger.open(bench.claim(9, scopes=Scopes("k", "u", team, "o1")))
        await bench.ledger.settle(ticket, spent(number + 1))
    spend = Spend(bench.connections)
    assert [(one.id, one.nanodollars) for one in spend.by(By.TEAM, 0)] == [("t1", 4), ("t2", 2)]
    assert [one.nanodollars for one in spend.by(By.MODEL, 0, only=Only(team_id="t1"))] == [4]
    assert [one.nanodollars for one in spend.by(By.MODEL, START_NS + 1, START_NS + 2)] == [2]
