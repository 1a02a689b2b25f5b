"""An approval: one decision, by one person, on one action's digest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ApprovalState(StrEnum):
    """``pending`` is decided exactly once; everything else is final."""

    PENDING = "pending"
    APPROVED = "approved"
    EDITED = "edited"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Approval:
    """The decision record. ``id`` is ``A-`` and 10 hex digits; times are Unix nanoseconds.

    ``actor`` and ``reason`` are empty while pending.
    """

    id: str
    incident_id: str
    action_digest: str
    state: ApprovalState
    requested_ns: int
    expires_ns: int
    decided_ns: int = 0
    actor: str = ""
    reason: str = ""
