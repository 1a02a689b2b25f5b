"""Amounts with a unit (``5m``, ``64MiB``), turned into the unit that a setting's name ends with."""

from __future__ import annotations

import re

_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_BYTES = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
_TIME_SUFFIXES = {
    "ns": 1e-9,
    "ms": 1e-3,
    "s": 1,
    "seconds": 1,
    "minutes": 60,
    "hours": 3600,
    "days": 86400,
}
_AMOUNT = re.compile(r"^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)$")


def in_unit_of(name: str, text: str) -> int | float | None:
    """``in_unit_of("window_s", "5m")`` is 300; None where name or text has no unit.

    A result that is whole is an int, so that ``1m`` fits a setting of whole seconds.
    """
    match = _AMOUNT.match(text)
    if match is None:
        return None
    amount, unit = float(match[1]), match[2]
    suffix = name.rpartition("_")[2]
    if suffix == "bytes":
        scale = _BYTES.get(unit)
    elif suffix in _TIME_SUFFIXES and unit in _SECONDS:
        scale = _SECONDS[unit] / _TIME_SUFFIXES[suffix]
    else:
        scale = None
    if scale is None:
        return None
    value = round(amount * scale, 9)
    return int(value) if value.is_integer() else value


def accepted_units(name: str) -> str:
    """Which units a setting of this name takes, for an error message; empty if none."""
    suffix = name.rpartition("_")[2]
    if suffix == "bytes":
        return "a number of bytes, or like 64MiB"
    if suffix in _TIME_SUFFIXES:
        word = {"s": "seconds", "ms": "milliseconds", "ns": "nanoseconds"}.get(suffix, suffix)
        return f"a number of {word}, or like 90s, 5m, 2h"
    return ""
