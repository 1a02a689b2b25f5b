"""What a sign of an injection is, and how a row of a table becomes one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

FEW: Final = r"(?:\w{1,14} ){0,4}"
"""Up to four words between two that count."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One sign. ``only_results``: it is one only in what no user wrote.

    One of ``needs`` is in every text that the pattern matches, in small letters, and one of
    ``also`` where there are any: looking for them first costs next to nothing. ``as_written``: it
    is looked for in letters as they are, not in Latin ones that look alike.
    """

    label: str
    weight: float
    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    also: tuple[str, ...] = ()
    only_results: bool = False
    as_written: bool = False


def signal(
    label: str,
    weight: float,
    needs: str,
    pattern: str,
    *,
    also: str = "",
    only_results: bool = False,
    as_written: bool = False,
    flags: re.RegexFlag = re.IGNORECASE,
) -> Signal:
    """A sign; a space in ``pattern`` is any short gap, and one in ``needs`` parts two words.

    ``~`` before a needed word is that it begins there.
    """
    compiled = re.compile(pattern.replace(" ", r"[\s,;:\"'*_-]{1,4}"), flags)
    return Signal(label, weight, _words(needs), compiled, _words(also), only_results, as_written)


def _words(said: str) -> tuple[str, ...]:
    return tuple(word.replace("~", " ") for word in said.split())
