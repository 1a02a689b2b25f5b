"""A soak as a picture: memory over time, and below it what waited."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.soaking.service import Reading

_WIDTH, _HEIGHT, _LEFT = 720, 150, 70
_MIB = 1 << 20


def _line(values: Sequence[float], top: float, height: float, colour: str) -> str:
    most = max([*values, 1.0])
    step = (_WIDTH - _LEFT - 10) / max(len(values) - 1, 1)
    points = " ".join(
        f"{_LEFT + i * step:.1f},{top + height - height * value / most:.1f}"
        for i, value in enumerate(values)
    )
    return f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" points="{points}"/>'


def _label(text: str, x: float, y: float) -> str:
    return f'<text x="{x}" y="{y}" font-size="12" fill="#555">{text}</text>'


def _panel(name: str, values: Sequence[float], place: int, colour: str) -> list[str]:
    top = 20 + place * (_HEIGHT + 40)
    return [
        _label(f"{name}, at most {max(values):,.0f}", _LEFT, top - 6),
        f'<rect x="{_LEFT}" y="{top}" width="{_WIDTH - _LEFT - 10}" height="{_HEIGHT}" '
        'fill="none" stroke="#ccc"/>',
        _line(values, top, _HEIGHT, colour),
    ]


def draw(readings: Sequence[Reading]) -> str:
    """The SVG's text."""
    parts = [
        *_panel("resident MiB", [r.resident / _MIB for r in readings], 0, "#1f77b4"),
        *_panel("anonymous MiB", [r.anonymous / _MIB for r in readings], 1, "#2ca02c"),
        *_panel("rows that wait for the store", [r.waiting for r in readings], 2, "#d62728"),
    ]
    height = 20 + 3 * (_HEIGHT + 40)
    minutes = (readings[-1].seconds - readings[0].seconds) / 60
    parts.append(_label(f"{minutes:.1f} minutes", _WIDTH - 100, height - 8))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'font-family="sans-serif">{"".join(parts)}</svg>\n'
    )
