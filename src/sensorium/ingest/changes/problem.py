"""An entry that could not be used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Which line, counted from 1, was not used, and why. The entries around it were."""

    line: int
    text: str
