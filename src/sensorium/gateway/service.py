"""The gateway as a program: opened, run until it is told to stop, closed with nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sensorium.gateway.access import Access, Directory, open_access
from sensorium.gateway.access.changes import Changes, SharedChanges
from sensorium.gateway.app import make_door, make_parts
from sensorium.gateway.calls.gateway import Gateway
from sensorium.gateway.door.server import DoorServer
from sensorium.gateway.ledger import Ledger, PriceBook, open_ledger
from sensorium.gateway.ledger.spend import Spend
from sensorium.gateway.upkeep import Upkeep
from sensorium.observe.opening import open_observe
from sensorium.process.collecting import leave_what_is_there
from sensorium.process.stopping import told_to_stop
from sensorium.supervisor import Supervisor

if TYPE_CHECKING:
    from sensorium.component import Component
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.config import GatewaySettings
    from sensorium.observe import Observe
    from sensorium.observe.shared import SharedMetrics
    from sensorium.store.records.connections import Connections

_THRESHOLDS: Final = (20_000, 20, 20)
"""What a call leaves behind goes by its count of references, and a collection takes as long as a
call does: seldom is often enough."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A gateway that is wired and listens to nobody yet."""

    settings: GatewaySettings
    parts: Parts
    ledger: Ledger
    database: Connections
    access: Access
    directory: Directory
    observe: Observe

    @property
    def gateway(self) -> Gateway:
        """What agents in this process call, without HTTP."""
        return Gateway(self.parts)

    def components(self) -> tuple[DoorServer, list[Component]]:
        """The door, and all that has to run, the door last."""
        door = make_door(
            self.settings,
            self.parts,
            self.access,
            self.directory,
            Spend(self.database),
            self.observe,
        )
        every_s = self.settings.ledger.recover_every_s
        running: list[Component] = [
            Upkeep(self.parts, self.ledger, self.database, every_s, self.observe)
        ]
        if self.settings.privacy.policies:
            running.append(self.parts.confinement.verifier)
        return door, [*running, door]

    async def close(self) -> None:
        """Write what is not written, and let everything go."""
        await self.gateway.close()
        await self.ledger.close()
        self.parts.cache.close()
        self.database.close()


def open_gateway(
    settings: GatewaySettings,
    observe: Observe,
    environment: Mapping[str, str],
    changes: Changes | None = None,
) -> Opened:
    """Read prices, open the database, wire the parts. Raises ``SensoriumError``.

    ``changes`` of callers are those of several processes; None where this one is alone.
    """
    prices = PriceBook.load(settings.ledger.prices)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    ledger, database = open_ledger(settings.ledger, settings.data_dir, observe)
    try:
        access = open_access(database, settings.access, observe, changes)
        directory = Directory(database, changed=access.forget)
        parts = make_parts(settings, ledger, prices, observe, environment)
    except BaseException:
        database.close()
        raise
    return Opened(settings, parts, ledger, database, access, directory, observe)


async def run_gateway(
    settings: GatewaySettings,
    environment: Mapping[str, str],
    started: Callable[[Opened, str], None] = lambda *_: None,
    *,
    shared: SharedMetrics | None = None,
    until_closed: int | None = None,
) -> None:
    """Run until a signal ends it; then take nothing new, let calls end, write down, close.

    ``started`` is called with the gateway and its URL before the first call is taken. ``shared``
    makes it one of several processes on one port, each with its share of the settings;
    ``until_closed`` is a file descriptor at whose end it stops too.
    """
    observe = open_observe(settings.observe, shared=shared)
    log = observe.logger("gateway")
    changes = None if shared is None else SharedChanges(shared.folder / "callers")
    opened = open_gateway(settings, observe, environment, changes)
    door, components = opened.components()
    door.bind(shared=shared is not None)
    url = door.url
    started(opened, url)
    log.info("started", url=url, models=len(settings.models), data=str(settings.data_dir))
    if not settings.door.is_loopback() and settings.door.certificate is None:
        log.warning("keys travel unencrypted here: set door.certificate", url=url)
    leave_what_is_there(*_THRESHOLDS)
    stop = _ended(until_closed)
    running = asyncio.create_task(Supervisor(components, observe).run())
    await stop.wait()
    log.info("stopping", unaffected="calls under way are given door.drain_s to end")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await opened.close()
    log.info("stopped")
    observe.close()


def _ended(until_closed: int | None) -> asyncio.Event:
    """Set by a signal, and when the file descriptor has come to its end."""
    stop = told_to_stop()
    if until_closed is not None:
        loop = asyncio.get_running_loop()

        def ended(descriptor: int) -> None:
            loop.remove_reader(descriptor)
            stop.set()

        loop.add_reader(until_closed, ended, until_closed)
    return stop
