"""How every benchmark reports: repeated timings, a table for people, one JSON line for machines.

A benchmark is one runnable file whose ``main`` measures, builds :class:`Claim` records and ends
with :func:`report`. ``arguments()`` gives the flags that all of them share.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

_WIDE = 120
_GOAL = re.compile(r"^(>=|<=)\s*([0-9][0-9_.]*)\s*(x?)$")


@dataclass(frozen=True, slots=True)
class Claim:
    """One measured figure, and what it stands beside.

    ``goal`` is a bound such as ``">= 100_000"`` on ``ours`` or, with an ``x``, ``">= 3x"`` on
    ``ratio``; empty where none is set. ``published`` marks a peer's figure that was read in its
    documents and not measured here. ``lower_is_better`` turns the ratio round.
    """

    name: str
    ours: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    goal: str = ""
    published: bool = False
    lower_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer; None without a peer."""
        if not self.peer_value or not self.ours:
            return None
        return self.peer_value / self.ours if self.lower_is_better else self.ours / self.peer_value

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a goal. A goal on a missing ratio is not met."""
        if not self.goal:
            return None
        match = _GOAL.match(self.goal)
        if match is None:
            raise ValueError(f"goal {self.goal!r} is not like '>= 100_000' or '>= 3x'")
        sign, bound, on_ratio = match.groups()
        value = self.ratio if on_ratio else self.ours
        if value is None:
            return False
        return value >= float(bound) if sign == ">=" else value <= float(bound)

    @property
    def peer_label(self) -> str:
        """The peer's name, marked where its figure is a published one."""
        return f"{self.peer} (published)" if self.peer and self.published else self.peer


def arguments(doc: str | None) -> argparse.Namespace:
    """Parse the shared flags: ``--quick`` asks for a run that ends within 50 seconds."""
    parser = argparse.ArgumentParser(description=(doc or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="a smaller run, within 50 seconds")
    return parser.parse_args()


def wide_console() -> Console:
    """What tables are printed on. Into a file or a log they go in their width: rich would take it
    for 80 columns.
    """
    return Console(width=None if sys.stdout.isatty() else _WIDE)


def median_seconds(work: Callable[[], object], *, repeats: int = 5, warm_up: int = 1) -> float:
    """The median wall time of ``work()``: ``repeats`` runs after ``warm_up`` unmeasured ones."""
    for _ in range(warm_up):
        work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def number(value: float | None) -> str:
    """A figure with the digits that carry meaning: ``1,234,567``, ``12.3``, ``0.0042``."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def report(title: str, claims: Sequence[Claim]) -> None:
    """Print the table, then the one JSON line that ``python -m benchmarks`` reads."""
    table = Table(title=title, title_justify="left")
    for heading in ("claim", "ours", "unit", "peer", "peer's", "ratio", "goal", "met"):
        right = heading in {"ours", "peer's", "ratio"}
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for claim in claims:
        ratio = "" if claim.ratio is None else f"{claim.ratio:.2f}x"
        met = {None: "", True: "yes", False: "NO"}[claim.met]
        table.add_row(
            claim.name,
            number(claim.ours),
            claim.unit,
            claim.peer_label,
            number(claim.peer_value),
            ratio,
            claim.goal,
            met,
        )
    wide_console().print(table)
    rows = [
        {
            "name": claim.name,
            "ours": claim.ours,
            "unit": claim.unit,
            "peer": claim.peer_label,
            "peer_value": claim.peer_value,
            "ratio": claim.ratio,
            "goal": claim.goal,
            "met": claim.met,
        }
        for claim in claims
    ]
    print(json.dumps({"claims": rows}))
