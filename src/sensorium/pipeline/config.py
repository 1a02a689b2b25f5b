"""Settings of the pipeline: event time, what may wait, and who announces changes."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineConfig:
    """How far event time is kept behind arrival, so that stragglers still find their window."""

    syslog_ports: tuple[int, ...] = setting(
        (514, 5514),
        "UDP ports whose datagrams are all syslog; at others those are that begin with a priority",
    )
    slack_s: int = setting(5, "seconds kept in hand for records that overtake each other", ge=0)
    max_waiting_bytes: int = setting(
        4 << 30,
        "memory for records that wait for their window to close; where they take more, windows"
        " close early, and what comes late for them counts in the next",
        ge=1 << 20,
    )
    investigations_per_window: int = setting(
        10, "incidents investigated after each window, the worst first; others wait", ge=1
    )
    ahead_s: float = setting(
        300.0,
        "seconds of telemetry kept ahead of event time while investigations take long; more waits "
        "in the inbox",
        ge=0,
    )
    rewarm_hours: float = setting(
        2.0,
        "hours of stored telemetry read back after a restart to rebuild baselines, where what was"
        " known was not kept",
        ge=0,
    )
    memory_every_s: float = setting(
        300.0,
        "seconds after which what is known is written down again, for a restart that nobody"
        " planned; 0 writes it only at an orderly stop",
        ge=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxConfig:
    """How much may wait for the pipeline before something is refused."""

    max_datagrams: int = setting(400_000, "datagrams held; beyond it new ones are dropped", ge=1)
    max_bytes: int = setting(256 << 20, "bytes held; beyond it new ones are dropped", ge=1 << 20)
    turn_bytes: int = setting(
        8 << 20, "bytes of datagrams decoded at once; what else waits is decoded after them", ge=1
    )
    busy_fraction: float = setting(
        0.25, "how full it may be before HTTP senders are asked to wait", gt=0, le=1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSourcesConfig:
    """Files that announce planned changes, read at the start and when they change."""

    calendars: tuple[str, ...] = setting((), "iCalendar files with the change calendar", path=True)
    crontabs: str = setting(
        "", "folder of cron tables, one file a host, named like the host", path=True
    )
    deployments: str = setting("", "file of deployment events, one JSON object a line", path=True)
