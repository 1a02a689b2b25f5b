"""Settings of logs and traces; metrics need none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensorium.component import setting


class LogLevel(StrEnum):
    """The least severe entry that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """``auto`` is ``console`` on a terminal and ``json`` elsewhere."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveConfig:
    """What Sensorium says about itself: logs to standard error, traces where you point them."""

    log_level: LogLevel = setting(LogLevel.INFO, "least severe log entry written")
    log_format: LogFormat = setting(LogFormat.AUTO, "console for people, json for machines")
    otlp_endpoint: str = setting(
        "",
        "OTLP/HTTP collector for traces and the gateway's GenAI metrics, such as "
        "http://127.0.0.1:4318; empty sends none",
        pattern=r"^(https?://.+)?$",
    )
    otlp_timeout_s: float = setting(5.0, "seconds one export may take", gt=0, le=60)
    otlp_metrics_every_s: float = setting(
        30.0, "seconds between two exports of metrics", gt=0, le=3600
    )
    service_name: str = setting("sensorium", "service.name of traces and metrics", min_length=1)
