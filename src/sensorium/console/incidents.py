"""Reading incidents, their anomalies, evidence and briefs over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from sensorium.agent.evidence_rerun import CannotRerunError, rerun
from sensorium.model.incident import IncidentState

if TYPE_CHECKING:
    from sensorium.store.records import Records
    from sensorium.store.telemetry import TelemetryStore


def incident_routes(records: Records, telemetry: TelemetryStore) -> APIRouter:
    """``GET /api/v1/incidents`` and below, and ``/api/v1/evidence``."""
    router = APIRouter(prefix="/api/v1", tags=["incidents"])

    @router.get("/incidents")
    def list_incidents(
        state: Annotated[list[IncidentState] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> dict[str, Any]:
        """Incidents, newest first."""
        return {"incidents": records.incidents.list(states=state, limit=limit)}

    @router.get("/incidents/{incident_id}")
    def show_incident(incident_id: str) -> dict[str, Any]:
        """One incident with its anomalies, evidence and approval."""
        incident = records.incidents.get(incident_id)
        if incident is None:
            raise HTTPException(404, f"there is no incident {incident_id}")
        return {
            "incident": incident,
            "anomalies": records.anomalies.of_incident(incident_id),
            "evidence": records.evidence.of_incident(incident_id),
            "approvals": records.approvals.of_incident(incident_id),
        }

    @router.get("/incidents/{incident_id}/brief")
    def show_brief(incident_id: str) -> Response:
        """The newest brief, as Markdown."""
        brief = records.briefs.latest(incident_id)
        if brief is None:
            raise HTTPException(404, f"incident {incident_id} has no brief yet")
        return Response(brief.markdown, media_type="text/markdown; charset=utf-8")

    @router.get("/evidence/{evidence_id}")
    def show_evidence(evidence_id: str, again: bool = False) -> dict[str, Any]:
        """A piece of evidence; with ``again=true`` its query is run again and compared."""
        evidence = records.evidence.get(evidence_id)
        if evidence is None:
            raise HTTPException(404, f"there is no evidence {evidence_id}")
        answer: dict[str, Any] = {"evidence": evidence}
        if again:
            try:
                answer["rerun"] = rerun(evidence, telemetry)
            except CannotRerunError as error:
                raise HTTPException(409, str(error)) from error
        return answer

    return router
