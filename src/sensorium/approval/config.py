"""How long a proposal waits for a person."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalConfig:
    """Approvals. An approval nobody decided in time has expired, and that means no."""

    expires_after_s: int = setting(
        86_400, "seconds a proposal waits for a decision before it expires", ge=1
    )
