"""What a gateway does beside answering: leases renewed, dead ones let go, deployments asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sensorium.component import Health, HealthState
from sensorium.gateway.calls.health import HealthChecks
from sensorium.gateway.ledger.checkpoints import checkpoint_forever

if TYPE_CHECKING:
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.ledger import Ledger
    from sensorium.observe import Observe
    from sensorium.store.records.connections import Connections


class Upkeep:
    """A running part."""

    name = "gateway.upkeep"

    def __init__(
        self,
        parts: Parts,
        ledger: Ledger,
        database: Connections,
        recover_every_s: float,
        observe: Observe,
    ) -> None:
        self._parts = parts
        self._ledger = ledger
        self._database = database
        self._recover_every_s = recover_every_s
        self._checks = HealthChecks(parts, observe)

    def health(self) -> Health:
        """It has nothing that calls wait for."""
        return Health(HealthState.OK)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._parts.books.renew_forever())
            tasks.create_task(self._ledger.recover_forever(self._recover_every_s))
            tasks.create_task(checkpoint_forever(self._database))
            tasks.create_task(self._checks.run_forever())
