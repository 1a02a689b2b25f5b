"""Which columns of a file of edges hold the ids, where nobody says: by name, else by place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from sensorium.errors import UsageError
from sensorium.links.graph.times import TIMES

_ENDS: Final = (
    *(("source", "target"), ("src", "dst"), ("source", "destination"), ("from", "to"), ("u", "v")),
    *(("user", "friend"), ("node1", "node2"), ("id1", "id2")),
)
_SURNAMES: Final = re.compile("(?<=.)(?:node|user|ip|addr|address)?(?:id)?$")
"""What may follow a usual name: FromNodeId, source_id, src_ip."""
WEIGHTS: Final = ("weight", "count", "strength")
KINDS: Final = ("kind", "type", "relation", "label")
_BESIDE: Final = frozenset((*TIMES, *WEIGHTS, *KINDS))


def ends_of(names: Sequence[str], path: Path) -> tuple[str, str]:
    """The two columns of ids: those of usual names, else the first two that say nothing else."""
    if len(names) < 2:
        raise UsageError(
            f"{path} has one column", next_step="a row has the ids of two nodes, parted by commas"
        )
    named = ends_named(names)
    if named is not None:
        return named
    # Tables that are saved with their index have it in a column without a name.
    ids = [name for name in names if name and name.lower() not in _BESIDE]
    return (ids[0], ids[1]) if len(ids) > 1 else (names[0], names[1])


def ends_named(names: Sequence[str]) -> tuple[str, str] | None:
    """The two columns of ids by their names, if two of these go together; exact ones first."""
    exact = {name.lower(): name for name in reversed(names)}
    for found in exact, {_first_name(name): name for name in reversed(names)}:
        for one, other in _ENDS:
            if one in found and other in found:
                return found[one], found[other]
    return None


def usual(name: str) -> bool:
    """Whether a column of edges is often called so."""
    return name.lower() in _BESIDE or any(_first_name(name) in pair for pair in _ENDS)


def _first_name(name: str) -> str:
    """Without case and marks, and without what says that it is an id: FromNodeId is from."""
    return _SURNAMES.sub("", re.sub(r"[\W_]", "", name.lower()))


def only_mark(end: pa.ChunkedArray) -> str | None:
    """What stands in every row, where that is a mark between ids, such as an arrow."""
    first = end[0].as_py() if len(end) else None
    if not isinstance(first, str) or not first.strip() or any(map(str.isalnum, first)):
        return None
    return first if pc.all(pc.equal(end, first)).as_py() else None
