"""The door as a running part."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import uvicorn

from sensorium.component import Health, HealthState
from sensorium.gateway.door.address import taken
from sensorium.gateway.door.protocol import protocol_with
from sensorium.gateway.door.tls import tls_of
from sensorium.listening.binding import url_of

if TYPE_CHECKING:
    from sensorium.gateway.door.config import DoorConfig
    from sensorium.observe import Observe


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class DoorServer:
    """Serves the application; ``port`` is known once :meth:`bind` was called."""

    name = "door"

    def __init__(self, app: Any, config: DoorConfig, observe: Observe) -> None:
        self._app = app
        self._config = config
        self._tls = tls_of(config)
        self._log = observe.logger(self.name)
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self.draining = False

    @property
    def url(self) -> str:
        """Where the door is; takes the port if that was not done yet."""
        return url_of(self.bind(), tls=self._tls is not None)

    def bind(self, *, shared: bool = False) -> socket.socket:
        """Take the port, once; ``SensoriumError`` where another process has it.

        ``shared`` lets several processes of ours listen on it.
        """
        if self._socket is None:
            self._socket = taken(self._config, shared=shared)
        return self._socket

    def health(self) -> Health:
        """OK while connections are accepted."""
        started = self._server is not None and self._server.started
        return Health(HealthState.OK if started else HealthState.STARTING)

    async def run(self) -> None:
        """Serve until cancelled; calls under way are then given ``drain_s`` to end."""
        listening = self.bind()
        config = self._config
        settings = uvicorn.Config(
            self._app,
            http=protocol_with(config),
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            backlog=2048,
            limit_concurrency=config.max_connections,
            timeout_graceful_shutdown=int(config.drain_s),
            ssl_context_factory=None if (tls := self._tls) is None else lambda *_: tls,
        )
        self._server = _Server(settings)
        # Before it is said: who reads it may call at once.
        listening.listen(settings.backlog)
        self._log.info("listening", url=self.url)
        serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self.draining = True
            self._server.should_exit = True
            await serving
            raise
        finally:
            self._server = None
            self._socket = None
