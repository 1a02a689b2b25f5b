"""``sensorium detect RECORDING``: what detection finds in a recording of a network."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import numpy as np
from rich.console import Console
from rich.text import Text

from sensorium.cli.detect_view import moment, odds, sparkline
from sensorium.cli.writing import written

if TYPE_CHECKING:
    from sensorium.app.detected import Detected
    from sensorium.detect.arrays import F64, I64, Bool
    from sensorium.detect.series.columns import ScoredColumn
    from sensorium.model.anomaly import Anomaly

_SIGNALS: Final = ("flows", "logs", "metrics")
_WIDTH: Final = 80
_SHOWN: Final = 8


def detect_recording(
    folder: Path, scores: Path | None, plot: Path | None, *, as_json: bool
) -> None:
    """Score a recording with the default settings, show what passed, and write what is asked."""
    from sensorium.app import detected
    from sensorium.cli.output import print_json
    from sensorium.config import load

    found = detected.detect_recording(folder, load(None, os.environ))
    if as_json:
        print_json(_as_json(folder, found))
    else:
        _show(folder, found)
    if scores is not None:
        with written(scores):
            _write_scores(scores, found)
    if plot is not None:
        with written(plot):
            _draw(plot, found)


def _show(folder: Path, found: Detected) -> None:
    console, stats = Console(highlight=False), found.stats
    records = sum(stats.records.values())
    console.print(
        f"{folder.name}: {records:,} records from {moment(found.began_ns)} to"
        f" {moment(found.ended_ns)}; {stats.windows:,} windows of {found.window_ns / 1e9:g} s",
        soft_wrap=True,
    )
    console.print(
        f"{stats.scored:,} times something was scored, {stats.passed:,} passed"
        f" ({100 * stats.pass_rate:.2g} %){_held_back(stats.held_back)}",
        soft_wrap=True,
    )
    for signal in _SIGNALS:
        mine = [a for a in found.anomalies if a.signal.value == signal]
        _, decades, passed = _strongest(found, signal)
        if not len(decades):
            continue
        said = (
            f"{len(mine):,} anomalies in {int(passed.sum()):,} windows" if mine else "nothing odd"
        )
        console.print()
        console.print(
            Text(signal, style="bold").append(
                f": {said}", style="not bold red" if mine else "not bold green"
            )
        )
        width = max(min(console.width - 4, _WIDTH), 24)
        line, marks = sparkline(decades, np.flatnonzero(passed).tolist(), width)
        console.print(Text("  " + line))
        if mine:
            console.print(Text("  " + marks.rstrip(), style="bold red"))
        _list(console, mine)


def _held_back(count: int) -> str:
    return f", {count:,} more in a storm that left them no budget" if count else ""


def _list(console: Console, anomalies: list[Anomaly]) -> None:
    """The most improbable, in order of time."""
    first = sorted(anomalies, key=lambda a: (a.tail_probability, a.start_ns, a.id))[:_SHOWN]
    for one in sorted(first, key=lambda a: (a.start_ns, a.tail_probability, a.id)):
        head = Text(f"  {moment(one.start_ns)}", style="bold")
        head.append(f"  {one.detector}, {odds(one.tail_probability)}", style="not bold dim")
        console.print(head)
        console.print(Text(f"    {one.summary}"), soft_wrap=True)
    if len(anomalies) > _SHOWN:
        console.print(
            f"  and {len(anomalies) - _SHOWN:,} less improbable ones (--json has them all)"
        )


def _as_json(folder: Path, found: Detected) -> dict[str, Any]:
    stats = found.stats
    return {
        "recording": str(folder),
        "began": moment(found.began_ns),
        "ended": moment(found.ended_ns),
        "windows": stats.windows,
        "records": {signal.value: count for signal, count in stats.records.items()},
        "scored": stats.scored,
        "passed": stats.passed,
        "held_back": stats.held_back,
        "anomalies": [
            {
                "time": moment(one.start_ns),
                "detector": one.detector,
                "entity": one.entity.key,
                "hosts": list(one.hosts),
                "score": one.score,
                "tail_probability": one.tail_probability,
                "sentence": one.summary,
                "features": [
                    {"name": f.name, "value": f.value, "expected": f.expected, "score": f.score}
                    for f in one.features
                ],
            }
            for one in found.anomalies
        ],
    }


def _write_scores(path: Path, found: Detected) -> None:
    """A row for each entity that a detector scored in a window."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time", "detector", "entity", "score", "tail_probability", "passed"])
        for row in found.rows:
            score, tail = f"{row.score:.6g}", f"{row.tail_probability:.6g}"
            told = [moment(row.start_ns), row.detector, row.entity, score, tail, int(row.passed)]
            writer.writerow(told)


def _draw(path: Path, found: Detected) -> None:
    if path.suffix.lower() == ".svg":
        from sensorium.cli.detect_svg import draw
    else:
        from sensorium.cli.detect_png import draw
    columns = [column for signal in _SIGNALS if (column := _column(found, signal)) is not None]
    if not columns:
        raise click.ClickException("nothing was scored, so there is nothing to draw")
    draw(path, _strongest(found, _SIGNALS[0])[0], columns, 0)


def _column(found: Detected, signal: str) -> ScoredColumn | None:
    """A signal's windows by the decades of the most improbable thing in each."""
    from sensorium.detect.series.alarm import Alarm, Reason
    from sensorium.detect.series.columns import ScoredColumn

    starts, decades, passed = _strongest(found, signal)
    if not len(starts):
        return None
    worst: dict[int, Anomaly] = {}
    for one in found.anomalies:
        known = worst.get(one.start_ns)
        if one.signal.value == signal and (
            known is None or one.tail_probability < known.tail_probability
        ):
            worst[one.start_ns] = one
    alarms = tuple(
        Alarm(
            row=row,
            time_ns=int(starts[row]),
            score=float(decades[row]),
            tail_probability=worst[int(starts[row])].tail_probability,
            reason=Reason.COMBINATION,
            seen=float(decades[row]),
            nearest=0.0,
            sentence=worst[int(starts[row])].summary,
        )
        for row in np.flatnonzero(passed).tolist()
        if int(starts[row]) in worst
    )
    name = f"{signal}: improbability of the oddest in each window, in decades"
    return ScoredColumn(name, decades, decades, 10.0**-decades, counter=False, alarms=alarms)


def _strongest(found: Detected, signal: str) -> tuple[I64, F64, Bool]:
    from sensorium.app.detected import strongest

    return strongest(found, signal + ".")
