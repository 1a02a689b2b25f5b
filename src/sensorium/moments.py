"""Points in time as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from sensorium.errors import UsageError


def moment_ns(text: str) -> int:
    """``2026-11-28T12:00Z`` as Unix ns; UTC where no zone is said. UsageError if it is no time."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f"{text!r} is no time", next_step="write it as 2026-11-28T12:00Z"
        ) from error
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1e6) * 1000
