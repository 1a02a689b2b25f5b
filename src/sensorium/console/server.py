"""The HTTP server as a running part."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn

from sensorium.component import Health, HealthState
from sensorium.console.connection import Connection
from sensorium.errors import SensoriumError
from sensorium.ingest.transport.http.listener import BoundedListener
from sensorium.listening.binding import bound, url_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from sensorium.console.config import ConsoleConfig
    from sensorium.observe import Observe


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals to the supervisor."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpServer:
    """Serves the application on ``config.host``; ``port`` is known once :meth:`bind` was called."""

    name = "http"

    def __init__(self, app: FastAPI, config: ConsoleConfig, observe: Observe):
        self._app = app
        self._config = config
        self._log = observe.logger(self.name)
        self._refused = observe.counter(
            "sensorium_console_refused",
            "Connections to the API that were closed, by reason",
            ("reason",),
        )
        self._socket: socket.socket | None = None
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Where the API is; meaningful after :meth:`bind`."""
        return url_of(self.bind(), tls=False)

    def bind(self) -> socket.socket:
        """Take the port, once; SensoriumError where another process has it."""
        if self._socket is None:
            host, port = self._config.host, self._config.port
            try:
                self._socket = BoundedListener.of(
                    bound(host, port),
                    limit=self._config.max_connections,
                    per_source=0,
                    refused=self._count,
                )
            except OSError as error:
                raise SensoriumError(
                    f"cannot listen on {host} port {port}: {error.strerror or error}",
                    unaffected="nothing was started",
                    next_step="choose another with console.host and console.port",
                ) from error
        return self._socket

    def _count(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def health(self) -> Health:
        """OK while connections are accepted."""
        started = self._server is not None and self._server.started
        return Health(HealthState.OK if started else HealthState.STARTING)

    async def run(self) -> None:
        """Serve until cancelled; requests under way are given three seconds to end."""
        listening = self.bind()
        connection: Any = partial(
            Connection, timeout_s=self._config.request_timeout_s, count=self._count
        )
        settings = uvicorn.Config(
            self._app,
            http=connection,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
            server_header=False,
        )
        self._server = _Server(settings)
        # Before it is said: who reads it may call at once.
        listening.listen(settings.backlog)
        self._log.info("listening", url=self.url)
        serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self._server.should_exit = True
            await serving
            raise
        finally:
            self._server = None
            self._socket = None
