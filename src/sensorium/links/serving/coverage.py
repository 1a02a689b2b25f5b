"""Who is suggested, and to how many: whether those with few ties are suggested to anybody at all.

Methods that rank by ties suggest those who have many, who thereby get more. So suggestions to all
nodes are told apart by how many ties the suggested node has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from sensorium.links.serving.recommending import Recommender

Array = np.ndarray[Any, Any]

_BOUNDS: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000)


@dataclass(frozen=True, slots=True)
class DegreeGroup:
    """Nodes with so many ties. ``covered``: the share that is suggested to somebody.

    ``share`` of all suggestions are of them, ``per_node`` for each of them.
    """

    ties: str
    nodes: int
    covered: float
    share: float
    per_node: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Suggestions to all nodes, by the degree of who is suggested; ``unserved`` nodes got none."""

    nodes: int
    suggestions: int
    unserved: int
    covered: float
    groups: tuple[DegreeGroup, ...]


def suggested_to_all(
    recommender: Recommender, top: int, progress: Callable[[int], None] = lambda _: None
) -> tuple[list[tuple[Array, Array]], Coverage]:
    """Rows and logits suggested to each node, and who they are."""
    lists = []
    for row in range(recommender.graph.nodes):
        lists.append(recommender.ranked(row, top))
        progress(1)
    return lists, coverage(recommender.graph.degree(), [rows for rows, _ in lists])


def coverage(degree: Array, suggested: list[Array]) -> Coverage:
    """The report, from the degree of each node and what was suggested to each."""
    nodes = len(degree)
    every = np.concatenate(suggested) if suggested else np.empty(0, np.int64)
    times = np.bincount(every, minlength=nodes)
    groups = []
    for low, high in zip(_BOUNDS, [*_BOUNDS[1:], None], strict=True):
        inside = (degree >= low) & (True if high is None else degree < high)
        count = int(inside.sum())
        if count:
            groups.append(
                DegreeGroup(
                    _span(low, high),
                    count,
                    float((times[inside] > 0).mean()),
                    float(times[inside].sum() / max(len(every), 1)),
                    float(times[inside].mean()),
                )
            )
    unserved = sum(len(rows) == 0 for rows in suggested)
    covered = float((times > 0).mean()) if nodes else 0.0
    return Coverage(nodes, len(every), unserved, covered, tuple(groups))


def _span(low: int, high: int | None) -> str:
    if high is None:
        return f"{low:,} or more"
    return f"{low:,}" if high == low + 1 else f"{low:,} to {high - 1:,}"
