"""The receivers whose senders are told that their telemetry is safe, around one journal."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.ingest.journal import Journal
from sensorium.ingest.otlp import OtlpService, otlp_methods, otlp_routes, status_details
from sensorium.ingest.remote_write import RemoteWriteDecoder, RemoteWriteRoute
from sensorium.ingest.transport.grpc_server import GrpcReceiver
from sensorium.ingest.transport.http import HttpReceiver, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from sensorium.component import Component
    from sensorium.config import Settings
    from sensorium.observe import Observe


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A journal and the receivers that fill it; :meth:`open` them, then run the receivers."""

    journal: Journal
    http: HttpReceiver
    grpc: GrpcReceiver

    @property
    def receivers(self) -> list[Component]:
        """The running parts."""
        return [self.http, self.grpc]

    def open(self) -> None:
        """Take the journal's folder and the ports; SensoriumError where they cannot be had."""
        self.journal.open()
        self.http.bind()
        self.grpc.bind()


def build_acknowledged(
    settings: Settings, observe: Observe, compiled: Callable[[], None]
) -> Acknowledged:
    """Wire journal, routes and receivers; nothing is opened yet.

    Before they take a connection they wait, in threads of their own, until ``compiled`` returns.
    """
    journal = Journal(settings.ingest.journal, settings.data_dir / "journal", observe)
    decoder = RemoteWriteDecoder(settings.ingest.remote_write, observe)
    otlp = OtlpService(settings.ingest.otlp, journal, observe)
    routes: dict[str, Route] = {
        "/api/v1/write": RemoteWriteRoute(decoder, journal),
        **otlp_routes(otlp),
    }
    http = HttpReceiver(
        settings.ingest.http,
        routes,
        observe,
        clock_ns=time.time_ns,
        prepare=(compiled, decoder.prepare, otlp.warm_up),
    )
    grpc = GrpcReceiver(
        settings.ingest.grpc,
        otlp_methods(otlp),
        observe,
        clock_ns=time.time_ns,
        details=status_details,
        prepare=(compiled, otlp.warm_up),
    )
    return Acknowledged(journal, http, grpc)
