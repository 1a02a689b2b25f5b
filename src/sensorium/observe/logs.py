"""Structured logs: lines for people on a terminal, JSON for machines, always on standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, TextIO

import structlog

from sensorium.observe.config import LogFormat, LogLevel, ObserveConfig

_NUMBERS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}

# Libraries that say at "info" what we already log or count ourselves.
_TALKATIVE = ("alembic", "httpx", "httpcore", "uvicorn.access", "clickhouse_connect", "numba")


def make_logger(config: ObserveConfig, stream: TextIO | None = None) -> Any:
    """A structlog logger that stands alone: no global configuration is read or changed."""
    out = sys.stderr if stream is None else stream
    return structlog.wrap_logger(
        # Each entry is one write, so that those of several processes do not mix.
        structlog.WriteLogger(out),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_renderers(config.log_format, out),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_NUMBERS[config.log_level]),
        cache_logger_on_first_use=False,
    )


def _renderers(chosen: LogFormat, out: TextIO) -> list[Callable[..., Any]]:
    terminal = out.isatty()
    if chosen is LogFormat.CONSOLE or (chosen is LogFormat.AUTO and terminal):
        return [structlog.dev.ConsoleRenderer(colors=terminal)]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("message"),
        structlog.processors.JSONRenderer(),
    ]


class StandardLibraryHandler(logging.Handler):
    """Passes what libraries log through :mod:`logging` on to our logger, as ``part``."""

    def __init__(self, logger: Any) -> None:
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; never raises, as logging requires."""
        try:
            self._logger.log(
                record.levelno,
                record.getMessage(),
                part=record.name,
                **({"exc_info": record.exc_info} if record.exc_info else {}),
            )
        except Exception:  # noqa: BLE001  a broken log line must not stop the library
            self.handleError(record)


def route_standard_library(logger: Any, level: LogLevel) -> None:
    """Make libraries' logs ours. Changes the process's root logger: for programs, not for tests."""
    root = logging.getLogger()
    root.handlers[:] = [StandardLibraryHandler(logger)]
    root.setLevel(_NUMBERS[level])
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, _NUMBERS[level]))
