"""Why a decision was not taken. In every case the proposal stays exactly as it was."""

from __future__ import annotations

from sensorium.errors import SensoriumError
from sensorium.model.approval import Approval, ApprovalState

_VERB = {
    ApprovalState.APPROVED: "approved",
    ApprovalState.REJECTED: "rejected",
    ApprovalState.EDITED: "replaced by an edited proposal",
    ApprovalState.CANCELLED: "withdrawn",
    ApprovalState.EXPIRED: "left to expire",
}


class ApprovalError(SensoriumError):
    """Base of every refusal of the approval desk."""

    exit_code = 2


class ApprovalNotFoundError(ApprovalError):
    """There is no approval of that id."""

    def __init__(self, approval_id: str) -> None:
        super().__init__(
            f"there is no approval {approval_id}", next_step="sensorium approval list shows them"
        )


class AlreadyDecidedError(ApprovalError):
    """Somebody decided before; ``approval`` is the record of it."""

    def __init__(self, approval: Approval) -> None:
        self.approval = approval
        by = f" by {approval.actor}" if approval.actor else ""
        reason = f": {approval.reason}" if approval.reason else ""
        super().__init__(
            f"{approval.id} was already {_VERB[approval.state]}{by}{reason}",
            unaffected="that decision stands; this one was not recorded",
        )


class ApprovalExpiredError(ApprovalError):
    """Its time was over before anyone decided."""

    def __init__(self, approval: Approval) -> None:
        self.approval = approval
        super().__init__(
            f"{approval.id} has expired: nobody decided it in time, which means no",
            unaffected="nothing was approved",
            next_step=f"look at the incident again: sensorium incident show {approval.incident_id}",
        )


class DigestMismatchError(ApprovalError):
    """What would be decided is not what was read, or not what was proposed."""


class InvalidDecisionError(ApprovalError):
    """A decision without a name, a rejection without a reason, an edit that changes nothing."""
