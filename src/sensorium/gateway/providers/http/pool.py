"""The connections to one origin: kept alive, bounded, handed out last in, first out."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sensorium.gateway.failure import CallFailedError, Failure, FailureKind
from sensorium.gateway.providers.destinations import Destinations
from sensorium.gateway.providers.failures import timed_out, unreachable
from sensorium.gateway.providers.http.connection import Connection, connect

# How long a connection is left alone after a chunked answer, to see whether it stays open.
_SETTLE_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """``connections`` at once; seconds to connect, and that an idle connection is kept."""

    connections: int = 1000
    connect_s: float = 5.0
    idle_s: float = 4.0


class Pool:
    """Gives out connections. Who cannot have one waits in line, until its deadline."""

    def __init__(
        self,
        destinations: Destinations,
        tls: Any,
        limits: PoolLimits,
        on_opened: Callable[[str], None],
    ) -> None:
        self._destinations = destinations
        self._tls = tls
        self._limits = limits
        self._on_opened = on_opened
        self._idle: deque[Connection] = deque()
        self._connections: set[Connection] = set()
        self._opening = 0
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._reaper: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def open(self) -> int:
        """Connections that are open or being opened."""
        return len(self._connections) + self._opening

    @property
    def idle(self) -> int:
        """Connections that wait for a request."""
        return len(self._idle)

    async def take(self, deadline: float) -> Connection:
        """A usable connection, which its taker must use at once, without awaiting before.

        Raises ``CallFailedError``: TIMEOUT, UNREACHABLE.
        """
        first = True
        while True:
            if self._closed:
                raise unreachable("the provider was closed", "closed")
            connection = self._from_idle()
            if connection is not None:
                return connection
            if self.open < self._limits.connections and not (first and self._waiting):
                return await self._opened(deadline)
            connection = await self._in_line(deadline, first)
            if connection is not None and connection.usable:
                return connection
            first = False

    def _from_idle(self) -> Connection | None:
        oldest = asyncio.get_running_loop().time() - self._limits.idle_s
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    async def _in_line(self, deadline: float, first: bool) -> Connection | None:
        """Wait for a connection; None where one may now be opened."""
        waiter: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        (self._waiting.append if first else self._waiting.appendleft)(waiter)
        try:
            async with asyncio.timeout_at(deadline):
                return await waiter
        except BaseException as error:
            self._left_line(waiter)
            if not isinstance(error, TimeoutError):
                raise
            raise CallFailedError(
                Failure(
                    FailureKind.OVERLOADED,
                    "all connections to the provider were in use",
                    code="connections",
                )
            ) from None

    def _left_line(self, waiter: asyncio.Future[Connection | None]) -> None:
        """Who leaves at the moment of being served passes on what it was given."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif waiter.done() and not waiter.cancelled():
            connection = waiter.result()
            if connection is not None and connection.usable:
                self._became_idle(connection)
            else:
                self._wake_next(None)
        else:
            self._wake_next(None)

    async def _opened(self, deadline: float) -> Connection:
        self._opening += 1
        outcome = "cancelled"
        try:
            loop = asyncio.get_running_loop()
            within = min(deadline, loop.time() + self._limits.connect_s)
            async with asyncio.timeout_at(within):
                connection = await connect(
                    await self._destinations.addresses(),
                    self._destinations.origin.port,
                    self._made,
                    tls=self._tls,
                    server_hostname=self._destinations.origin.host,
                )
        except TimeoutError:
            outcome = "connect_timeout"
            raise timed_out("the provider could not be connected to in time", "connect") from None
        except CallFailedError as error:
            outcome = error.failure.code
            raise
        else:
            if not connection.usable:
                outcome = "closed_at_once"
                raise unreachable("the provider closed the connection", "connection_closed")
            outcome = "opened"
            self._connections.add(connection)
            return connection
        finally:
            self._opening -= 1
            self._on_opened(outcome)
            if outcome != "opened":
                self._wake_next(None)

    def _made(self) -> Connection:
        return Connection(self._became_idle, self._gone)

    def _became_idle(self, connection: Connection) -> None:
        if self._closed or not connection.usable:
            connection.close()
            return
        if connection.settle:
            connection.settle = False
            asyncio.get_running_loop().call_later(_SETTLE_S, self._became_idle, connection)
            return
        if self._wake_next(connection):
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._reaper is None:
            self._reaper = loop.call_later(self._limits.idle_s, self._reap)

    def _gone(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.discard(connection)
            if connection in self._idle:
                self._idle.remove(connection)
            self._wake_next(None)

    def _wake_next(self, connection: Connection | None) -> bool:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return True
        return False

    def _reap(self) -> None:
        """Close what was idle for too long: the oldest stand first."""
        loop = asyncio.get_running_loop()
        self._reaper = None
        oldest = loop.time() - self._limits.idle_s
        while self._idle and self._idle[0].idle_since <= oldest:
            self._idle.popleft().close()
        if self._idle:
            self._reaper = loop.call_at(self._idle[0].idle_since + self._limits.idle_s, self._reap)

    async def close(self) -> None:
        """Close all connections; who waits or comes later is told so."""
        self._closed = True
        if self._reaper is not None:
            self._reaper.cancel()
        for connection in list(self._connections):
            connection.close()
        self._idle.clear()
        while self._waiting:
            self._wake_next(None)
        await asyncio.sleep(0)  # closed transports say so in the loop's next turn
