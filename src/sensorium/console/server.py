"""The HTTP server as a running part."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

import uvicorn

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError

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
        if not config.is_loopback() and not config.token:
            raise ValueError(
                f"console.host is {config.host}, which others can reach, and console.token is "
                "empty; set a token or listen on 127.0.0.1"
            )
        self._app = app
        self._config = config
        self._log = observe.logger(self.name)
        self._socket: socket.socket | None = None
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """Where the API is; meaningful after :meth:`bind`."""
        host, port = self.bind().getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def bind(self) -> socket.socket:
        """Take the port, once; SensoriumError where another process has it."""
        if self._socket is None:
            family, kind, proto, _, address = socket.getaddrinfo(
                self._config.host, self._config.port, type=socket.SOCK_STREAM
            )[0]
            listening = socket.socket(family, kind, proto)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind(address)
            except OSError as error:
                listening.close()
                raise SensoriumError(
                    f"cannot listen on {self._config.host} port {self._config.port}: "
                    f"{error.strerror}",
                    next_step="choose another with console.port",
                ) from error
            self._socket = listening
        return self._socket

    def health(self) -> Health:
        """OK while connections are accepted."""
        started = self._server is not None and self._server.started
        return Health(HealthState.OK if started else HealthState.STARTING)

    async def run(self) -> None:
        """Serve until cancelled; requests under way are given three seconds to end."""
        listening = self.bind()
        settings = uvicorn.Config(
            self._app,
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
