"""Keeping the ledger's promises around calls: leases renewed, settlements never lost."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from sensorium.gateway.calls.background import Background

if TYPE_CHECKING:
    from sensorium.gateway.ledger import Claim, Ledger, Outcome, Ticket
    from sensorium.observe import Observe


class Bookkeeping:
    """Opens, renews and settles. Belongs to one event loop.

    A settlement is handed over and not waited for: the ledger takes requests in order, so a later
    claim sees it, and the answer need not wait for a disk. :meth:`settled` waits for all of them.
    """

    def __init__(self, ledger: Ledger, lease_s: float, observe: Observe) -> None:
        self._ledger = ledger
        self._lease_s = lease_s
        self._open: dict[int, Ticket] = {}
        self._background = Background()
        self._log = observe.logger("gateway")
        self._failed = observe.counter(
            "sensorium_gateway_settlements_failed",
            "Settlements that the ledger could not write; their leases run out",
        )

    async def open(self, claim: Claim) -> Ticket:
        """Reserve; raises ``Refused``. A caller who leaves meanwhile leaves no reservation."""
        opening = asyncio.ensure_future(self._ledger.open(claim))
        try:
            ticket = await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._background.start(self._undo(opening))
            raise
        self._open[id(ticket)] = ticket
        return ticket

    def settle(self, ticket: Ticket, outcome: Outcome) -> None:
        """Hand over what a call came to."""
        self._open.pop(id(ticket), None)
        self._background.start(self._settle(ticket, outcome))

    async def renew_forever(self) -> None:
        """Renew the leases of the calls under way, well before they run out; never returns."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            for ticket in list(self._open.values()):
                with contextlib.suppress(Exception):
                    await self._ledger.renew(ticket, self._lease_s)

    async def settled(self) -> None:
        """Wait until everything handed over is written, or has failed to be."""
        await self._background.done()

    async def _settle(self, ticket: Ticket, outcome: Outcome) -> None:
        try:
            await self._ledger.settle(ticket, outcome)
        except Exception as error:  # noqa: BLE001 - whatever a database does, the service goes on
            self._failed.inc()
            self._log.error("settlement failed", error=type(error).__name__)

    async def _undo(self, opening: asyncio.Future[Ticket]) -> None:
        from sensorium.gateway.ledger import Outcome

        try:
            ticket = await opening
        except Exception:  # noqa: BLE001 - nothing was reserved, so nothing is to be undone
            return
        await self._settle(ticket, Outcome(status="cancelled", usage=None, cost=None))
