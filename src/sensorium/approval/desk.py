"""The approval desk: proposals are laid on it, and a person decides each one once."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

from sensorium.approval.config import ApprovalConfig
from sensorium.approval.errors import (
    AlreadyDecidedError,
    ApprovalError,
    ApprovalExpiredError,
    ApprovalNotFoundError,
    DigestMismatchError,
    InvalidDecisionError,
)
from sensorium.model.approval import Approval, ApprovalState
from sensorium.store.errors import TamperedRecordError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from sensorium.model.action import Action
    from sensorium.store.records import Records

SYSTEM = "sensorium"
"""The actor of what no person did: requesting and expiring."""

_NS = 1_000_000_000


class Decision(StrEnum):
    """What a person can say to a proposal."""

    APPROVE = "approve"
    REJECT = "reject"


_STATE = {Decision.APPROVE: ApprovalState.APPROVED, Decision.REJECT: ApprovalState.REJECTED}


class ApprovalDesk:
    """Requests and decisions, each in one transaction with its entry in the audit log.

    Nothing is called back and nothing is run: a decision is a record, and whoever acts on it
    reads that record. Safe to use from many threads and processes at once: the database lets
    exactly one decision through.

    ``clock`` gives the present in Unix nanoseconds.
    """

    def __init__(
        self, records: Records, clock: Callable[[], int], config: ApprovalConfig | None = None
    ) -> None:
        self._records = records
        self._clock = clock
        self._config = config or ApprovalConfig()

    def request(self, action: Action) -> Approval:
        """Lay a proposal on the desk; the same action again gives the approval it already has.

        That holds when it was decided or has expired as well: a graph that is resumed asks
        again, and must not turn a "no" into a new question.
        """
        with self._records.writing() as transaction:
            existing = self._records.approvals.of_digest(action.digest, within=transaction)
            return existing or self._lay(action, SYSTEM, transaction)

    def _lay(self, action: Action, actor: str, transaction: Connection) -> Approval:
        now = self._clock()
        approval = Approval(
            id="A-" + action.digest[:10],
            incident_id=action.incident_id,
            action_digest=action.digest,
            state=ApprovalState.PENDING,
            requested_ns=now,
            expires_ns=now + self._config.expires_after_s * _NS,
        )
        self._records.actions.add(action, within=transaction)
        if not self._records.approvals.add(approval, within=transaction):
            raise ApprovalError(f"two different actions share the approval id {approval.id}")
        self._note(transaction, "approval.requested", approval, actor, now)
        return approval

    def decide(
        self,
        approval_id: str,
        decision: Decision | str,
        actor: str,
        reason: str = "",
        digest: str | None = None,
    ) -> Approval:
        """Approve or reject a pending proposal: once, in time, and as it was proposed.

        ``digest`` is that of the action the person has read; with it, a proposal that is not
        exactly that is refused. The stored action's digest is recomputed in any case. Raises
        ApprovalNotFoundError, AlreadyDecidedError, ApprovalExpiredError, DigestMismatchError or
        InvalidDecisionError; an expiry or a forged action is also written to the audit log.
        """
        state = _STATE[_decision(decision)]
        _require_words(actor, reason, needs_reason=state is ApprovalState.REJECTED)
        with self._records.writing() as transaction:
            outcome = self._settle(
                approval_id, state, transaction, actor=actor, reason=reason, digest=digest
            )
        # Raised only now, so that what the refusal wrote to the audit log is committed.
        if isinstance(outcome, ApprovalError):
            raise outcome
        return outcome

    def edit(self, approval_id: str, action: Action, actor: str, reason: str = "") -> Approval:
        """Replace a pending proposal by a changed one; returns the new, pending approval.

        Editing is not approving: the old approval ends as ``edited``, and the new digest has to
        be approved on its own, by the same person or another, with a time limit of its own.
        """
        _require_words(actor, reason, needs_reason=False)
        with self._records.writing() as transaction:
            taken = self._records.approvals.of_digest(action.digest, within=transaction)
            if taken is not None:
                raise InvalidDecisionError(
                    f"the edited action is one that {taken.id} already stands for",
                    unaffected=f"{approval_id} was left as it is",
                )
            state = ApprovalState.EDITED
            outcome = self._settle(approval_id, state, transaction, actor=actor, reason=reason)
            if isinstance(outcome, Approval):
                if outcome.incident_id != action.incident_id:
                    raise InvalidDecisionError(
                        f"the edited action belongs to {action.incident_id}, "
                        f"{approval_id} to {outcome.incident_id}",
                        unaffected=f"{approval_id} was left as it is",
                    )
                return self._lay(action, actor, transaction)
        raise outcome

    def cancel(self, approval_id: str, actor: str = SYSTEM, reason: str = "") -> Approval:
        """Withdraw a pending proposal, such as when its incident ended by itself."""
        with self._records.writing() as transaction:
            state = ApprovalState.CANCELLED
            outcome = self._settle(approval_id, state, transaction, actor=actor, reason=reason)
        if isinstance(outcome, ApprovalError):
            raise outcome
        return outcome

    def expire_due(self, now_ns: int | None = None) -> tuple[Approval, ...]:
        """Expire every pending proposal whose time is over; returns them as they are now."""
        now = self._clock() if now_ns is None else now_ns
        if not self._records.approvals.overdue(now):
            return ()
        with self._records.writing() as transaction:
            overdue = self._records.approvals.overdue(now, within=transaction)
            return tuple(self._expire(approval, now, transaction) for approval in overdue)

    def _settle(
        self,
        approval_id: str,
        state: ApprovalState,
        transaction: Connection,
        *,
        actor: str,
        reason: str,
        digest: str | None = None,
    ) -> Approval | ApprovalError:
        """Decide inside a transaction; the refusal is returned where the log must keep it."""
        approval = self._records.approvals.get(approval_id, within=transaction)
        if approval is None:
            return ApprovalNotFoundError(approval_id)
        now = self._clock()
        refusal = self._check_action(approval, digest, actor, now, transaction)
        if refusal is not None:
            return refusal
        settled = self._records.approvals.settle(
            approval_id, state, now_ns=now, actor=actor, reason=reason, within=transaction
        )
        current = self._records.approvals.get(approval_id, within=transaction) or approval
        if settled:
            self._note(transaction, f"approval.{state.value}", current, actor, now)
            return current
        if current.state is ApprovalState.PENDING:
            return ApprovalExpiredError(self._expire(current, now, transaction))
        if current.state is ApprovalState.EXPIRED:
            return ApprovalExpiredError(current)
        return AlreadyDecidedError(current)

    def _check_action(
        self,
        approval: Approval,
        digest: str | None,
        actor: str,
        now: int,
        transaction: Connection,
    ) -> DigestMismatchError | None:
        if digest is not None and digest != approval.action_digest:
            return DigestMismatchError(
                f"{approval.id} stands for action {approval.action_digest[:12]}, "
                f"not for {digest[:12]}",
                unaffected="nothing was decided",
                next_step=f"read it again: sensorium approval show {approval.id}",
            )
        try:
            action = self._records.actions.get(approval.action_digest, within=transaction)
        except TamperedRecordError as error:
            self._note(transaction, "approval.refused", approval, actor, now, problem=error.message)
            return DigestMismatchError(
                error.message, unaffected=error.unaffected, next_step=error.next_step
            )
        if action is None:
            return DigestMismatchError(f"the action of {approval.id} is not in the store")
        return None

    def _expire(self, approval: Approval, now: int, transaction: Connection) -> Approval:
        self._records.approvals.settle(
            approval.id,
            ApprovalState.EXPIRED,
            now_ns=now,
            actor=SYSTEM,
            reason="nobody decided in time",
            expired=True,
            within=transaction,
        )
        expired = self._records.approvals.get(approval.id, within=transaction) or approval
        self._note(transaction, "approval.expired", expired, SYSTEM, now)
        return expired

    def _note(
        self,
        transaction: Connection,
        kind: str,
        approval: Approval,
        actor: str,
        at_ns: int,
        *,
        problem: str = "",
    ) -> None:
        self._records.audit.append(
            at_ns=at_ns,
            kind=kind,
            subject=approval.id,
            actor=actor,
            detail={
                "incident_id": approval.incident_id,
                "action_digest": approval.action_digest,
                "expires_ns": approval.expires_ns,
                "reason": problem or approval.reason,
            },
            within=transaction,
        )


def _decision(value: Decision | str) -> Decision:
    try:
        return Decision(value)
    except ValueError:
        raise InvalidDecisionError(f"a decision is approve or reject, not {value!r}") from None


def _require_words(actor: str, reason: str, *, needs_reason: bool) -> None:
    if not actor.strip():
        raise InvalidDecisionError(
            "a decision needs the name of who takes it", unaffected="nothing was decided"
        )
    if needs_reason and not reason.strip():
        raise InvalidDecisionError(
            "a rejection needs a reason, for whoever finds this incident next",
            unaffected="nothing was decided",
            next_step='give one: --reason "..."',
        )
