"""Starts the workers of a gateway, replaces those that end, and stops them all."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from sensorium.gateway.door.address import held
from sensorium.gateway.service import Opened, open_gateway
from sensorium.gateway.workers.dividing import divided
from sensorium.gateway.workers.worker import Told, packed
from sensorium.listening.binding import url_of
from sensorium.observe.opening import open_observe
from sensorium.observe.shared import SharedMetrics
from sensorium.process.stopping import told_to_stop

if TYPE_CHECKING:
    from sensorium.gateway.config import GatewaySettings

PARENT: Final = "parent"
_MODULE: Final = "sensorium.gateway.workers.worker"
_STEADY_S: Final = 10.0
"""A worker that lived so long is replaced at once; others after a wait that doubles."""
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0
_CLOSING_S: Final = 30.0
"""What a worker gets beyond ``door.drain_s`` to write down what it knows, before it is killed."""
_LOOK_EVERY_S: Final = 0.05


class Worker:
    """One place among the workers, and whichever process has it. Belongs to one event loop."""

    def __init__(
        self,
        told: Told,
        environment: Mapping[str, str],
        stop: asyncio.Event,
        log: Any,
        lost: Callable[[str], None],
    ) -> None:
        self._told = told
        self._environment = dict(environment)
        self._stop = stop
        self._log = log
        self._lost = lost

    async def run(self) -> None:
        """Keep a process in this place until ``stop`` is set, then wait for its end."""
        wait_s = _FIRST_WAIT_S
        while not self._stop.is_set():
            begun = time.monotonic()
            how = await self._one()
            if self._stop.is_set():
                return
            steady = time.monotonic() - begun >= _STEADY_S
            wait_s = 0.0 if steady else max(wait_s, _FIRST_WAIT_S)
            self._lost(self._told.name)
            self._log.error(
                "a worker ended; another takes its place",
                worker=self._told.name,
                how=how,
                retry_in_s=wait_s,
                unaffected="the others; what it had reserved is let go after calls.lease_s",
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    async def _one(self) -> str:
        """One process from its start to its end; how it ended."""
        try:
            process = await self._started()
        except OSError as error:
            return f"it could not be started: {error.strerror}"
        await self._ended(process)
        return f"exit status {process.returncode}"

    async def _started(self) -> Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", _MODULE, stdin=PIPE, env=self._environment
        )
        assert process.stdin is not None
        with contextlib.suppress(ConnectionError):  # it ended at once, which is seen anyway
            process.stdin.write(packed(self._told))
            await process.stdin.drain()
        self._log.info("worker started", worker=self._told.name, pid=process.pid)
        return process

    async def _ended(self, process: Process) -> None:
        """Wait for the end of a process, and tell it to end once ``stop`` is set."""
        ending = asyncio.ensure_future(process.wait())
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((ending, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not self._stop.is_set():
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        most_s = self._told.settings.door.drain_s + _CLOSING_S
        if not (await asyncio.wait((ending,), timeout=most_s))[0]:
            self._log.error("a worker did not end and is killed", worker=self._told.name)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await ending


async def run_workers(
    settings: GatewaySettings,
    environment: Mapping[str, str],
    started: Callable[[Opened, str], None] = lambda *_: None,
) -> None:
    """Run ``settings.workers`` processes on one port until a signal ends them; then drain them all.

    ``started`` is called with the gateway and its URL once calls are taken. Raises
    ``SensoriumError`` for what would keep every worker from starting.
    """
    with TemporaryDirectory(prefix="sensorium-gateway-") as name:
        metrics = SharedMetrics(Path(name), PARENT)
        observe = open_observe(settings.observe, shared=metrics)
        log = observe.logger("gateway.workers")
        restarts = observe.counter(
            "sensorium_gateway_worker_restarts",
            "Workers that ended unbidden, and whose place another took",
        )
        with contextlib.closing(held(settings.door)) as port:
            door = replace(settings.door, port=port.getsockname()[1])
            url = url_of(port, tls=door.certificate is not None)
            shares = divided(replace(settings, door=door))
            # What is wrong with settings, database or credentials is told once, here.
            opened = open_gateway(settings, observe, environment)
            log.info("starting", url=url, workers=len(shares), data=str(settings.data_dir))
            stop = told_to_stop()

            def lost(worker: str) -> None:
                restarts.inc()
                metrics.died(worker)

            crew = [
                Worker(Told(share, Path(name), str(number)), environment, stop, log, lost)
                for number, share in enumerate(shares, 1)
            ]
            async with asyncio.TaskGroup() as tasks:
                for worker in crew:
                    tasks.create_task(worker.run())
                try:
                    if await _listens(port, stop):
                        started(opened, url)
                finally:
                    await opened.close()
            log.info("stopped")
        observe.close()


async def _listens(port: socket.socket, stop: asyncio.Event) -> bool:
    """Wait until a worker takes connections; False where it is told to stop before."""
    host, number = port.getsockname()[:2]
    while not stop.is_set():
        try:
            _, writer = await asyncio.open_connection(host, number)
        except OSError:
            await asyncio.sleep(_LOOK_EVERY_S)
            continue
        writer.close()
        return True
    return False
