"""The names and numbers of syslog facilities and severities (RFC 5424 section 6.2.1)."""

from __future__ import annotations

from typing import Final

FACILITIES: Final = (
    "kern",
    "user",
    "mail",
    "daemon",
    "auth",
    "syslog",
    "lpr",
    "news",
    "uucp",
    "cron",
    "authpriv",
    "ftp",
    "ntp",
    "security",
    "console",
    "solaris-cron",
    *(f"local{n}" for n in range(8)),
)

SEVERITIES: Final = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

# OpenTelemetry log data model, appendix B: syslog severity to SeverityNumber. 0 is unspecified.
SEVERITY_NUMBERS: Final = (21, 19, 18, 17, 13, 10, 9, 5)
