"""Which decisions somebody waits for."""

from __future__ import annotations

from sensorium.model.approval import Approval, ApprovalState
from sensorium.model.incident import IncidentState
from sensorium.store.records import Records
from tests.store.records import samples


def asked(records: Records, incident: str, state: ApprovalState, requested_ns: int) -> Approval:
    proposed = samples.action(f"{incident} {requested_ns}")
    records.actions.add(proposed)
    approval = Approval(
        id=f"AP-{incident}-{requested_ns}",
        incident_id=incident,
        action_digest=proposed.digest,
        state=state,
        requested_ns=requested_ns,
        expires_ns=requested_ns + 100,
    )
    records.approvals.add(approval)
    return approval


def test_an_incident_goes_on_when_its_newest_proposal_is_decided_and_none_is_pending(
    records: Records,
) -> None:
    for place, name in enumerate(("decided", "pending", "edited", "unasked", "closed")):
        state = IncidentState.CLOSED if name == "closed" else IncidentState.AWAITING_APPROVAL
        start = samples.NOON + place
        records.incidents.save(samples.incident(name, state=state, start_ns=start))
    asked(records, "decided", ApprovalState.CANCELLED, 1)
    newest = asked(records, "decided", ApprovalState.APPROVED, 2)
    asked(records, "pending", ApprovalState.PENDING, 1)
    asked(records, "edited", ApprovalState.EDITED, 1)
    asked(records, "edited", ApprovalState.PENDING, 2)
    asked(records, "closed", ApprovalState.REJECTED, 1)
    assert records.approvals.decided_and_awaited() == (newest,)


def test_however_many_wait_the_one_that_is_decided_is_found(records: Records) -> None:
    for number in range(150):
        name = f"INC-{number}"
        start = samples.NOON + number
        waits = IncidentState.AWAITING_APPROVAL
        records.incidents.save(samples.incident(name, state=waits, start_ns=start))
        state = ApprovalState.REJECTED if number == 0 else ApprovalState.PENDING
        asked(records, name, state, 1)
    assert [a.incident_id for a in records.approvals.decided_and_awaited()] == ["INC-0"]
