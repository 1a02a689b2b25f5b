"""What can be decided, by whom, when, and what is left behind."""

from __future__ import annotations

import dataclasses
import json

import pytest

from sensorium.approval import (
    AlreadyDecidedError,
    ApprovalDesk,
    ApprovalExpiredError,
    ApprovalNotFoundError,
    DigestMismatchError,
    InvalidDecisionError,
)
from sensorium.model.action import Action, RiskTier
from sensorium.model.approval import ApprovalState
from sensorium.store.records import Records
from tests.approval.conftest import HOUR, Clock

ACTION = Action(
    incident_id="INC-1",
    connector="manual",
    target="r1",
    title="Block 203.0.113.9 at the edge",
    commands=("nft add rule inet filter forward ip daddr 203.0.113.9 drop",),
    rollback=("nft delete rule inet filter forward handle 7",),
    risk=RiskTier.MEDIUM,
    rationale="Data left for it.",
)


def kinds(records: Records) -> list[str]:
    return [entry.kind for entry in records.audit.list()]


def test_a_proposal_waits_for_a_day(desk: ApprovalDesk, clock: Clock, records: Records) -> None:
    approval = desk.request(ACTION)
    assert approval.state is ApprovalState.PENDING
    assert approval.id == "A-" + ACTION.digest[:10]
    assert approval.expires_ns == clock.now_ns + 24 * HOUR
    assert records.approvals.get(approval.id) == approval
    assert records.actions.get(approval.action_digest) == ACTION


def test_asking_again_gives_the_same_approval_whatever_became_of_it(
    desk: ApprovalDesk, clock: Clock, records: Records
) -> None:
    first = desk.request(ACTION)
    clock.now_ns += HOUR
    assert desk.request(ACTION) == first
    rejected = desk.decide(first.id, "reject", "alice", "too broad")
    assert desk.request(ACTION) == rejected
    assert kinds(records) == ["approval.requested", "approval.rejected"]


def test_a_decision_keeps_who_when_and_why(
    desk: ApprovalDesk, clock: Clock, records: Records
) -> None:
    approval = desk.request(ACTION)
    clock.now_ns += HOUR
    decided = desk.decide(approval.id, "approve", "alice", "checked", ACTION.digest)
    assert decided.state is ApprovalState.APPROVED
    assert (decided.actor, decided.reason) == ("alice", "checked")
    assert decided.decided_ns == clock.now_ns
    entry = records.audit.list()[-1]
    assert (entry.kind, entry.subject, entry.actor) == ("approval.approved", approval.id, "alice")
    assert entry.detail["action_digest"] == ACTION.digest
    assert entry.detail["reason"] == "checked"
    assert records.audit.verify().intact


def test_a_second_decision_is_refused_and_told_of_the_first(
    desk: ApprovalDesk, records: Records
) -> None:
    approval = desk.request(ACTION)
    desk.decide(approval.id, "reject", "alice", "too broad")
    with pytest.raises(AlreadyDecidedError, match="rejected by alice: too broad") as refused:
        desk.decide(approval.id, "approve", "bob")
    assert refused.value.approval.actor == "alice"
    assert kinds(records) == ["approval.requested", "approval.rejected"]


def test_a_decision_that_comes_too_late_is_a_no(
    desk: ApprovalDesk, clock: Clock, records: Records
) -> None:
    approval = desk.request(ACTION)
    clock.now_ns = approval.expires_ns
    with pytest.raises(ApprovalExpiredError, match="means no"):
        desk.decide(approval.id, "approve", "alice")
    stored = records.approvals.get(approval.id)
    assert stored is not None
    assert stored.state is ApprovalState.EXPIRED
    assert kinds(records) == ["approval.requested", "approval.expired"]
    with pytest.raises(ApprovalExpiredError):
        desk.decide(approval.id, "approve", "alice")


def test_only_what_is_due_expires(desk: ApprovalDesk, clock: Clock, records: Records) -> None:
    early = desk.request(ACTION)
    clock.now_ns += HOUR
    late = desk.request(dataclasses.replace(ACTION, target="r2", digest=""))
    assert desk.expire_due() == ()
    clock.now_ns = early.expires_ns
    assert [one.id for one in desk.expire_due()] == [early.id]
    assert desk.expire_due() == ()
    assert [one.id for one in desk.expire_due(late.expires_ns)] == [late.id]
    assert kinds(records)[2:] == ["approval.expired"] * 2


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_another_digest_than_the_one_that_was_read_is_refused(
    desk: ApprovalDesk, records: Records, decision: str
) -> None:
    approval = desk.request(ACTION)
    with pytest.raises(DigestMismatchError, match="nothing was decided"):
        desk.decide(approval.id, decision, "alice", "because", "0" * 64)
    assert records.approvals.get(approval.id) == approval


def test_an_action_changed_in_the_database_cannot_be_approved(
    desk: ApprovalDesk, records: Records
) -> None:
    approval = desk.request(ACTION)
    content = dataclasses.asdict(ACTION) | {"commands": ["rm -rf /"]}
    del content["digest"]
    with records.writing() as connection:
        connection.exec_driver_sql("UPDATE actions SET content = ?", (json.dumps(content),))
    with pytest.raises(DigestMismatchError, match="no longer what was proposed"):
        desk.decide(approval.id, "approve", "alice", "", ACTION.digest)
    assert records.approvals.get(approval.id) == approval
    assert kinds(records) == ["approval.requested", "approval.refused"]


def test_a_decision_names_a_person_and_a_rejection_says_why(desk: ApprovalDesk) -> None:
    approval = desk.request(ACTION)
    for wrong in (
        ("approve", " ", "checked"),
        ("reject", "alice", "  "),
        ("maybe", "alice", "checked"),
    ):
        with pytest.raises(InvalidDecisionError):
            desk.decide(approval.id, *wrong)
    assert desk.decide(approval.id, "approve", "alice").reason == ""


def test_an_unknown_id_is_told_apart_from_a_decided_one(desk: ApprovalDesk) -> None:
    with pytest.raises(ApprovalNotFoundError, match="A-0000000000"):
        desk.decide("A-0000000000", "approve", "alice")


def test_an_edit_ends_the_old_proposal_and_asks_anew(
    desk: ApprovalDesk, clock: Clock, records: Records
) -> None:
    old = desk.request(ACTION)
    clock.now_ns += HOUR
    changed = dataclasses.replace(ACTION, commands=("nft list ruleset",), digest="")
    new = desk.edit(old.id, changed, "alice", "narrower")
    assert new.state is ApprovalState.PENDING
    assert new.action_digest == changed.digest
    assert new.expires_ns == clock.now_ns + 24 * HOUR
    stored = records.approvals.get(old.id)
    assert stored is not None
    assert (stored.state, stored.actor, stored.reason) == (
        ApprovalState.EDITED,
        "alice",
        "narrower",
    )
    with pytest.raises(AlreadyDecidedError, match="replaced by an edited proposal"):
        desk.decide(old.id, "approve", "alice")
    assert desk.decide(new.id, "approve", "alice").state is ApprovalState.APPROVED


@pytest.mark.parametrize("field", ["nothing", "incident_id"])
def test_an_edit_that_is_none_leaves_the_proposal_pending(
    desk: ApprovalDesk, records: Records, field: str
) -> None:
    approval = desk.request(ACTION)
    changed = (
        ACTION
        if field == "nothing"
        else dataclasses.replace(ACTION, incident_id="INC-2", digest="")
    )
    with pytest.raises(InvalidDecisionError, match="left as it is"):
        desk.edit(approval.id, changed, "alice")
    assert records.approvals.list() == (approval,)
    assert kinds(records) == ["approval.requested"]


def test_a_withdrawn_proposal_cannot_be_approved(desk: ApprovalDesk) -> None:
    approval = desk.request(ACTION)
    assert desk.cancel(approval.id, reason="the incident closed").state is ApprovalState.CANCELLED
    with pytest.raises(AlreadyDecidedError, match="withdrawn by sensorium: the incident closed"):
        desk.decide(approval.id, "approve", "alice")
