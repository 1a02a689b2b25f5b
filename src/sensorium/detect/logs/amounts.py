"""Amounts in a masked line: a number with its unit is one variable.

A program says the same thing whether it took 800 ms or 2 s, and some write an amount twice
(``1158 bytes (1.13 KB)``) or as a bound (``<1 sec``).
"""

from __future__ import annotations

import re
from typing import Final

from sensorium.detect.logs.shapes import WILDCARD

_BYTES: Final = r"[kKMGT]?i?B|[bB]ytes?"
_RATES: Final = r"[kKMGT]?i?B(?:ps|/s)|[kKMGT]?bps|[kKMGT]?bits?/s(?:ec)?"
_TIMES: Final = (
    r"[munµ]?s|[mu]?secs?|(?:milli|micro|nano)?seconds?|mins?|minutes?|hrs?|hours?|days?"
)
_UNIT: Final = rf"(?:{_RATES}|{_BYTES}|{_TIMES}|[kMG]?Hz|%)"
_VARIABLE: Final = re.escape(WILDCARD)

_BOUND: Final = re.compile(rf"(?<!\S)[<>~]=?{_VARIABLE}(?!\S)")
_TOLD_TWICE: Final = re.compile(rf"{_VARIABLE} {_UNIT} \({_VARIABLE} {_UNIT}\)")
_WITH_UNIT: Final = re.compile(rf"{_VARIABLE} {_UNIT}(?![\w/])")


def without_units(text: str) -> str:
    """A masked text in which every number with a unit is a variable and nothing else."""
    if WILDCARD not in text:
        return text
    bare = _TOLD_TWICE.sub(WILDCARD, _BOUND.sub(WILDCARD, text))
    return _WITH_UNIT.sub(WILDCARD, bare)
