"""Accounts are what the rows add up to, whatever happens in whatever order and batch."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.ledger import LedgerConfig, Limit, Period, Refused, Scopes, Ticket
from sensorium.gateway.ledger.database import open_database
from sensorium.gateway.ledger.limits import period_start_ns, scope_keys, template_of
from tests.gateway.ledger.bench import Bench, spent

SECOND = 1_000_000_000
SCOPES = ("key:k1", "team:t1", "organisation:o1", "end_user:o1/*", "end_user:o1/ada")
CALLERS = (
    Scopes("k1", "u1", "t1", "o1"),
    Scopes("k2", "u1", "t1", "o1", "ada"),
    Scopes("k2", "u2", "t2", "o1", "bob"),
)

limits = st.one_of(
    st.just(Limit()),
    st.builds(
        Limit,
        budget=st.one_of(st.none(), st.integers(0, 400)),
        period=st.sampled_from(Period),
        concurrency=st.one_of(st.none(), st.integers(0, 3)),
    ),
)
opens = st.tuples(
    st.just("open"), st.sampled_from(CALLERS), st.integers(0, 150), st.integers(-90_000, 0)
)
settles = st.tuples(st.just("settle"), st.integers(0, 30), st.integers(0, 150))
renews = st.tuples(st.just("renew"), st.integers(0, 30))
steps = st.one_of(
    st.tuples(st.just("limit"), st.sampled_from(SCOPES), limits),
    st.tuples(st.just("wait"), st.sampled_from([1, 50, 70, 3600, 86_400, 31 * 86_400])),
    st.tuples(
        st.just("batch"),
        st.lists(
            st.one_of(opens, opens, settles, settles, renews, st.just(("recover",))), max_size=6
        ),
    ),
)


@cache
def _template() -> bytes:
    """An empty database, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gateway.sqlite"
        open_database(LedgerConfig(dsn=f"sqlite:///{path}"), Path(folder)).close()
        return path.read_bytes()


@contextmanager
def fresh() -> Iterator[Bench]:
    """A ledger on an empty database."""
    folder = Path(tempfile.mkdtemp())
    (folder / "gateway.sqlite").write_bytes(_template())
    bench = Bench(LedgerConfig(dsn=f"sqlite:///{folder}/gateway.sqlite"), folder)
    try:
        yield bench
    finally:
        bench.connections.close()
        shutil.rmtree(folder)


@given(st.lists(steps, max_size=12))
def test_accounts_are_the_sums_of_their_rows_and_no_budget_is_overshot(taken: list[Any]) -> None:
    with fresh() as bench:
        asyncio.run(_take(bench, taken))


async def _take(bench: Bench, taken: list[Any]) -> None:
    tickets: list[Ticket] = []
    limited: dict[str, Limit] = {}
    for step in taken:
        if step[0] == "limit":
            limited[step[1]] = step[2]
            bench.administration.set_limit(step[1], step[2])
        elif step[0] == "wait":
            bench.now_ns += step[1] * SECOND
        else:
            rows, accounts = bench.rows(), bench.accounts()
            answers = await asyncio.gather(
                *(_ask(bench, one, tickets) for one in step[1]), return_exceptions=True
            )
            for answer in answers:
                assert not isinstance(answer, Exception) or isinstance(answer, Refused), answer
                if isinstance(answer, Ticket):
                    tickets.append(answer)
            if len(step[1]) == 1 and step[1][0][0] == "open":
                may = _has_room(bench, step[1][0], limited, rows, accounts)
                assert may == isinstance(answers[0], Ticket)
            # What is settled after it was given up is counted, room or not.
            given_up = any(row["state"] == "abandoned" for row in rows) or ("recover",) in step[1]
            if not given_up:
                _check_budgets(bench, limited, answers)
        _check(bench, limited)
    await bench.ledger.close()


def _has_room(
    bench: Bench,
    asked: Any,
    limited: dict[str, Limit],
    rows: list[dict[str, Any]],
    accounts: list[dict[str, Any]],
) -> bool:
    """Whether a claim has room, by adding up rows one after the other."""
    _, scopes, worst, late = asked
    began = {account["scope"]: account["period_start_ns"] for account in accounts}
    for key in scope_keys(scopes):
        limit = _limit(key, limited)
        mine = [row for row in rows if key in scope_keys(_scopes(row))]
        newest = max([row["started_ns"] for row in mine], default=0)
        start = max(
            period_start_ns(limit.period, bench.now_ns + late * SECOND),
            began.get(key, period_start_ns(limit.period, newest)),
        )
        held = sum(
            (row["worst"] if row["state"] == "open" else row["cost"] or 0)
            for row in mine
            if row["started_ns"] >= start
        )
        if limit.budget is not None and held + worst > limit.budget:
            return False
        calls = sum(row["state"] == "open" for row in mine)
        if limit.concurrency is not None and calls >= limit.concurrency:
            return False
    return True


def _check_budgets(bench: Bench, limited: dict[str, Limit], answers: list[Any]) -> None:
    """Where something was let in, what is settled and reserved is within the budget."""
    let_in = {
        key
        for answer in answers
        if isinstance(answer, Ticket)
        for key in scope_keys(answer.claim.scopes)
    }
    for account in bench.accounts():
        budget = _limit(account["scope"], limited).budget
        if account["scope"] in let_in and budget is not None:
            assert account["settled"] + account["reserved"] <= budget


def _limit(key: str, limited: dict[str, Limit]) -> Limit:
    found = limited.get(key, Limit())
    return limited.get(template_of(key), Limit()) if found.is_empty else found


def _ask(bench: Bench, what: Any, tickets: list[Ticket]) -> Any:
    """One request; the late ones among the claims come up to a day and an hour late."""
    if what[0] == "open":
        claim = bench.claim(what[2], scopes=what[1], started_ns=bench.now_ns + what[3] * SECOND)
        return bench.ledger.open(claim)
    if what[0] == "recover" or not tickets:
        return bench.ledger.recover()
    ticket = tickets[what[1] % len(tickets)]
    if what[0] == "renew":
        return bench.ledger.renew(ticket, 60.0)
    assert ticket.claim.worst is not None
    outcome = spent(min(what[2], ticket.claim.worst.nanodollars))
    return bench.ledger.settle(ticket, outcome)


def _check(bench: Bench, limited: dict[str, Limit]) -> None:
    rows = bench.rows()
    for account in bench.accounts():
        key = account["scope"]
        limit = _limit(key, limited)
        if limit.is_empty:
            continue
        mine = [row for row in rows if key in scope_keys(_scopes(row))]
        start = account["period_start_ns"]
        assert start == period_start_ns(limit.period, start), "an account begins with its period"
        held = [row for row in mine if row["started_ns"] >= start]
        settled = sum(row["cost"] or 0 for row in held if row["state"] != "open")
        reserved = sum(row["worst"] for row in held if row["state"] == "open")
        assert (account["settled"], account["reserved"]) == (settled, reserved)
        assert account["calls"] == sum(row["state"] == "open" for row in mine)


def _scopes(row: dict[str, Any]) -> Scopes:
    names = ("key_id", "user_id", "team_id", "organisation_id", "end_user")
    return Scopes(*(row[name] for name in names))
