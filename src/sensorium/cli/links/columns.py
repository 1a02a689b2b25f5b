"""Which columns of a file of edges are meant, where that is not as usual."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from sensorium.errors import UsageError


def _two(_context: Any, _option: Any, given: str | None) -> tuple[str, str] | None:
    if given is None:
        return None
    first, _, second = (part.strip() for part in given.partition(","))
    if not first or not second:
        raise UsageError("--columns names two columns", next_step="--columns source,target")
    return first, second


def columns_of_edges(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command ``--columns``, as a pair of names, and ``--time``; None if not given."""
    pair = click.option(
        "--columns",
        metavar="A,B",
        callback=_two,
        help="The two columns of ids (default: found; without names: f0,f1).",
    )
    time = click.option("--time", metavar="C", help="The column of times (default: found).")
    return pair(time(command))
