"""What an operator can set about syslog."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogConfig:
    """How syslog messages are read."""

    timezone: str = setting("UTC", "IANA time zone of RFC 3164 timestamps, which do not say theirs")
    max_message_bytes: int = setting(
        65_535, "longest message kept, in bytes; the rest of a longer one is cut", ge=480
    )

    def __post_init__(self) -> None:
        """ValueError where there is no such time zone."""
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"timezone: there is no time zone {self.timezone!r}") from error
