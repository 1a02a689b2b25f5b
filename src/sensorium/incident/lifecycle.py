"""The lifecycle of an incident: which state may follow which."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sensorium.model.incident import Incident, IncidentState

_S = IncidentState

TRANSITIONS: Final[dict[IncidentState, frozenset[IncidentState]]] = {
    # Found; more anomalies may still join before anybody looks.
    _S.OPEN: frozenset({_S.INVESTIGATING}),
    # Late anomalies that change the picture call for another look before this one has ended.
    _S.INVESTIGATING: frozenset(
        {_S.AUTO_RESOLVED, _S.AWAITING_APPROVAL, _S.ESCALATED, _S.REOPENED}
    ),
    _S.AUTO_RESOLVED: frozenset({_S.CLOSED, _S.REOPENED}),
    # No answer in time, or a refusal, hands the incident to a person.
    _S.AWAITING_APPROVAL: frozenset(
        {_S.MITIGATED, _S.ESCALATED, _S.CLOSED, _S.REOPENED, _S.MERGED}
    ),
    _S.ESCALATED: frozenset({_S.MITIGATED, _S.CLOSED, _S.REOPENED, _S.MERGED}),
    _S.MITIGATED: frozenset({_S.CLOSED, _S.REOPENED}),
    _S.CLOSED: frozenset({_S.REOPENED}),
    _S.REOPENED: frozenset({_S.INVESTIGATING}),
    # What joins later joins the incident that it became part of, so this one never reopens.
    _S.MERGED: frozenset({_S.CLOSED}),
}
"""Every allowed step. A state may always be written again unchanged."""


class IllegalTransition(ValueError):  # noqa: N818 - it names what was asked, not a fault of ours
    """A step that :data:`TRANSITIONS` does not have; the incident is unchanged."""


def transition(incident: Incident, state: IncidentState, **changes: Any) -> Incident:
    """The incident in its next state, with other fields changed along; IllegalTransition if the
    lifecycle has no such step."""
    if state is not incident.state and state not in TRANSITIONS[incident.state]:
        allowed = ", ".join(sorted(TRANSITIONS[incident.state]))
        raise IllegalTransition(
            f"incident {incident.id} is {incident.state} and cannot become {state}; "
            f"from here it can become {allowed}"
        )
    return replace(incident, state=state, **changes)


def is_settled(state: IncidentState) -> bool:
    """Whether somebody has been asked to look, so that what joins now joins late."""
    return state not in (_S.OPEN, _S.REOPENED)
