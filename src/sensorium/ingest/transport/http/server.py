"""The port for telemetry over HTTP, as a running part."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.transport.http.app import Application
from sensorium.ingest.transport.http.config import HttpConfig
from sensorium.ingest.transport.http.connection import Connection
from sensorium.ingest.transport.http.listener import BoundedListener
from sensorium.ingest.transport.http.route import Route
from sensorium.ingest.transport.tls import RenewedContext
from sensorium.listening.binding import bound, url_of

if TYPE_CHECKING:
    from sensorium.observe import Observe

_STOP_S = 5
_HEAD_BYTES = 16_384


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals to the supervisor."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpReceiver:
    """Serves ``routes`` (path to route) on one port; :attr:`port` is known after :meth:`bind`.

    ``prepare`` runs in another thread before the first connection is taken: what takes its time
    should not be waited for by a sender.
    """

    name = "http_ingest"

    def __init__(
        self,
        config: HttpConfig,
        routes: Mapping[str, Route],
        observe: Observe,
        *,
        clock_ns: Callable[[], int],
        prepare: Sequence[Callable[[], None]] = (),
    ) -> None:
        self._config = config
        self._routes = routes
        self._prepare = tuple(prepare)
        self._observe = observe
        self._clock_ns = clock_ns
        self._socket: socket.socket | None = None
        self._server: _Server | None = None
        self._app: Application | None = None
        self._tls: RenewedContext | None = None
        self._log = observe.logger(self.name)
        self._refused = observe.counter(
            "sensorium_http_ingest_refused",
            "Requests not handed to their route, by route and reason",
            ("route", "reason"),
        )

    @property
    def port(self) -> int:
        """The bound port; 0 before :meth:`bind` and where the port is not opened at all."""
        return int(self._socket.getsockname()[1]) if self._socket is not None else 0

    @property
    def url(self) -> str:
        """Where senders find it; empty before :meth:`bind`."""
        if self._socket is None:
            return ""
        return url_of(self._socket, tls=bool(self._config.tls_certificate))

    def bind(self) -> None:
        """Read the token and the certificates and take the port.

        SensoriumError where one of them cannot be had.
        """
        config = self._config
        if self._socket is not None or not config.enabled:
            return
        try:
            token = config.bearer_token()
        except OSError as error:
            raise SensoriumError(
                f"the token for telemetry over HTTP cannot be read: {error}",
                unaffected="nothing was started",
                next_step="write it to the file that ingest.http.token_file names",
            ) from error
        files = config.tls_files("ingest.http")
        if files is not None:
            self._tls = RenewedContext(files, self._log)
        self._app = Application(
            config, self._routes, self._observe, token=token, clock_ns=self._clock_ns
        )
        self._socket = BoundedListener.of(
            self._listening(),
            limit=config.max_connections,
            per_source=config.max_connections_per_source,
            refused=self._count,
        )
        self._warn_if_open(token)

    def health(self) -> Health:
        """OK while connections are accepted."""
        if not self._config.enabled:
            return Health(HealthState.OK, "not enabled")
        if self._server is None or not self._server.started:
            return Health(HealthState.STARTING)
        return Health(HealthState.OK, f"listening on {self.url}")

    async def run(self) -> None:
        """Serve until cancelled; requests under way are given five seconds to end."""
        self.bind()
        if self._socket is None:
            await asyncio.Event().wait()
        for step in self._prepare:
            await asyncio.to_thread(step)
        settings, listening = self._settings(), cast(socket.socket, self._socket)
        self._server = _Server(settings)
        # Before it is said: who reads it may call at once.
        listening.listen(settings.backlog)
        self._log.info("listening", url=self.url, paths=sorted(self._routes))
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

    def _count(self, reason: str) -> None:
        self._refused.labels("other", reason).inc()

    def _settings(self) -> uvicorn.Config:
        connection: Any = partial(
            Connection,
            timeout_s=self._config.request_timeout_s,
            count=self._count,
        )
        tls = self._tls
        return uvicorn.Config(
            cast(Any, self._app),
            http=connection,
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=max(1, round(self._config.idle_timeout_s)),
            timeout_graceful_shutdown=_STOP_S,
            h11_max_incomplete_event_size=_HEAD_BYTES,
            ssl_context_factory=None if tls is None else lambda *_: tls.front,
        )

    def _listening(self) -> socket.socket:
        config = self._config
        try:
            return bound(config.host, config.port)
        except OSError as error:
            raise self._cannot_listen(error) from error

    def _cannot_listen(self, error: OSError) -> SensoriumError:
        return SensoriumError(
            f"cannot listen on TCP {self._config.host} port {self._config.port}: "
            f"{error.strerror or error}",
            unaffected="nothing was started",
            next_step="stop what uses the port (ss -tlnp), set another ingest.http.port, or "
            "ingest.http.enabled to false",
        )

    def _warn_if_open(self, token: str) -> None:
        config = self._config
        if config.host in {"127.0.0.1", "::1", "localhost"}:
            return
        if not (token or config.tls_client_ca or config.allowed_networks):
            self._log.warning(
                "anybody who reaches this port can send telemetry; set ingest.http.token_file, "
                "tls_client_ca or allowed_networks",
                host=config.host,
            )
        elif token and not config.tls_certificate:
            self._log.warning(
                "the token travels in clear; set ingest.http.tls_certificate", host=config.host
            )
