"""A running stream receiver, what it delivered, and clients that write to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport import (
    IpfixStreamConfig,
    IpfixStreamReceiver,
    SyslogStreamConfig,
    SyslogStreamReceiver,
)
from sensorium.observe import Observe
from sensorium.process.handover import Handover

PATIENCE_S = float(os.environ.get("SENSORIUM_TEST_PATIENCE_S", "10"))
"""More where a machine is slow, as those in user mode are."""
Receiver = SyslogStreamReceiver | IpfixStreamReceiver
SETTINGS = {SyslogStreamReceiver: SyslogStreamConfig, IpfixStreamReceiver: IpfixStreamConfig}


class Running:
    """A receiver at work. ``waiting`` makes its pipeline say that it is behind."""

    def __init__(
        self,
        kind: type[Receiver] = SyslogStreamReceiver,
        handover: Handover | None = None,
        **config: Any,
    ) -> None:
        self.slabs: list[Datagrams] = []
        self.waiting = False
        self.observe = Observe()
        settings: Any = SETTINGS[kind]
        receiver: Any = kind
        self.receiver: Receiver = receiver(
            settings(**{"host": "127.0.0.1", "linger_ms": 1.0, **config}),
            self.slabs.append,
            self.observe,
            busy=lambda: self.waiting,
            clock_ns=time.time_ns,
            handover=handover,
        )

    def messages(self) -> list[bytes]:
        return [slab.payload(i) for slab in self.slabs for i in range(len(slab))]

    def sources(self) -> set[bytes]:
        return {row.tobytes() for slab in self.slabs for row in np.unique(slab.src_addr, axis=0)}

    def count(self, name: str, **labels: str) -> float:
        """The sum of a counter over the labels that are not given."""
        return sum(
            sample.value
            for family in self.observe.registry.collect()
            for sample in family.samples
            if sample.name in (f"sensorium_stream_{name}", f"sensorium_stream_{name}_total")
            and labels.items() <= sample.labels.items()
        )

    def connect(self, index: int = 0) -> socket.socket:
        """A TCP connection to the receiver's port of that index."""
        return socket.create_connection(("127.0.0.1", self.receiver.ports[index]), timeout=10)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to be so; TimeoutError after PATIENCE_S seconds."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)

    async def expect(self, *messages: bytes) -> None:
        """Wait for these messages, in this order, and no others."""
        with contextlib.suppress(TimeoutError):
            await self.until(lambda: len(self.messages()) >= len(messages))
        assert self.messages() == list(messages)


@contextlib.asynccontextmanager
async def running(
    kind: type[Receiver] = SyslogStreamReceiver, **config: Any
) -> AsyncIterator[Running]:
    """Start a receiver, and stop it as the service would."""
    one = Running(kind, **{"tcp_ports": (0,), **config})
    one.receiver.bind()
    task = asyncio.create_task(one.receiver.run())
    await asyncio.sleep(0.01)  # its thread has begun, for tests that block this one
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def unix(path: str, kind: int = socket.SOCK_STREAM) -> socket.socket:
    """A connection to a Unix socket."""
    opened = socket.socket(socket.AF_UNIX, kind)
    opened.settimeout(10)
    opened.connect(path)
    return opened
