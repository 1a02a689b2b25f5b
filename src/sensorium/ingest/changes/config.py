"""What an operator can set about planned changes."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesConfig:
    """How announcements are read."""

    timezone: str = setting(
        "UTC", "IANA time zone of calendar times without a zone, and of cron tables"
    )
    job_minutes: float = setting(
        30.0, "minutes a cron job is taken to run, as tables do not say", gt=0
    )
    unfinished_minutes: float = setting(
        15.0, "minutes a deployment is taken to last that has not said it finished", gt=0
    )

    def __post_init__(self) -> None:
        """ValueError where there is no such time zone."""
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"timezone: there is no time zone {self.timezone!r}") from error
