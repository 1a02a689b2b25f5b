"""The ledger: no call before its worst case is reserved, no reservation that outlives its call.

Promises, each with its test:

- :meth:`Ledger.open` checks and reserves in every scope of the call (end user, key, user, team,
  organisation) and writes the attempt's row, in one transaction that is durable before it returns.
  So what is settled and reserved never exceeds a budget, whatever runs at the same time, in this
  process or in others on the same database.
- Each attempt has one row, from before the provider hears of it. A row is completed once and can
  neither be changed afterwards nor removed: triggers in the database see to that.
- A process that dies leaves open rows. When their lease is over, :meth:`Ledger.recover`, of any
  process, marks them ``abandoned`` and sets their reservations free.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.gateway.ledger.batch import Open, Recover, Renew, Settle
from sensorium.gateway.ledger.config import Durability
from sensorium.gateway.ledger.database import open_database
from sensorium.gateway.ledger.statements import Statements
from sensorium.gateway.ledger.words import Claim, Outcome, Recovered, Refused, Ticket
from sensorium.gateway.ledger.writer import LoopWriter, ThreadWriter, Writer

if TYPE_CHECKING:
    from sensorium.gateway.ledger.config import LedgerConfig
    from sensorium.observe import Observe
    from sensorium.store.records.connections import Connections


class Ledger:
    """Belongs to one event loop. Nothing is started before it is first asked.

    ``flushes`` is whether each of SQLite's commits waits for the disk, for which no loop can wait.
    """

    def __init__(
        self,
        connections: Connections,
        observe: Observe,
        *,
        flushes: bool = False,
        wall_ns: Callable[[], int] = time.time_ns,
        reached: Callable[[str], None] = lambda _step: None,
    ) -> None:
        kind = LoopWriter if connections.is_sqlite and not flushes else ThreadWriter
        self._writer: Writer = kind(lambda: Statements(connections), reached)
        self._wall_ns = wall_ns
        self._log = observe.logger("gateway")
        self._refused = observe.counter(
            "sensorium_gateway_refused",
            "Calls that a budget or limit had no room for",
            ("reason", "scope"),
        )
        self._abandoned = observe.counter(
            "sensorium_gateway_attempts_abandoned",
            "Attempts whose process died before it could settle them",
        )
        self._missed = observe.counter(
            "sensorium_gateway_recoveries_failed",
            "Looks for run-out leases that the database did not answer",
        )

    async def open(self, claim: Claim) -> Ticket:
        """Reserve and write down; raises ``Refused``, or ``AlreadyOpenError`` for a repeat."""
        return await self.opening(claim)

    def opening(self, claim: Claim) -> asyncio.Future[Ticket]:
        """Like :meth:`open`, queued when this returns."""
        opening: asyncio.Future[Ticket] = self._writer.ask(Open(claim))
        opening.add_done_callback(self._look_if_refused)
        return opening

    def open_at_once(self, claim: Claim) -> Ticket | Exception | None:
        """Open where no other call is under way that could ask for something too.

        The answer, a ``Refused`` or what went wrong among them; None where it cannot be had before
        this returns, and nothing has been done. A refusal is left to be counted: a settlement that
        waits may make room, see :meth:`opening_after`.
        """
        answer: Ticket | Exception | None = self._writer.write(Open(claim))
        return answer

    def opening_after(
        self, settlements: Sequence[tuple[Ticket, Outcome]], claim: Claim
    ) -> tuple[list[asyncio.Future[bool]], asyncio.Future[Ticket]]:
        """Settle and then open, in one transaction where there is company for neither.

        Either may be done when this returns.
        """
        asked = [Settle(ticket, outcome) for ticket, outcome in settlements]
        *settling, opening = self._writer.ask_alone([*asked, Open(claim)])
        if opening.done():
            self._look_if_refused(opening)
        else:
            opening.add_done_callback(self._look_if_refused)
        return settling, opening

    def _look_if_refused(self, opening: asyncio.Future[Ticket]) -> None:
        refused = None if opening.cancelled() else opening.exception()
        if isinstance(refused, Refused):
            self.count_refusal(refused)

    def count_refusal(self, refused: Refused) -> None:
        """A caller is told so."""
        kind = refused.scope.partition(":")[0]
        self._refused.labels(reason=refused.reason.value, scope=kind).inc()

    async def settle(self, ticket: Ticket, outcome: Outcome) -> bool:
        """Replace the reservation by what was used; False where that had been done before."""
        done: bool = await self._writer.ask(Settle(ticket, outcome))
        return done

    def settling(
        self, settlements: Sequence[tuple[Ticket, Outcome]], *, alone: bool
    ) -> list[asyncio.Future[bool]]:
        """Like :meth:`settle`, queued when this returns: what is asked after it comes after it.

        ``alone`` is that nobody else asks in this turn of the loop; it may be done then.
        """
        asked = [Settle(ticket, outcome) for ticket, outcome in settlements]
        if alone:
            return self._writer.ask_alone(asked)
        return [self._writer.ask(one) for one in asked]

    async def renew(self, ticket: Ticket, lease_s: float) -> None:
        """Let the lease run for so long from now."""
        await self._writer.ask(Renew(ticket, self._wall_ns() + int(lease_s * 1e9)))

    async def recover(self) -> Recovered:
        """Abandon the attempts whose lease is over, and say how many; some 500 at a time."""
        found: Recovered = await self._writer.ask(Recover(self._wall_ns()))
        if found.attempts:
            self._abandoned.inc(found.attempts)
            self._log.warning("attempts abandoned", attempts=found.attempts)
        return found

    async def recover_forever(self, every_s: float) -> None:
        """Recover now and then; never returns."""
        while True:
            try:
                while (await self.recover()).attempts:
                    pass
            except Exception as error:  # noqa: BLE001 - the next look may find the database again
                self._missed.inc()
                self._log.error(
                    "leases could not be looked through",
                    error=type(error).__name__,
                    unaffected="reservations of dead processes are held until they can be",
                )
            await asyncio.sleep(every_s)

    async def close(self) -> None:
        """Write what was handed over, then stop."""
        await self._writer.close()


def open_ledger(
    config: LedgerConfig, data_dir: Path, observe: Observe
) -> tuple[Ledger, Connections]:
    """The ledger on the database of the settings, and that database for who else keeps things."""
    connections = open_database(config, data_dir)
    flushes = config.durability is Durability.POWER
    return Ledger(connections, observe, flushes=flushes), connections
