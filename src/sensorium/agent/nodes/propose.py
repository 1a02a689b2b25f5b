"""Propose: turn the story into one exact action and ask for its approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sensorium.agent.case import Case, Report
from sensorium.agent.mitigations import intrusion, link_fault, service_failure, transfer
from sensorium.agent.mitigations.proposal import Ground, Proposer
from sensorium.agent.state import action_to_json
from sensorium.agent.stories.story import Story
from sensorium.agent.tools.dependencies import dependencies
from sensorium.agent.tools.toolbox import Toolbox
from sensorium.agent.tools.vantage import vantage
from sensorium.model.action import Action
from sensorium.model.incident import IncidentKind, Verdict

if TYPE_CHECKING:
    from sensorium.approval import ApprovalDesk

NAME = "propose"

PROPOSERS: dict[IncidentKind, Proposer] = {
    IncidentKind.INTRUSION: intrusion.propose,
    IncidentKind.SERVICE_FAILURE: service_failure.propose,
    IncidentKind.LINK_FAULT: link_fault.propose,
    IncidentKind.BULK_TRANSFER: transfer.propose,
}


def proposal(case: Case, story: Story, box: Toolbox) -> Action | None:
    """The action to propose; None where the evidence does not carry one."""
    proposer = PROPOSERS.get(story.kind)
    if story.verdict is Verdict.INCONCLUSIVE or proposer is None:
        return None
    return proposer(case, story, _ground(case, story, box))


def _ground(case: Case, story: Story, box: Toolbox) -> Ground:
    home = case.names.home
    hosts = tuple(dict.fromkeys(h for h in story.hosts if h)) or case.focus
    seen = vantage(box, hosts)
    nearest: dict[str, tuple[str, str]] = {}
    for row in seen.rows:
        nearest.setdefault(home(row["host"]), (home(row["exporter"]), str(row["in_if"])))
    used, graph = dependencies(box)
    return Ground(nearest, graph, tuple(c for c in (seen.id, used.id) if c))


def play(case: Case, box: Toolbox, desk: ApprovalDesk) -> Report:
    """Propose and lay the proposal on the desk; the same proposal again changes nothing."""
    action = proposal(case, Story.from_json(case.state["answer"]), box)
    if action is None:
        note = "Nothing was proposed: the evidence does not carry a change to the network."
        return Report(notes=(note,))
    approval = desk.request(action)
    return Report(update={"action": action_to_json(action), "approval_id": approval.id})
