"""Keeping the ledger's promises around calls: leases renewed, settlements written again."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from sensorium.gateway.calls.background import Background
from sensorium.gateway.ledger import Refused

if TYPE_CHECKING:
    from sensorium.gateway.ledger import Claim, Ledger, Outcome, Ticket
    from sensorium.observe import Observe


# How long a settlement may wait for company.
_TOGETHER_S: Final = 0.005
# A settlement that failed is tried again after the first, then twice as long each time: in all for
# some four minutes, which a database's restart does not take.
_AGAIN_S: Final = 0.5
_LONGEST_S: Final = 30.0
_TRIES: Final = 14


@dataclass(slots=True, eq=False)
class _Settlement:
    """What a call came to, until it is written."""

    ticket: Ticket
    outcome: Outcome
    tries: int = 0
    again: asyncio.TimerHandle | None = None


class Bookkeeping:
    """Opens, renews and settles. Belongs to one event loop.

    A settlement is handed over and not waited for: an answer need not wait for a disk. It is
    written a few milliseconds later, or before that with the claims of others who are under way, or
    before a claim that finds no room without it. One that the database fails is tried again for
    some minutes, its lease renewed meanwhile. :meth:`settled` waits for all of them.
    """

    def __init__(self, ledger: Ledger, lease_s: float, observe: Observe) -> None:
        self._ledger = ledger
        self._lease_s = lease_s
        self._open: dict[int, Ticket] = {}
        self._waiting: list[_Settlement] = []
        self._delayed: set[_Settlement] = set()
        self._ending = False
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Future[bool]] = set()
        self._background = Background()
        self._log = observe.logger("gateway")
        self._failed = observe.counter(
            "sensorium_gateway_settlements_failed",
            "Settlements that the ledger could not write in the end; their leases run out",
        )
        self._again = observe.counter(
            "sensorium_gateway_settlements_again",
            "Settlements that the ledger could not write and that are tried again",
        )

    async def open(self, claim: Claim) -> Ticket:
        """Reserve; raises ``Refused``. A caller who leaves meanwhile leaves no reservation."""
        ticket = self._open_at_once(claim)
        if ticket is None:
            opening = self._opening(claim)
            try:
                ticket = opening.result() if opening.done() else await asyncio.shield(opening)
            except asyncio.CancelledError:
                self._background.start(self._undo(opening))
                raise
        self._open[id(ticket)] = ticket
        return ticket

    def _open_at_once(self, claim: Claim) -> Ticket | None:
        """Where nobody else is under way, and what waits to be settled need not come first."""
        if self._others:
            return None
        answer = self._ledger.open_at_once(claim)
        if isinstance(answer, Refused):
            if self._waiting:
                return None  # asked once more, after what waits
            self._ledger.count_refusal(answer)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def _others(self) -> bool:
        """Whether calls are under way that may ask for something in this turn of the loop."""
        return len(self._open) > len(self._waiting) + len(self._writing)

    def _opening(self, claim: Claim) -> asyncio.Future[Ticket]:
        if self._others:
            self._hand_over()
            return self._ledger.opening(claim)
        waiting, self._waiting = self._waiting, []
        asked = [(one.ticket, one.outcome) for one in waiting]
        settling, opening = self._ledger.opening_after(asked, claim)
        for settlement, writing in zip(waiting, settling, strict=True):
            self._follow(settlement, writing)
        return opening

    def settle(self, ticket: Ticket, outcome: Outcome) -> None:
        """Hand over what a call came to."""
        self._waiting.append(_Settlement(ticket, outcome))
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_TOGETHER_S, self._waited)

    async def renew_forever(self) -> None:
        """Renew the leases of the calls under way, well before they run out; never returns."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            for ticket in list(self._open.values()):
                with contextlib.suppress(Exception):
                    await self._ledger.renew(ticket, self._lease_s)

    async def settled(self) -> None:
        """Wait until everything handed over is written, or has failed to be; for the end.

        What waits to be tried again is tried now, and then no more.
        """
        await self._background.done()
        self._ending = True
        for settlement in list(self._delayed):
            self._retry(settlement)
        self._hand_over()
        while self._writing:
            await asyncio.gather(*self._writing, return_exceptions=True)
            await asyncio.sleep(0)  # what follows a write has its turn, see Background.done

    def _waited(self) -> None:
        self._timer = None
        self._hand_over(alone=True)

    def _hand_over(self, *, alone: bool = False) -> None:
        # A timer that runs is left running: it finds what came since, or nothing.
        waiting, self._waiting = self._waiting, []
        if waiting:
            asked = [(one.ticket, one.outcome) for one in waiting]
            for one, writing in zip(
                waiting, self._ledger.settling(asked, alone=alone), strict=True
            ):
                self._follow(one, writing)

    def _follow(self, settlement: _Settlement, writing: asyncio.Future[bool]) -> None:
        settlement.tries += 1
        if writing.done():
            self._written(settlement, writing)
        else:
            self._writing.add(writing)
            writing.add_done_callback(partial(self._written, settlement))

    def _written(self, settlement: _Settlement, writing: asyncio.Future[bool]) -> None:
        self._writing.discard(writing)
        error = None if writing.cancelled() else writing.exception()
        if error is None:
            self._open.pop(id(settlement.ticket), None)
            return
        if self._ending or settlement.tries >= _TRIES:
            self._open.pop(id(settlement.ticket), None)
            self._failed.inc()
            self._log.error("settlement failed", error=type(error).__name__)
            return
        self._again.inc()
        self._log.warning("settlement is tried again", error=type(error).__name__)
        delay = min(_AGAIN_S * 2 ** (settlement.tries - 1), _LONGEST_S)
        loop = asyncio.get_running_loop()
        settlement.again = loop.call_later(delay, self._retry, settlement)
        self._delayed.add(settlement)

    def _retry(self, settlement: _Settlement) -> None:
        self._delayed.discard(settlement)
        if settlement.again is not None:
            settlement.again.cancel()
            settlement.again = None
        self._waiting.append(settlement)
        self._hand_over()

    async def _undo(self, opening: asyncio.Future[Ticket]) -> None:
        from sensorium.gateway.ledger import Outcome

        try:
            ticket = await opening
        except Exception:  # noqa: BLE001 - nothing was reserved, so nothing is to be undone
            return
        self.settle(ticket, Outcome(status="cancelled", usage=None, cost=None))
