"""Wait for a person: the graph stops here, for minutes or days, and survives restarts."""

from __future__ import annotations

from langgraph.types import interrupt

from sensorium.agent import conventions
from sensorium.agent.case import Node
from sensorium.agent.deps import AgentDeps
from sensorium.agent.state import InvestigationState, Json, action_to_json
from sensorium.model.approval import Approval, ApprovalState

NAME = "wait_for_person"


def wait_for_person(deps: AgentDeps) -> Node:
    """The node. What resumes it is only a hint: the decision is read from the records."""

    def node(state: InvestigationState) -> Json:
        incident_id = state["incident"]["id"]
        approval = _stored(deps, state["approval_id"])
        if approval.state is ApprovalState.PENDING:
            interrupt({"incident_id": incident_id, "approval_id": approval.id})
            approval = _stored(deps, state["approval_id"])
        if approval.state is ApprovalState.PENDING:
            # Resumed without a decision: stay suspended rather than take silence for one.
            return {}
        span, attributes = conventions.agent_span(NAME, incident_id)
        with deps.observe.span(span, attributes):
            if approval.state is ApprovalState.EDITED:
                return _edited(deps, approval)
            return {"decision": _plain(approval)}

    return node


def _stored(deps: AgentDeps, approval_id: str) -> Approval:
    approval = deps.records.approvals.get(approval_id)
    if approval is None:
        raise LookupError(
            f"the records hold no approval {approval_id}, though an investigation waits for it; "
            "the investigation stays suspended. Restore the records store from its backup."
        )
    return approval


def _edited(deps: AgentDeps, old: Approval) -> Json:
    """The edited proposal and its own approval, which has to be waited for in turn."""
    others = [a for a in deps.records.approvals.of_incident(old.incident_id) if a.id != old.id]
    later = [a for a in others if a.requested_ns >= old.decided_ns]
    for approval in later:
        action = deps.records.actions.get(approval.action_digest)
        if action is not None:
            return {"action": action_to_json(action), "approval_id": approval.id}
    return {"decision": _plain(old)}


def _plain(approval: Approval) -> Json:
    return {
        "approval_id": approval.id,
        "state": approval.state.value,
        "actor": approval.actor,
        "reason": approval.reason,
        "action_digest": approval.action_digest,
    }
