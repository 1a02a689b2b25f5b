"""The service's HTTP application: probes, metrics, incidents, decisions and intake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from sensorium import __version__
from sensorium.approval.errors import (
    ApprovalError,
    ApprovalNotFoundError,
    InvalidDecisionError,
)
from sensorium.component import HealthState
from sensorium.console.config import ConsoleConfig
from sensorium.console.decisions import decision_routes
from sensorium.console.detect import DetectDeps, detect_routes
from sensorium.console.exporters import exporter_routes
from sensorium.console.flows import flow_routes
from sensorium.console.guard import Guard
from sensorium.console.head import Head
from sensorium.console.incidents import incident_routes
from sensorium.console.intake import Intake, intake_routes
from sensorium.console.refusals import Refusal, add_refusals
from sensorium.console.topology import topology_routes
from sensorium.errors import SensoriumError, UsageError
from sensorium.incident.errors import IncidentError, IncidentNotFoundError, InvalidLabelError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sensorium.approval import ApprovalDesk
    from sensorium.component import Health
    from sensorium.incident.labelling import LabelDesk
    from sensorium.incident.ranking.ranker import Ranker
    from sensorium.links.serving.config import LinksConfig
    from sensorium.links.serving.served import Shelf
    from sensorium.observe import Observe
    from sensorium.pipeline.exporters import ExporterReports
    from sensorium.store.records import Records
    from sensorium.store.telemetry import TelemetryStore
    from sensorium.topology.answers import Topology


@dataclass(frozen=True, slots=True)
class LinksDeps:
    """What suggestions of links are answered from."""

    shelf: Shelf
    config: LinksConfig
    clock_ns: Callable[[], int]


@dataclass(frozen=True, slots=True)
class ConsoleDeps:
    """What the API answers from; ``links`` where a graph is served, ``detect`` where rows are."""

    observe: Observe
    records: Records
    telemetry: TelemetryStore
    desk: ApprovalDesk
    labelling: LabelDesk
    ranker: Ranker
    intake: Intake
    health: Callable[[], Mapping[str, Health]]
    exporters: Callable[[], ExporterReports]
    topology: Callable[[int], Topology]
    links: LinksDeps | None = None
    detect: DetectDeps | None = None


def build_api(deps: ConsoleDeps, config: ConsoleConfig) -> FastAPI:
    """Assemble the application; inert until a server runs it."""
    app = _guarded(config, "Incidents, their evidence, and the decisions that wait for a person.")
    _probe_routes(app, deps.observe, deps.health)
    if deps.links is not None:
        _add_links(app, deps.links, deps.observe)
    if deps.detect is not None:
        app.include_router(detect_routes(deps.detect, deps.observe))
    app.include_router(incident_routes(deps.records, deps.telemetry, deps.labelling, deps.ranker))
    app.include_router(decision_routes(deps.desk, deps.records))
    app.include_router(exporter_routes(deps.exporters))
    app.include_router(topology_routes(deps.topology, deps.telemetry.query))
    app.include_router(flow_routes(deps.telemetry))
    app.include_router(intake_routes(deps.intake, config))
    return app


def build_links_api(
    deps: LinksDeps,
    config: ConsoleConfig,
    observe: Observe,
    health: Callable[[], Mapping[str, Health]],
) -> FastAPI:
    """The application of a service that suggests links and does nothing else."""
    app = _guarded(config, "Suggested links, and scores of pairs.")
    _probe_routes(app, observe, health)
    _add_links(app, deps, observe)
    return app


def _guarded(config: ConsoleConfig, summary: str) -> FastAPI:
    app = FastAPI(
        title="Sensorium",
        version=__version__,
        summary=summary,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses={422: {"model": Refusal, "description": "A parameter or the body is wrong"}},
    )
    app.add_middleware(Head)
    app.add_middleware(Guard, config=config)
    add_refusals(app)
    app.add_exception_handler(SensoriumError, _refused)
    return app


def _add_links(app: FastAPI, deps: LinksDeps, observe: Observe) -> None:
    from sensorium.console.links import link_routes

    app.include_router(link_routes(deps.shelf, deps.config, observe, deps.clock_ns))


def _refused(_request: Request, error: Exception) -> JSONResponse:
    """Answer an error meant for people with a status that machines understand."""
    status = 500
    if isinstance(error, ApprovalNotFoundError | IncidentNotFoundError):
        status = 404
    elif isinstance(error, InvalidDecisionError | InvalidLabelError):
        status = 422
    elif isinstance(error, ApprovalError | IncidentError):
        status = 409
    elif isinstance(error, UsageError):
        status = 422
    return JSONResponse({"detail": str(error)}, status_code=status)


def _probe_routes(
    app: FastAPI, observe: Observe, health: Callable[[], Mapping[str, Health]]
) -> None:
    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(observe.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> JSONResponse:
        return _health(health, ready={HealthState.STARTING, HealthState.OK, HealthState.DEGRADED})

    @app.get("/readyz", include_in_schema=False)
    def readyz() -> JSONResponse:
        return _health(health, ready={HealthState.OK, HealthState.DEGRADED})


def _health(health: Callable[[], Mapping[str, Health]], ready: set[HealthState]) -> JSONResponse:
    parts = health()
    good = all(part.state in ready for part in parts.values())
    body: dict[str, Any] = {
        "status": "ok" if good else "unavailable",
        "parts": {
            name: {"state": part.state, "detail": part.detail}
            for name, part in sorted(parts.items())
        },
    }
    return JSONResponse(body, status_code=200 if good else 503)
