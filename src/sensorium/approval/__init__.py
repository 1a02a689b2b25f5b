"""Decisions: what waits for a person, who decided it, and why; each exactly once."""

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
