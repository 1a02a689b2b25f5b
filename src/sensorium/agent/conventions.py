"""Names of OpenTelemetry's GenAI semantic conventions, in this one place because they still move.

Source: OpenTelemetry semantic conventions, "GenAI agent and framework spans" and "GenAI client
spans". ``SENSORIUM_*`` are ours, where the conventions have no name.
"""

from __future__ import annotations

from typing import Any, Final

OPERATION_NAME: Final = "gen_ai.operation.name"
AGENT_NAME: Final = "gen_ai.agent.name"
CONVERSATION_ID: Final = "gen_ai.conversation.id"
TOOL_NAME: Final = "gen_ai.tool.name"
TOOL_TYPE: Final = "gen_ai.tool.type"
SENSORIUM_EVIDENCE_ID: Final = "sensorium.evidence.id"
SENSORIUM_ROWS: Final = "sensorium.evidence.rows"

INVOKE_AGENT: Final = "invoke_agent"
EXECUTE_TOOL: Final = "execute_tool"


def agent_span(agent: str, incident_id: str) -> tuple[str, dict[str, Any]]:
    """Name and attributes of the span around one node of the graph."""
    return f"{INVOKE_AGENT} {agent}", {
        OPERATION_NAME: INVOKE_AGENT,
        AGENT_NAME: agent,
        CONVERSATION_ID: incident_id,
    }


def tool_span(tool: str, agent: str, incident_id: str) -> tuple[str, dict[str, Any]]:
    """Name and attributes of the span around one query."""
    return f"{EXECUTE_TOOL} {tool}", {
        OPERATION_NAME: EXECUTE_TOOL,
        TOOL_NAME: tool,
        TOOL_TYPE: "datastore",
        AGENT_NAME: agent,
        CONVERSATION_ID: incident_id,
    }
