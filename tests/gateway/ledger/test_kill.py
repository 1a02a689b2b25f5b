"""The process ends at every step of the ledger: no cap overshot, nothing stuck, no call lost.

``make test-gateway-kills`` does it a hundred times.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sensorium.gateway.ledger import LedgerConfig
from tests.gateway.ledger.bench import Bench
from tests.gateway.ledger.doomed import LEASE_S

STEPS = (
    "before_transaction",
    "inserted",
    "closed",
    "abandoned",
    "before_commit",
    "after_commit",
    "called",
    "answered",
)
KILLS = int(os.environ.get("SENSORIUM_KILLS", "8"))
CAP = 20_000
ROOT = Path(__file__).parents[3]


def ready(dsn: str, notes: Path, step: str, times: int) -> subprocess.Popen[bytes]:
    """The doomed program, about to begin."""
    doomed = subprocess.Popen(
        [sys.executable, "-m", "tests.gateway.ledger.doomed", dsn, str(notes), step, str(times)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert doomed.stdout is not None
    assert doomed.stdout.readline() == b"ready\n"
    return doomed


def ends(doomed: subprocess.Popen[bytes]) -> int:
    """Its exit status."""
    doomed.communicate(timeout=120)
    return doomed.returncode


def begin(doomed: subprocess.Popen[bytes]) -> None:
    """Let it go."""
    assert doomed.stdin is not None
    doomed.stdin.write(b"go\n")
    doomed.stdin.flush()


def check(bench: Bench, notes: Path) -> None:
    """What must hold after any end."""
    rows = bench.rows()
    called = set(notes.read_text().split()) if notes.exists() else set()
    assert called <= {row["request_id"] for row in rows}, "a provider was called and no row says so"
    settled = sum(row["cost"] or 0 for row in rows)
    reserved = sum(row["worst"] for row in rows if row["state"] == "open")
    assert settled + reserved <= CAP
    account = bench.account("team:t1")
    assert (account["settled"], account["reserved"]) == (settled, reserved)
    assert account["calls"] == sum(row["state"] == "open" for row in rows)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_end_at_any_step_overshoots_nothing_loses_nothing_and_sticks_nowhere(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    dsn = (
        f"sqlite:///{tmp_path}/gateway.sqlite"
        if kind == "sqlite"
        else request.getfixturevalue("postgresql_dsn")
    )
    bench = Bench(LedgerConfig(dsn=dsn), tmp_path)
    bench.limit("team:t1", budget=CAP)
    notes = tmp_path / "calls"
    chance = random.Random(7)
    killed = 0
    for number in range(KILLS // 2 if kind == "postgresql" else KILLS):
        step = STEPS[number % len(STEPS)]
        doomed = ready(dsn, notes, step, chance.randint(1, 40))
        begin(doomed)
        killed += ends(doomed) == -signal.SIGKILL
        check(bench, notes)
    assert killed, "no process was killed: the test shows nothing"
    asyncio.run(after_the_lease(bench))
    check(bench, notes)
    assert not [row for row in bench.rows() if row["state"] == "open"]
    asyncio.run(bench.close())


async def after_the_lease(bench: Bench) -> None:
    """Another process's sweep, once every lease is over."""
    bench.now_ns = max(row["lease_until_ns"] for row in bench.rows()) + int(LEASE_S * 1e9)
    while (await bench.ledger.recover()).attempts:
        pass
    account = bench.account("team:t1")
    assert (account["reserved"], account["calls"]) == (0, 0)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_processes_share_a_budget_without_overshooting_it(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    dsn = (
        f"sqlite:///{tmp_path}/gateway.sqlite"
        if kind == "sqlite"
        else request.getfixturevalue("postgresql_dsn")
    )
    bench = Bench(LedgerConfig(dsn=dsn), tmp_path)
    bench.limit("team:t1", budget=CAP)
    notes = tmp_path / "calls"
    both = [ready(dsn, notes, "never", 1) for _ in range(2)]
    for one in both:
        begin(one)
    assert [ends(one) for one in both] == [0, 0]
    check(bench, notes)
    # The budget is used up to less than one more call.
    assert CAP - 100 < bench.account("team:t1")["settled"] <= CAP
    asyncio.run(bench.close())
