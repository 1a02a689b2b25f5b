"""Figures and names as sentences have them."""

from __future__ import annotations

from collections.abc import Sequence

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def percent(share: float) -> str:
    """``41 %``, ``2.0 %``, ``0 %``; never all or nothing that is not quite."""
    value = 100 * share
    if 0 < value < 0.05:
        return "<0.1 %"
    if 0 < value < 9.95:
        return f"{value:.1f} %"
    return f"{min(round(value), 99) if value < 100 else 100} %"


def amount(count: float) -> str:
    """``453 MB``: bytes in powers of a thousand."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    text = f"{value:.0f}" if unit == 0 or value >= 99.5 else f"{value:.1f}"
    return f"{text} {_UNITS[unit]}"


def named(names: Sequence[str], most: int) -> str:
    """``a, b and c``, or the first of them and how many more."""
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1]))) if shown else "nobody"
