"""Incidents, their anomalies, evidence and briefs over HTTP, and saying what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from sensorium.agent.evidence_rerun import CannotRerunError, rerun
from sensorium.incident.labelling import LONGEST_ACTOR, LONGEST_NOTE
from sensorium.incident.ranking.sorting import Sort, in_order
from sensorium.model.incident import IncidentState
from sensorium.model.label import Opinion

if TYPE_CHECKING:
    from sensorium.incident.labelling import LabelDesk
    from sensorium.incident.ranking.ranker import Ranker
    from sensorium.model.incident import Incident
    from sensorium.store.records import Records
    from sensorium.store.telemetry import TelemetryStore


class LabelRequest(BaseModel):
    """What an incident was, who says so, and why."""

    model_config = ConfigDict(extra="forbid")

    label: Opinion
    actor: str = Field(min_length=1, max_length=LONGEST_ACTOR)
    note: str = Field(default="", max_length=LONGEST_NOTE)


def incident_routes(
    records: Records, telemetry: TelemetryStore, labelling: LabelDesk, ranker: Ranker
) -> APIRouter:
    """``GET /api/v1/incidents`` and below, and ``/api/v1/evidence``."""
    router = APIRouter(prefix="/api/v1", tags=["incidents"])

    @router.get("/incidents")
    def list_incidents(
        state: Annotated[list[IncidentState] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        sort: Sort = Sort.NEWEST,
    ) -> dict[str, Any]:
        """Incidents, newest first; or of the newest ``limit`` the worst, or the most probably
        confirmed, first. The last comes with ``rank``: how probable that is, and why."""
        found = records.incidents.list(states=state, limit=limit)
        answer: dict[str, Any] = {"incidents": in_order(found, sort, ranker)}
        if sort is Sort.RANK:
            answer["rank"] = list(ranker.rate(found).values())
        return answer

    @router.get("/incidents/{incident_id}")
    def show_incident(incident_id: str) -> dict[str, Any]:
        """One incident with its anomalies, evidence, approvals and labels."""
        incident = records.incidents.get(incident_id)
        if incident is None:
            raise HTTPException(404, f"there is no incident {incident_id}")
        return _whole(incident, records, ranker)

    @router.post("/incidents/{incident_id}/labels")
    def label_incident(incident_id: str, body: LabelRequest) -> dict[str, Any]:
        """Say what an incident was. The latest label counts, all are kept; nothing else changes."""
        said = labelling.label(incident_id, body.label, actor=body.actor, note=body.note)
        return {"label": said}

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


def _whole(incident: Incident, records: Records, ranker: Ranker) -> dict[str, Any]:
    return {
        "incident": incident,
        "anomalies": records.anomalies.of_incident(incident.id),
        "evidence": records.evidence.of_incident(incident.id),
        "approvals": records.approvals.of_incident(incident.id),
        "labels": records.labels.of_incident(incident.id),
        "rank": ranker.rate([incident]).get(incident.id),
    }
