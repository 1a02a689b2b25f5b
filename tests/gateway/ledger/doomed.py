"""A gateway's ledger at work in a process of its own, which kills itself at a given step.

Arguments: the DSN, a file to note calls in, the step, and how often it must be reached first. It
says when it is ready, and waits for a line.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from sensorium.gateway.ledger import Claim, Cost, Ledger, LedgerConfig, Outcome, Refused, Scopes
from sensorium.gateway.ledger.database import open_database
from sensorium.gateway.reply import Usage
from sensorium.observe import Observe

LEASE_S = 1.0
WORST, COST = 100, 60


async def work(dsn: str, notes: Path, step: str, times: int) -> None:
    """Make calls, many at once, until the end comes."""
    left = times

    def reached(here: str) -> None:
        nonlocal left
        if here == step:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    ledger = Ledger(open_database(LedgerConfig(dsn=dsn), notes.parent), Observe(), reached=reached)
    provider = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def call(name: str) -> None:
        claim = Claim(
            request_id=name,
            attempt=1,
            scopes=Scopes("k1", "u1", "t1", "o1"),
            route="chat",
            deployment="d",
            provider="p",
            model="m",
            privacy="",
            worst=Cost(WORST, "v"),
            worst_tokens=1,
            lease_s=LEASE_S,
            started_ns=time.time_ns(),
        )
        try:
            ticket = await ledger.open(claim)
        except Refused:
            return
        os.write(provider, f"{name}\n".encode())  # the provider hears of it
        reached("called")
        await asyncio.sleep(0.001)
        reached("answered")
        outcome = Outcome(status="ok", usage=Usage(1, 1), cost=Cost(COST, "v"), ended_ns=1)
        await ledger.settle(ticket, outcome)

    print("ready", flush=True)
    sys.stdin.readline()
    for turn in range(120):
        await asyncio.gather(*(call(f"{os.getpid()}-{turn}-{n}") for n in range(5)))
        await ledger.recover()
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
