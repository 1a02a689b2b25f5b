"""A thousand calls at once against one budget that has room for some of them: is it ever passed?

The upstream takes a tenth of a second, so that every call is under way before any is settled. The
ledger is SQLite and, where ``SENSORIUM_TEST_POSTGRESQL_DSN`` names an empty database, PostgreSQL;
one process answers, then two on one port.
"""

from __future__ import annotations

import asyncio
import os
import time

import uvloop
from sqlalchemy import func, select

from benchmarks.gateway.load import Tally, drive, request
from benchmarks.gateway.processes import Peer, ours, upstream
from benchmarks.report import Claim, arguments, report

CALLERS = 1000
BUDGET = 50_000_000  # nano-dollars: a third of what the callers would use
SETTLED_S = 5.0
DSN = "SENSORIUM_TEST_POSTGRESQL_DSN"


def spent(peer: Peer, since_ns: int) -> tuple[int, int, int]:
    """Nano-dollars settled, attempts settled, and attempts still open, of those begun since."""
    from sensorium.cli.gateway.settings import load_settings
    from sensorium.gateway.ledger.database import open_database
    from sensorium.gateway.ledger.tables import ATTEMPTS

    settings = load_settings(peer.config)
    connections = open_database(settings.ledger, settings.data_dir)
    is_open = ATTEMPTS.c.state == "open"
    statement = select(
        func.coalesce(func.sum(ATTEMPTS.c.cost), 0), func.count(), func.count().filter(is_open)
    ).where(ATTEMPTS.c.started_ns >= since_ns)
    with connections.reading() as connection:
        cost, attempts, still_open = connection.execute(statement).one()
    connections.close()
    return int(cost), attempts - still_open, still_open


def at_once(peer: Peer, rounds: int) -> Tally:
    """Every caller calls, again and again, whatever it is told."""
    asked = request(peer.url, peer.key)
    work = drive(peer.url, asked, callers=CALLERS, requests=CALLERS * rounds)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def claims_on(kind: str, dsn: str, rounds: int, workers: int) -> list[Claim]:
    """One run on one kind of database."""
    since_ns = time.time_ns()
    kind += f", {workers} workers" if workers > 1 else ""
    with (
        upstream(latency_ms=100) as behind,
        ours(behind, budget=BUDGET, dsn=dsn, workers=workers) as peer,
    ):
        tally = at_once(peer, rounds)
        cost, settled, still_open = spent(peer, since_ns)
        ends = time.monotonic() + SETTLED_S
        while still_open and time.monotonic() < ends:  # an answer does not wait for its settlement
            time.sleep(0.05)
            cost, settled, still_open = spent(peer, since_ns)
    if set(tally.statuses) != {200, 429}:
        raise RuntimeError(f"answers: {tally.statuses}")
    return [
        Claim(f"overshoot, {CALLERS:,} callers, {kind}", max(cost - BUDGET, 0), "nano-dollars",
              goal="<= 0"),
        Claim(f"budget used, {kind}", cost / BUDGET, "share", goal=">= 0.5"),
        Claim(f"answers without a settled row, {kind}", abs(tally.good - settled), "calls",
              goal="<= 0"),
        Claim(f"reservations left open, {kind}", still_open, "attempts", goal="<= 0"),
    ]  # fmt: skip


def main() -> None:
    rounds = 2 if arguments(__doc__).quick else 5
    claims: list[Claim] = []
    for workers in (1, 2):
        claims += claims_on("SQLite", "", rounds, workers)
        if dsn := os.environ.get(DSN):
            claims += claims_on("PostgreSQL", dsn, rounds, workers)
    report("One budget under a thousand concurrent callers", claims)


if __name__ == "__main__":
    main()
