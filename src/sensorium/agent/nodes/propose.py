"""Propose: turn the story into one exact action and ask for its approval."""

from __future__ import annotations

from sensorium.agent.case import Case
from sensorium.agent.mitigations import intrusion, link_fault, service_failure, transfer
from sensorium.agent.mitigations.proposal import Proposer
from sensorium.agent.stories.story import Story
from sensorium.model.action import Action
from sensorium.model.incident import IncidentKind, Verdict

NAME = "propose"

PROPOSERS: dict[IncidentKind, Proposer] = {
    IncidentKind.INTRUSION: intrusion.propose,
    IncidentKind.SERVICE_FAILURE: service_failure.propose,
    IncidentKind.LINK_FAULT: link_fault.propose,
    IncidentKind.BULK_TRANSFER: transfer.propose,
}


def proposal(case: Case, story: Story) -> Action | None:
    """The action to propose; None where the evidence does not carry one."""
    if story.verdict is Verdict.INCONCLUSIVE:
        return None
    proposer = PROPOSERS.get(story.kind)
    return proposer(case, story) if proposer else None
