"""Hand over: give the approved commands to the person; nothing is executed here or anywhere."""

from __future__ import annotations

from sensorium.agent import conventions
from sensorium.agent.case import Node
from sensorium.agent.deps import AgentDeps
from sensorium.agent.state import InvestigationState, Json, action_from_json
from sensorium.model.approval import ApprovalState

NAME = "hand_over"

NOT_EXECUTED = "Sensorium has executed nothing: there is no connector that could."


def hand_over(deps: AgentDeps) -> Node:
    """The node: checks that what was approved is what was proposed, and writes down the lines."""

    def node(state: InvestigationState) -> Json:
        incident_id, decision = state["incident"]["id"], state["decision"]
        span, attributes = conventions.agent_span(NAME, incident_id)
        with deps.observe.span(span, attributes):
            if decision["state"] != ApprovalState.APPROVED.value:
                return {"handover": [NOT_EXECUTED]}
            action = action_from_json(state["action"])
            if action.digest != decision["action_digest"]:
                raise ValueError(
                    f"approval {decision['approval_id']} is for another action than the one "
                    "proposed; nothing was handed over. Propose again."
                )
        lines = [
            f"Run the commands of the proposed mitigation, in order, on {action.target}.",
            NOT_EXECUTED,
        ]
        return {"handover": lines}

    return node
