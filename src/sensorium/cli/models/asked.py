"""What a command line asks of a trainer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.errors import UsageError
from sensorium.moments import moment_ns

if TYPE_CHECKING:
    from sensorium.cli.context import Home
    from sensorium.detect.models import ModelCard

_BEFORE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of ``sensorium models train`` that say what to train on and how."""

    kind: str | None
    since: str | None
    until: str | None
    recording: Path | None
    seed: int

    def stretch(self, first_ns: int, last_ns: int) -> tuple[int, int]:
        """From when to when (Unix ns), of data from ``first_ns`` to ``last_ns``.

        UsageError for what is no time, or where nothing is left.
        """
        until = last_ns if self.until is None else _time(self.until, "--until")
        since = first_ns if self.since is None else _since(self.since, until)
        since, until = max(since, first_ns), min(until, last_ns)
        if since >= until:
            raise UsageError(
                f"nothing is stored then; there is data from {told(first_ns)} to {told(last_ns)}",
                next_step="give another --since or --until",
            )
        return since, until


Trainer = Callable[["Home", Asked], tuple["ModelCard", dict[str, bytes]]]
"""Trains a model; the card is a draft. SensoriumError where it cannot."""


def told(ns: int) -> str:
    """A time as it can be given again."""
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def progress(what: str, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """A bar on standard error, told the share that is done; a line where it is no terminal."""
    import sys

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    err = Console(stderr=True, width=None if sys.stderr.isatty() else 100)
    if quiet or not err.is_terminal:
        err.print(f"{what} ...", highlight=False)
        yield lambda _share: None
        return
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _since(text: str, until_ns: int) -> int:
    match = _BEFORE.fullmatch(text.strip())
    if match is None:
        return _time(text, "--since")
    return until_ns - round(float(match[1]) * _SECONDS[match[2]] * 1e9)


def _time(text: str, option: str) -> int:
    try:
        return moment_ns(text)
    except UsageError as error:
        raise UsageError(
            f"{option} {error.message}",
            next_step="write it as 2026-11-28T12:00Z, or --since as 24h or 7d",
        ) from error
