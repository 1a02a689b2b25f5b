"""Decisions: what waits for a person, who decided it, and why; each exactly once."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.approval.config import ApprovalConfig
    from sensorium.approval.desk import ApprovalDesk, Decision
    from sensorium.approval.errors import (
        AlreadyDecidedError,
        ApprovalError,
        ApprovalExpiredError,
        ApprovalNotFoundError,
        DigestMismatchError,
        InvalidDecisionError,
    )

__getattr__ = lazy_names(
    __name__,
    config="ApprovalConfig",
    desk="ApprovalDesk Decision",
    errors="AlreadyDecidedError ApprovalError ApprovalExpiredError ApprovalNotFoundError "
    "DigestMismatchError InvalidDecisionError",
)

__all__ = [
    "AlreadyDecidedError",
    "ApprovalConfig",
    "ApprovalDesk",
    "ApprovalError",
    "ApprovalExpiredError",
    "ApprovalNotFoundError",
    "Decision",
    "DigestMismatchError",
    "InvalidDecisionError",
]
