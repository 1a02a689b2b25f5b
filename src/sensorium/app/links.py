"""A service that suggests links and does nothing else: ``sensorium links serve``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from sensorium.component import HealthState
from sensorium.console.api import LinksDeps, build_links_api
from sensorium.console.server import HttpServer
from sensorium.links.serving.served import Shelf
from sensorium.observe import open_observe
from sensorium.process.collecting import leave_what_is_there
from sensorium.process.stopping import told_to_stop
from sensorium.supervisor import Supervisor

if TYPE_CHECKING:
    from sensorium.component import Health
    from sensorium.console.config import ConsoleConfig
    from sensorium.links.serving.config import LinksConfig
    from sensorium.observe.config import ObserveConfig


async def run_links(
    config: LinksConfig,
    console: ConsoleConfig,
    observing: ObserveConfig,
    started: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until a signal ends it; ``started`` is told the URL once it answers."""
    observe = open_observe(observing)
    shelf = Shelf(config, observe, time.time_ns)
    supervisor: Supervisor

    def health() -> dict[str, Health]:
        return supervisor.health()

    deps = LinksDeps(shelf, config, time.time_ns)
    http = HttpServer(build_links_api(deps, console, observe, health), console, observe)
    supervisor = Supervisor([http, shelf], observe)
    http.bind()
    for graph in config.graphs:
        await asyncio.to_thread(shelf.look, graph)
    # What is loaded stays: a collector that looks through it makes a request wait for that.
    leave_what_is_there()
    url = http.url
    stop = told_to_stop()
    running = asyncio.create_task(supervisor.run())
    while http.health().state is not HealthState.OK:
        await asyncio.sleep(0.01)
    started(url)
    await stop.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    observe.close()
