"""How odd rows look in a terminal: a line of blocks for each series, and its alarms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.text import Text

from sensorium.detect.series.alarm import episodes, figure
from sensorium.detect.series.columns import TOGETHER

if TYPE_CHECKING:
    from sensorium.detect.arrays import F64, I64
    from sensorium.detect.series.alarm import Alarm
    from sensorium.detect.series.columns import ScoredColumn
    from sensorium.ingest.table import SeriesTable

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_WIDTH: Final = 80
_NARROW: Final = 24
_SHOWN: Final = 20
_SHOWN_OF_MANY: Final = 5
_DRAWN: Final = 12
_UNITS: Final = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def moment(time_ns: int) -> str:
    """A time in UTC: ``2026-01-31 12:30:00``."""
    seconds, rest = divmod(time_ns, 10**9)
    text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
    return f"{text}.{rest:09d}".rstrip("0") if rest else text


def show(file: Path, table: SeriesTable, columns: list[ScoredColumn], history: int) -> None:
    """Print what was read, each series as a sparkline, and what is odd in it."""
    console = Console(highlight=False)
    console.print(_what(file, table, history), soft_wrap=True)
    width = max(min(console.width - 4, _WIDTH), _NARROW)
    quiet = 0
    for column in columns:
        if len(columns) > _DRAWN and not column.alarms:
            quiet += 1
            continue
        console.print()
        console.print(_heading(column))
        if np.isfinite(column.values).any():
            line, marks = sparkline(column.values, [a.row for a in column.alarms], width)
            console.print(Text("  " + line))
            if column.alarms:
                console.print(Text("  " + marks.rstrip(), style="bold red"))
        _list(console, column, _SHOWN_OF_MANY if len(columns) > _DRAWN else _SHOWN)
    if quiet:
        console.print(f"\n{quiet} more series without an alarm")


def _what(file: Path, table: SeriesTable, history: int) -> Text:
    text = Text(f"{file.name}: {len(table):,} rows")
    if table.times is None:
        text.append(", no time column: times of day are not compared")
    else:
        first, last = moment(int(table.times[0])), moment(int(table.times[-1]))
        text.append(f" from {first} to {last}{_pace(table.times)}")
    text.append(f"; the first {history:,} are history")
    return text


def _pace(times: I64) -> str:
    if len(times) < 2:
        return ""
    seconds = float(np.median(np.diff(times))) / 1e9
    for size, unit in _UNITS:
        if seconds >= size:
            return f", one every {figure(round(seconds / size, 2))} {unit}"
    return ""


def _heading(column: ScoredColumn) -> Text:
    text = Text(column.name, style="bold")
    times, alarms = len(episodes(column.alarms)), len(column.alarms)
    said = f"{times} odd time{'s' * (times != 1)}" if times else "nothing odd"
    text.append(f": {said}", style="not bold red" if times else "not bold green")
    if alarms > times:
        text.append(f", {alarms} alarms", style="not bold")
    known = column.values[np.isfinite(column.values)]
    if not len(known):
        return text.append(" (no values)")
    if column.name == TOGETHER:
        return text.append(f" (scores to {figure(round(known.max(), 2))})")
    details = f" ({figure(known.min())} to {figure(known.max())}"
    if column.missing:
        details += f", {column.missing:,} missing"
    if column.counter:
        details += "; a counter: its increase is judged"
    return text.append(details + ")")


def sparkline(values: F64, rows: list[int], width: int) -> tuple[str, str]:
    """The series as blocks, and a line with ``^`` below the parts that have one of ``rows``.

    A part is shown by the mean of its values; where it has one of ``rows``, by the value there
    that lies farthest from the mean, so that a spike of one row is seen.
    """
    width = min(width, len(values))
    parts = np.array_split(np.arange(len(values)), width)
    marked: dict[int, list[int]] = {}
    ends = np.cumsum([len(part) for part in parts])
    for row in rows:
        marked.setdefault(int(np.searchsorted(ends, row, side="right")), []).append(row)
    shown = np.full(width, np.nan)
    for n, part in enumerate(parts):
        known = values[part][np.isfinite(values[part])]
        if len(known):
            shown[n] = known.mean()
        odd = values[marked.get(n, [])]
        odd = odd[np.isfinite(odd)]
        if len(odd):
            shown[n] = odd[np.argmax(np.abs(odd - shown[n]))]
    low, high = np.nanmin(shown), np.nanmax(shown)
    steps = (shown - low) / (high - low) if high > low else shown * 0.0
    line = "".join(
        " " if np.isnan(step) else _BLOCKS[min(int(step * len(_BLOCKS)), len(_BLOCKS) - 1)]
        for step in steps
    )
    return line, "".join("^" if n in marked else " " for n in range(width))


def _list(console: Console, column: ScoredColumn, most: int) -> None:
    """A line for when and how odd, and one for why: of alarms close together, for the oddest."""
    runs = sorted(episodes(column.alarms), key=_peak, reverse=True)
    for run in sorted(runs[:most], key=lambda run: run[0].row):
        oddest = max(run, key=lambda alarm: alarm.score)
        head = Text(f"  {_when(run[0])}", style="bold")
        if len(run) > 1:
            head.append(f" to {_when(run[-1])}, {len(run)} alarms")
        head.append(
            f"  score {oddest.score:.1f}, {odds(oddest.tail_probability)}", style="not bold dim"
        )
        console.print(head)
        console.print(Text(f"    {oddest.sentence}"), soft_wrap=True)
    if len(runs) > most:
        console.print(f"  and {len(runs) - most} weaker ones (--json has them all)")


def _peak(run: list[Alarm]) -> float:
    return max(alarm.score for alarm in run)


def _when(alarm: Alarm) -> str:
    return f"row {alarm.row}" if alarm.time_ns is None else moment(alarm.time_ns)


def odds(probability: float) -> str:
    """A probability as people say it: ``1 in 50``, ``1 in 2,000``, ``< 1 in 10^9``."""
    if probability < 1e-9:
        return "< 1 in 10^9"
    times = 1.0 / probability
    digits = max(len(str(int(times))) - 2, 0)
    return f"1 in {round(times, -digits):,.0f}"
