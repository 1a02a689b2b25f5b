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
from sensorium.console.exporters import exporter_routes
from sensorium.console.guard import make_guard
from sensorium.console.incidents import incident_routes
from sensorium.console.intake import Intake, intake_routes
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sensorium.approval import ApprovalDesk
    from sensorium.component import Health
    from sensorium.observe import Observe
    from sensorium.pipeline.exporters import ExporterReports
    from sensorium.store.records import Records
    from sensorium.store.telemetry import TelemetryStore


@dataclass(frozen=True, slots=True)
class ConsoleDeps:
    """What the API answers from."""

    observe: Observe
    records: Records
    telemetry: TelemetryStore
    desk: ApprovalDesk
    intake: Intake
    health: Callable[[], Mapping[str, Health]]
    exporters: Callable[[], ExporterReports]


def build_api(deps: ConsoleDeps, config: ConsoleConfig) -> FastAPI:
    """Assemble the application; inert until a server runs it."""
    app = FastAPI(
        title="Sensorium",
        version=__version__,
        summary="Incidents, their evidence, and the decisions that wait for a person.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.middleware("http")(make_guard(config))
    app.add_exception_handler(SensoriumError, _refused)
    _probe_routes(app, deps)
    app.include_router(incident_routes(deps.records, deps.telemetry))
    app.include_router(decision_routes(deps.desk, deps.records))
    app.include_router(exporter_routes(deps.exporters))
    app.include_router(intake_routes(deps.intake, config))
    return app


def _refused(_request: Request, error: Exception) -> JSONResponse:
    """Answer an error meant for people with a status that machines understand."""
    status = 500
    if isinstance(error, ApprovalNotFoundError):
        status = 404
    elif isinstance(error, InvalidDecisionError):
        status = 422
    elif isinstance(error, ApprovalError):
        status = 409
    return JSONResponse({"detail": str(error)}, status_code=status)


def _probe_routes(app: FastAPI, deps: ConsoleDeps) -> None:
    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(generate_latest(deps.observe.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> JSONResponse:
        return _health(deps, ready={HealthState.STARTING, HealthState.OK, HealthState.DEGRADED})

    @app.get("/readyz", include_in_schema=False)
    def readyz() -> JSONResponse:
        return _health(deps, ready={HealthState.OK, HealthState.DEGRADED})


def _health(deps: ConsoleDeps, ready: set[HealthState]) -> JSONResponse:
    parts = deps.health()
    good = all(health.state in ready for health in parts.values())
    body: dict[str, Any] = {
        "status": "ok" if good else "unavailable",
        "parts": {
            name: {"state": health.state, "detail": health.detail}
            for name, health in sorted(parts.items())
        },
    }
    return JSONResponse(body, status_code=200 if good else 503)
