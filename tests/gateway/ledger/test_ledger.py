"""What the ledger promises, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from sensorium.gateway.failure import Failure, FailureKind
from sensorium.gateway.ledger import (
    Cost,
    Ledger,
    Outcome,
    Period,
    RefusalReason,
    Refused,
    Scopes,
)
from sensorium.gateway.ledger.account import MINUTE_NS
from sensorium.gateway.ledger.tables import ATTEMPTS
from sensorium.gateway.ledger.words import AlreadyOpenError
from sensorium.gateway.reply import Usage
from sensorium.observe import Observe
from tests.gateway.ledger.bench import START_NS, Bench, spent

pytestmark = pytest.mark.anyio

DAY_NS = 86_400_000_000_000


async def test_an_attempt_has_its_row_before_it_is_made_and_its_cost_after(bench: Bench) -> None:
    ticket = await bench.ledger.open(bench.claim(100))
    (row,) = bench.rows()
    assert (row["state"], row["worst"], row["cost"], row["price_version"]) == (
        "open", 100, None, "v1",
    )  # fmt: skip
    assert (row["team_id"], row["started_ns"]) == ("t1", START_NS)
    assert await bench.ledger.settle(ticket, spent(40))
    (row,) = bench.rows()
    assert (row["state"], row["status"], row["cost"]) == ("settled", "ok", 40)
    assert (row["input_tokens"], row["output_tokens"], row["ended_ns"]) == (5, 2, START_NS + 2)


async def test_settling_twice_is_settling_once(bench: Bench) -> None:
    bench.limit("team:t1", budget=1000)
    ticket = await bench.ledger.open(bench.claim(100))
    assert await bench.ledger.settle(ticket, spent(40))
    assert not await bench.ledger.settle(ticket, spent(90))
    assert bench.rows()[0]["cost"] == 40
    account = bench.account("team:t1")
    assert (account["settled"], account["reserved"], account["calls"]) == (40, 0, 0)


async def test_a_request_cannot_open_the_same_attempt_twice(bench: Bench) -> None:
    bench.limit("team:t1", budget=1000)
    claim = bench.claim(100)
    await bench.ledger.open(claim)
    with pytest.raises(AlreadyOpenError):
        await bench.ledger.open(claim)
    await bench.ledger.open(bench.claim(100, request_id=claim.request_id, attempt=2))
    assert bench.account("team:t1")["reserved"] == 200


async def test_every_scope_must_have_room_and_a_refusal_reserves_nothing(bench: Bench) -> None:
    for scope in ("key:k1", "user:u1", "team:t1", "organisation:o1"):
        bench.limit(scope, budget=150)
        await bench.ledger.settle(await bench.ledger.open(bench.claim(100)), spent(0))
        held = await bench.ledger.open(bench.claim(100))
        with pytest.raises(Refused) as refused:
            await bench.ledger.open(bench.claim(100))
        assert (refused.value.reason, refused.value.scope) == (RefusalReason.BUDGET, scope)
        assert bench.account(scope)["reserved"] == 100
        await bench.ledger.settle(held, spent(0))
        bench.limit(scope)
    assert bench.observe.value(
        "sensorium_gateway_refused_total", {"reason": "budget", "scope": "team"}
    ) == 1  # fmt: skip


async def test_a_thousand_at_once_do_not_overshoot_a_budget(bench: Bench) -> None:
    bench.limit("organisation:o1", budget=25_050)
    results = await asyncio.gather(
        *(bench.ledger.open(bench.claim(100)) for _ in range(1000)), return_exceptions=True
    )
    tickets = [one for one in results if not isinstance(one, BaseException)]
    assert len(tickets) == 250
    assert all(isinstance(one, Refused) for one in results if isinstance(one, BaseException))
    assert bench.account("organisation:o1")["reserved"] == 25_000
    await asyncio.gather(*(bench.ledger.settle(ticket, spent(60)) for ticket in tickets))
    account = bench.account("organisation:o1")
    assert (account["settled"], account["reserved"], account["calls"]) == (15_000, 0, 0)


async def test_rates_are_those_of_a_sliding_minute(bench: Bench) -> None:
    bench.limit("key:k1", requests_per_minute=10)
    for _ in range(10):
        await bench.ledger.open(bench.claim())
    with pytest.raises(Refused) as refused:
        await bench.ledger.open(bench.claim())
    assert refused.value.reason is RefusalReason.REQUESTS
    assert refused.value.retry_after_s == pytest.approx(60)
    bench.now_ns += MINUTE_NS + MINUTE_NS // 2
    for _ in range(5):
        await bench.ledger.open(bench.claim())
    with pytest.raises(Refused):
        await bench.ledger.open(bench.claim())
    bench.now_ns += 2 * MINUTE_NS
    for _ in range(10):
        await bench.ledger.open(bench.claim())


async def test_tokens_count_at_their_worst_until_they_are_known(bench: Bench) -> None:
    bench.limit("user:u1", tokens_per_minute=100)
    ticket = await bench.ledger.open(bench.claim(worst_tokens=80))
    with pytest.raises(Refused) as refused:
        await bench.ledger.open(bench.claim(worst_tokens=30))
    assert refused.value.reason is RefusalReason.TOKENS
    await bench.ledger.settle(ticket, spent(1, tokens=20))
    await bench.ledger.open(bench.claim(worst_tokens=80))
    with pytest.raises(Refused) as hopeless:
        await bench.ledger.open(bench.claim(worst_tokens=101))
    assert hopeless.value.retry_after_s is None


async def test_calls_under_way_are_bounded(bench: Bench) -> None:
    bench.limit("key:k1", concurrency=2)
    first = await bench.ledger.open(bench.claim())
    await bench.ledger.open(bench.claim())
    with pytest.raises(Refused) as refused:
        await bench.ledger.open(bench.claim())
    assert refused.value.reason is RefusalReason.CONCURRENCY
    await bench.ledger.settle(first, spent(1))
    await bench.ledger.open(bench.claim())


async def test_a_budget_begins_anew_and_old_calls_do_not_count_in_it(bench: Bench) -> None:
    bench.limit("team:t1", budget=100, period=Period.DAILY)
    held = await bench.ledger.open(bench.claim(100))
    bench.now_ns += 86_400_000_000_000
    await bench.ledger.open(bench.claim(100))
    await bench.ledger.settle(held, spent(90))
    account = bench.account("team:t1")
    assert (account["settled"], account["reserved"], account["calls"]) == (0, 100, 1)


async def test_each_end_user_has_the_limit_set_for_all_unless_it_has_its_own(bench: Bench) -> None:
    bench.limit("end_user:o1/*", budget=100)
    bench.limit("end_user:o1/vip", budget=1000)
    ada, bob, vip = (Scopes("k1", "u1", "t1", "o1", name) for name in ("ada", "bob", "vip"))
    await bench.ledger.open(bench.claim(100, scopes=ada))
    await bench.ledger.open(bench.claim(100, scopes=bob))
    for _ in range(10):
        await bench.ledger.open(bench.claim(100, scopes=vip))
    for scopes in (ada, bob, vip):
        with pytest.raises(Refused):
            await bench.ledger.open(bench.claim(100, scopes=scopes))
    elsewhere = Scopes("k2", "u2", "t2", "o2", "ada")
    await bench.ledger.open(bench.claim(10_000, scopes=elsewhere))


async def test_a_budget_set_later_counts_what_was_spent_before(bench: Bench) -> None:
    await bench.ledger.settle(await bench.ledger.open(bench.claim(100)), spent(70))
    await bench.ledger.open(bench.claim(20))
    bench.limit("team:t1", budget=100)
    with pytest.raises(Refused):
        await bench.ledger.open(bench.claim(11))
    await bench.ledger.open(bench.claim(10))
    bench.limit("team:t1", budget=200)
    await bench.ledger.open(bench.claim(100))
    account = bench.account("team:t1")
    assert (account["settled"], account["reserved"], account["calls"]) == (70, 130, 3)


async def test_what_a_dead_process_left_is_set_free_when_its_lease_is_over(bench: Bench) -> None:
    bench.limit("team:t1", budget=100, concurrency=1)
    await bench.ledger.open(bench.claim(100, lease_s=30.0))
    assert (await bench.ledger.recover()).attempts == 0
    bench.now_ns += 31_000_000_000
    found = await bench.ledger.recover()
    assert (found.attempts, found.released) == (1, 100)
    assert bench.rows()[0]["state"] == "abandoned"
    await bench.ledger.open(bench.claim(100))


async def test_a_renewed_lease_runs_on(bench: Bench) -> None:
    ticket = await bench.ledger.open(bench.claim(lease_s=30.0))
    bench.now_ns += 20_000_000_000
    await bench.ledger.renew(ticket, 30.0)
    bench.now_ns += 20_000_000_000
    assert (await bench.ledger.recover()).attempts == 0
    bench.now_ns += 11_000_000_000
    assert (await bench.ledger.recover()).attempts == 1


async def test_what_is_settled_after_it_was_given_up_is_still_charged(bench: Bench) -> None:
    bench.limit("team:t1", budget=1000)
    ticket = await bench.ledger.open(bench.claim(100, lease_s=1.0))
    bench.now_ns += 2_000_000_000
    await bench.ledger.recover()
    assert await bench.ledger.settle(ticket, spent(60))
    account = bench.account("team:t1")
    assert (account["settled"], account["reserved"], account["calls"]) == (60, 0, 0)
    assert bench.rows()[0]["cost"] == 60


async def test_an_attempt_that_another_process_gave_up_is_not_taken_for_an_open_one(
    bench: Bench,
) -> None:
    bench.limit("team:t1", budget=1000)
    ticket = await bench.ledger.open(bench.claim(100, lease_s=1.0))
    other = Ledger(bench.connections, Observe(), wall_ns=lambda: bench.now_ns + 2_000_000_000)
    assert (await other.recover()).attempts == 1
    await other.close()
    assert await bench.ledger.settle(ticket, spent(60))
    account = bench.account("team:t1")
    assert (account["settled"], account["reserved"], account["calls"]) == (60, 0, 0)


async def test_an_unknown_price_is_written_down_as_unknown(bench: Bench) -> None:
    bench.limit("team:t1", budget=10)
    ticket = await bench.ledger.open(bench.claim(None))
    await bench.ledger.settle(ticket, spent(None))
    (row,) = bench.rows()
    assert (row["worst"], row["cost"], row["price_version"]) == (None, None, "")


async def test_failures_and_hostile_words_are_written_as_they_are(bench: Bench) -> None:
    evil = "'; DROP TABLE gateway_attempts; --\x00\ud800"
    scopes = Scopes("k1", "u1", "t1", "o1", evil)
    ticket = await bench.ledger.open(bench.claim(scopes=scopes, model=evil))
    failure = Failure(FailureKind.RATE_LIMITED, "slow down", 429)
    await bench.ledger.settle(
        ticket, Outcome(status="failed", usage=None, cost=None, failure=failure, ended_ns=1)
    )
    (row,) = bench.rows()
    assert (row["failure"], row["status"]) == ("rate_limited", "failed")
    assert row["end_user"].startswith("'; DROP TABLE")


async def test_rows_can_neither_be_changed_nor_removed(bench: Bench) -> None:
    await bench.ledger.settle(await bench.ledger.open(bench.claim()), spent(40))
    for statement in (update(ATTEMPTS).values(cost=0), delete(ATTEMPTS)):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            bench.connections.writing() as connection,
        ):
            connection.execute(statement)
    assert bench.rows()[0]["cost"] == 40


async def test_what_cannot_be_written_takes_no_other_along(bench: Bench) -> None:
    bench.limit("team:t1", budget=1000)
    repeated = bench.claim()
    await bench.ledger.open(repeated)
    asked = [
        bench.claim(started_ns=2**70),
        bench.claim(),
        repeated,
        bench.claim(privacy="\ud800"),
        bench.claim(),
    ]
    answers = await asyncio.gather(*map(bench.ledger.open, asked), return_exceptions=True)
    failed = [isinstance(answer, Exception) for answer in answers]
    assert failed == [True, False, True, True, False]
    assert isinstance(answers[2], AlreadyOpenError)
    assert len(bench.rows()) == 3
    assert bench.account("team:t1")["reserved"] == 300


async def test_a_call_that_could_cost_a_fortune_is_refused(bench: Bench) -> None:
    bench.limit("team:t1", concurrency=10)
    for more in ({"worst": 10**15 + 1}, {"worst_tokens": 2**70}):
        with pytest.raises(Refused, match="lower its largest answer"):
            await bench.ledger.open(bench.claim(**more))
    assert bench.rows() == []


async def test_nonsense_that_a_provider_counted_is_neither_a_gain_nor_an_error(
    bench: Bench,
) -> None:
    bench.limit("team:t1", budget=10**6, tokens_per_minute=1000)
    for usage, cost in ((Usage(-500, -500), -(10**9)), (Usage(10**30, 1), 10**30)):
        ticket = await bench.ledger.open(bench.claim())
        said = Outcome(status="ok", usage=usage, cost=Cost(cost), ended_ns=1)
        assert await bench.ledger.settle(ticket, said)
    assert [row["cost"] for row in bench.rows()] == [0, 10**15]
    assert bench.account("team:t1")["settled"] == 10**15
    with pytest.raises(Refused):
        await bench.ledger.open(bench.claim(1))


async def test_what_was_given_up_yesterday_is_not_charged_to_today(bench: Bench) -> None:
    bench.limit("team:t1", budget=100, period=Period.DAILY)
    ticket = await bench.ledger.open(bench.claim(100, lease_s=1.0))
    bench.now_ns += DAY_NS
    await bench.ledger.recover()
    await bench.ledger.open(bench.claim(1))
    assert await bench.ledger.settle(ticket, spent(60))
    account = bench.account("team:t1")
    assert (account["settled"], account["reserved"], account["calls"]) == (0, 1, 1)


async def test_an_account_first_used_by_an_old_call_counts_today(bench: Bench) -> None:
    old = await bench.ledger.open(bench.claim(10))
    bench.now_ns += DAY_NS
    await bench.ledger.settle(await bench.ledger.open(bench.claim(50)), spent(50))
    bench.limit("team:t1", budget=100, period=Period.DAILY)
    await bench.ledger.settle(old, spent(10))
    with pytest.raises(Refused):
        await bench.ledger.open(bench.claim(51))
    await bench.ledger.open(bench.claim(50))


async def test_a_call_settled_at_the_moment_that_it_is_given_up_is_settled_once(
    bench: Bench,
) -> None:
    bench.limit("team:t1", budget=1000)
    await bench.ledger.open(bench.claim(100))
    for order in (1, -1):
        ticket = await bench.ledger.open(bench.claim(100, lease_s=1.0))
        bench.now_ns += 2_000_000_000
        settle, recover = bench.ledger.settle(ticket, spent(60)), bench.ledger.recover()
        await asyncio.gather(*[settle, recover][::order])
    ticket = await bench.ledger.open(bench.claim(100))
    twice = [bench.ledger.settle(ticket, spent(60)) for _ in range(2)]
    assert await asyncio.gather(*twice) == [True, False]
    account = bench.account("team:t1")
    assert (account["settled"], account["reserved"], account["calls"]) == (180, 100, 1)


async def test_a_claim_that_comes_late_into_a_new_period_is_set_free_in_it(bench: Bench) -> None:
    bench.limit("team:t1", budget=1000, period=Period.DAILY)
    late = bench.now_ns
    bench.now_ns += DAY_NS
    await bench.ledger.open(bench.claim(100))
    ticket = await bench.ledger.open(bench.claim(100, started_ns=late))
    assert bench.account("team:t1")["reserved"] == 200
    await bench.ledger.settle(ticket, spent(10))
    account = bench.account("team:t1")
    assert (account["reserved"], account["settled"]) == (100, 10)


async def test_a_changed_limit_of_all_end_users_counts_what_each_spent_before(
    bench: Bench,
) -> None:
    ada = Scopes("k1", "u1", "t1", "o1", "ada")
    bench.limit("end_user:o1/*", budget=100, period=Period.DAILY)
    await bench.ledger.settle(await bench.ledger.open(bench.claim(100, scopes=ada)), spent(90))
    bench.now_ns += DAY_NS
    await bench.ledger.open(bench.claim(5, scopes=ada))
    bench.limit("end_user:o1/*", budget=100)
    with pytest.raises(Refused):
        await bench.ledger.open(bench.claim(6, scopes=ada))
    await bench.ledger.open(bench.claim(5, scopes=ada))


async def test_an_end_users_name_may_hold_anything(bench: Bench) -> None:
    bench.limit("end_user:o1/*", concurrency=1)
    for name in ("\x00\ud800", "'; DROP TABLE gateway_accounts; --", "a/b", "%"):
        scopes = Scopes("k1", "u1", "t1", "o1", name)
        ticket = await bench.ledger.open(bench.claim(scopes=scopes))
        with pytest.raises(Refused):
            await bench.ledger.open(bench.claim(scopes=scopes))
        await bench.ledger.settle(ticket, spent(1))


async def test_limits_can_change_while_many_call(bench: Bench) -> None:
    bench.limit("team:t1", budget=10**9)
    changing = asyncio.create_task(asyncio.to_thread(_change_limits, bench))
    opened = 0
    while not changing.done() or opened < 50:
        tickets = await asyncio.gather(*(bench.ledger.open(bench.claim(1)) for _ in range(10)))
        await asyncio.gather(*(bench.ledger.settle(ticket, spent(1)) for ticket in tickets))
        opened += 10
    await changing
    await bench.ledger.open(bench.claim(1))
    account = bench.account("team:t1")
    assert (account["settled"], account["reserved"], account["calls"]) == (opened, 1, 1)


def _change_limits(bench: Bench) -> None:
    for number in range(20):
        period = Period.MONTHLY if number % 2 else Period.TOTAL
        bench.limit("team:t1", budget=10**9 + number, period=period)
