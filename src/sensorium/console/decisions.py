"""Deciding approvals over HTTP: the same desk, the same rules, the same audit log as the CLI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from sensorium.approval import ApprovalDesk
    from sensorium.store.records import Records


class DecisionRequest(BaseModel):
    """Who decides, why, and on exactly what: ``digest`` is that of the action they have read."""

    model_config = ConfigDict(extra="forbid")

    actor: str = Field(min_length=1, max_length=256)
    reason: str = Field(default="", max_length=4096)
    digest: str = Field(pattern="^[0-9a-f]{64}$")


def decision_routes(desk: ApprovalDesk, records: Records) -> APIRouter:
    """``/api/v1/approvals`` and below."""
    router = APIRouter(prefix="/api/v1/approvals", tags=["approvals"])

    @router.get("")
    def list_approvals(limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> dict[str, Any]:
        """Approvals, newest first."""
        return {"approvals": records.approvals.list(limit=limit)}

    @router.get("/{approval_id}")
    def show_approval(approval_id: str) -> dict[str, Any]:
        """An approval and the exact action it is bound to."""
        approval = records.approvals.get(approval_id)
        if approval is None:
            raise HTTPException(404, f"there is no approval {approval_id}")
        return {"approval": approval, "action": records.actions.get(approval.action_digest)}

    @router.post("/{approval_id}/{decision}")
    def decide(
        approval_id: str, decision: Literal["approve", "reject"], body: DecisionRequest
    ) -> dict[str, Any]:
        """Decide once. A second decision, an expired or altered proposal answers 409."""
        approval = desk.decide(
            approval_id, decision, actor=body.actor, reason=body.reason, digest=body.digest
        )
        return {"approval": approval}

    return router
