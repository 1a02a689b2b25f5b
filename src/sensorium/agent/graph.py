"""The investigation as a LangGraph graph.

orchestrate → was_it_planned → (planned: close) or the investigators side by side → synthesize
→ propose → wait_for_person → hand_over.

Every node is a pure function of the state and the stores' content up to a fixed event time, and
its writes are idempotent, so that running one again after a crash changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph

from sensorium.agent import conventions
from sensorium.agent.case import Case, Node, Report, investigator
from sensorium.agent.deps import AgentDeps
from sensorium.agent.nodes import log, orchestrate, propose, synthesize, topology, traffic
from sensorium.agent.nodes import was_it_planned as planned
from sensorium.agent.nodes.hand_over import hand_over
from sensorium.agent.nodes.wait_for_person import NAME as WAIT
from sensorium.agent.nodes.wait_for_person import wait_for_person
from sensorium.agent.state import InvestigationState, Json
from sensorium.agent.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

INVESTIGATORS = (traffic, log, topology)


def build_graph(
    deps: AgentDeps, checkpointer: BaseCheckpointSaver[Any]
) -> CompiledStateGraph[InvestigationState, None, InvestigationState, InvestigationState]:
    """Compile the graph over its checkpoints."""
    graph = StateGraph(InvestigationState)
    graph.add_node(orchestrate.NAME, investigator(orchestrate.NAME, deps, orchestrate.play))
    graph.add_node(planned.NAME, investigator(planned.NAME, deps, planned.play))
    for part in INVESTIGATORS:
        graph.add_node(part.NAME, investigator(part.NAME, deps, part.play))
        graph.add_edge(part.NAME, synthesize.NAME)
    graph.add_node(synthesize.NAME, _synthesize(deps))
    graph.add_node(propose.NAME, _propose(deps))
    graph.add_node(WAIT, wait_for_person(deps))
    graph.add_node("hand_over", hand_over(deps))
    graph.add_edge(START, orchestrate.NAME)
    graph.add_edge(orchestrate.NAME, planned.NAME)
    names = [part.NAME for part in INVESTIGATORS]
    graph.add_conditional_edges(planned.NAME, _dispatch, [*names, synthesize.NAME, END])
    graph.add_edge(synthesize.NAME, propose.NAME)
    graph.add_conditional_edges(propose.NAME, _asked, [WAIT, END])
    graph.add_conditional_edges(WAIT, _decided, [WAIT, "hand_over"])
    graph.add_edge("hand_over", END)
    return graph.compile(checkpointer=checkpointer, name="investigation")


def _dispatch(state: InvestigationState) -> list[str]:
    """Nobody where it was planned; else the investigators the orchestrator chose."""
    if state.get("planned", {}).get("planned"):
        return [END]
    return list(state.get("plan", {}).get("investigators", [])) or [synthesize.NAME]


def _asked(state: InvestigationState) -> str:
    return WAIT if state.get("approval_id") else END


def _decided(state: InvestigationState) -> str:
    return "hand_over" if state.get("decision") else WAIT


def _synthesize(deps: AgentDeps) -> Node:
    def node(state: InvestigationState) -> Json:
        case = Case(state, deps.config)
        span, attributes = conventions.agent_span(synthesize.NAME, case.incident.id)
        with deps.observe.span(span, attributes):
            return {"answer": synthesize.synthesize(case).to_json()}

    return node


def _propose(deps: AgentDeps) -> Node:
    def play(case: Case, box: Toolbox) -> Report:
        return propose.play(case, box, deps.desk)

    return investigator(propose.NAME, deps, play)
