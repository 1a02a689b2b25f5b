"""Series and their alarms as an SVG picture, without a library."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from sensorium.cli.detect_view import moment
from sensorium.detect.series.alarm import figure

if TYPE_CHECKING:
    from sensorium.detect.arrays import F64, I64
    from sensorium.detect.series.columns import ScoredColumn

_WIDTH: Final = 1000
_HEIGHT: Final = 160
_LEFT: Final = 80
_RIGHT: Final = 20
_TOP: Final = 28
_BELOW: Final = 24
_MOST: Final = 40
_PAGE: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
    'font-family="sans-serif" font-size="12">\n'
    '<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
)


def draw(path: Path, times: I64 | None, columns: list[ScoredColumn], history: int) -> None:
    """Write a picture with a panel for each series, those with the strongest alarms first."""
    ranked = sorted(columns, key=lambda c: -max((a.score for a in c.alarms), default=0.0))
    panels = [
        f'<g transform="translate(0 {n * (_TOP + _HEIGHT + _BELOW)})">\n'
        f"{_panel(column, times, history)}\n</g>"
        for n, column in enumerate(ranked[:_MOST])
    ]
    height = len(panels) * (_TOP + _HEIGHT + _BELOW)
    page = _PAGE.format(width=_WIDTH, height=height, body="\n".join(panels))
    path.write_text(page, encoding="utf-8")


def _panel(column: ScoredColumn, times: I64 | None, history: int) -> str:
    name, values = column.drawn
    n = len(values)
    title = f'<text x="{_LEFT}" y="18" font-weight="bold" fill="#222222">{escape(name)}</text>'
    known = values[np.isfinite(values)]
    if not len(known):
        return title
    at = np.arange(n, dtype=np.float64) if times is None else (times - times[0]).astype(np.float64)
    across = _LEFT + (_WIDTH - _LEFT - _RIGHT) * at / (at[-1] or 1.0)
    low, high = float(known.min()), float(known.max())
    down = _TOP + 4 + (_HEIGHT - 8) * (high - values) / ((high - low) or 1.0)
    edge = across[min(history, n - 1)]
    parts = [
        title,
        f'<rect x="{_LEFT}" y="{_TOP}" width="{edge - _LEFT:.1f}" height="{_HEIGHT}" '
        'fill="#f1f1f1"><title>history: learned, not judged</title></rect>',
        f'<path d="{_line(across, down)}" fill="none" stroke="#2b6cb0" stroke-width="1"/>',
    ]
    for alarm in column.alarms:
        x = across[alarm.row]
        when = f"row {alarm.row}" if alarm.time_ns is None else moment(alarm.time_ns)
        tip = escape(f"{when}: {alarm.sentence} (score {alarm.score:.1f})")
        parts.append(
            f'<g stroke="#c53030" fill="#c53030"><title>{tip}</title><line x1="{x:.1f}" '
            f'x2="{x:.1f}" y1="{_TOP}" y2="{_TOP + _HEIGHT}" stroke-opacity="0.35"/>'
            f'<circle cx="{x:.1f}" cy="{down[alarm.row]:.1f}" r="3"/></g>'
        )
    ends = ("0", str(n - 1)) if times is None else (moment(int(times[0])), moment(int(times[-1])))
    labels = (
        (_LEFT - 8, _TOP + 10, "end", figure(high)),
        (_LEFT - 8, _TOP + _HEIGHT, "end", figure(low)),
        (_LEFT, _TOP + _HEIGHT + 16, "start", ends[0]),
        (_WIDTH - _RIGHT, _TOP + _HEIGHT + 16, "end", ends[1]),
    )
    parts += [
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="#555555">{escape(text)}</text>'
        for x, y, anchor, text in labels
    ]
    return "\n".join(parts)


def _line(across: F64, down: F64) -> str:
    """A path through the extremes of each pixel; it breaks at what is missing."""
    pixels = across.astype(np.int64)
    starts = np.flatnonzero(np.r_[True, np.diff(pixels) > 0])
    commands, pen = [], "M"
    for first, last in zip(starts, np.r_[starts[1:], len(pixels)], strict=True):
        part = down[first:last]
        rows = np.flatnonzero(np.isfinite(part))
        if not len(rows):
            pen = "M"
            continue
        ends = sorted({rows[0], rows[np.argmin(part[rows])], rows[np.argmax(part[rows])], rows[-1]})
        for row in ends:
            commands.append(f"{pen}{across[first + row]:.1f} {part[row]:.1f}")
            pen = "L"
    return "".join(commands)
