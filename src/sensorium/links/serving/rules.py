"""What people have said about being suggested, and about who may know of their ties.

A table of ``node``, ``other`` and ``rule``; ``other`` is empty for rules about one node. A rule
about a node that the graph does not have is counted and passed over: it may come later.

| rule | means |
|---|---|
| ``blocked`` | neither is ever suggested to the other |
| ``dismissed`` | ``other`` is not suggested to ``node`` again |
| ``pending`` | one has asked the other; neither is suggested to the other |
| ``opted_out`` | ``node`` is suggested to nobody |
| ``private`` | the tie between ``node`` and ``other`` may not be told or told from |
| ``hidden`` | every tie of ``node`` is private |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sensorium.errors import UsageError
from sensorium.links.graph.tables import read_table, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.links.graph.compressed import Graph
    from sensorium.links.graph.names import Names

I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


class Rule(StrEnum):
    """What is said of a node, or of one node and another."""

    BLOCKED = "blocked"
    DISMISSED = "dismissed"
    PENDING = "pending"
    OPTED_OUT = "opted_out"
    PRIVATE = "private"
    HIDDEN = "hidden"


_OF_ONE = frozenset({Rule.OPTED_OUT, Rule.HIDDEN})
_BOTH_WAYS = frozenset({Rule.BLOCKED, Rule.PENDING})


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """Rules by the rows of a graph with ``nodes`` rows.

    ``refused[starts[n]:starts[n + 1]]`` must not be suggested to ``n``. ``opted_out`` and
    ``hidden`` have a mark for each node. ``private`` are pairs, (n, 2). ``unknown`` rules were
    about nodes that the graph does not have.
    """

    starts: I64
    refused: I64
    opted_out: Bool
    hidden: Bool
    private: I64
    unknown: int = 0

    @classmethod
    def of(cls, nodes: int, node: Any, other: Any, rule: Any, unknown: int = 0) -> Rules:
        """From rows and rules, one each; ``other`` is not looked at for rules about one node."""
        node, other = np.asarray(node, np.int64), np.asarray(other, np.int64)
        said = np.asarray([str(Rule(one)) for one in rule], "<U16")
        both = np.isin(said, [str(one) for one in _BOTH_WAYS])
        once = both | (said == Rule.DISMISSED)
        to = np.concatenate([node[once], other[both]])
        refused = np.concatenate([other[once], node[both]])
        order = np.lexsort((refused, to))
        marks = {}
        for one in _OF_ONE:
            marks[one] = np.zeros(nodes, np.bool_)
            marks[one][node[said == one]] = True
        private = said == Rule.PRIVATE
        return cls(
            np.concatenate([[0], np.cumsum(np.bincount(to, minlength=nodes))]).astype(np.int64),
            refused[order],
            marks[Rule.OPTED_OUT],
            marks[Rule.HIDDEN],
            np.stack([node[private], other[private]], 1),
            unknown,
        )

    @classmethod
    def none(cls, nodes: int) -> Rules:
        """Nobody has said anything."""
        return cls.of(nodes, [], [], [])

    def refused_to(self, row: int) -> I64:
        """Whom not to suggest to a node, opted out ones aside."""
        return self.refused[self.starts[row] : self.starts[row + 1]]

    def public(self, graph: Graph) -> Graph:
        """The graph without the edges that are private: what may be told, and told from."""
        one, other = self.private.T
        if self.hidden.any():
            source, target = graph.pairs()
            theirs = self.hidden[source] | self.hidden[target]
            one = np.concatenate([one, source[theirs]])
            other = np.concatenate([other, target[theirs]])
        if len(one) == 0:
            return graph
        # A tie is private whichever way its arcs go.
        return graph.without(np.concatenate([one, other]), np.concatenate([other, one]))


def read_rules(path: Path, names: Names) -> Rules:
    """Read rules from CSV or Parquet. Raises UsageError for what cannot be read or is no rule."""
    table = _table(path)
    said = table["rule"].to_pylist()
    known = set(Rule)
    wrong = next((at for at, one in enumerate(said) if one not in known), None)
    if wrong is not None:
        raise UsageError(
            f"{path} has the rule {said[wrong]!r} in row {wrong + 1}",
            next_step=f"one of {', '.join(Rule)}",
        )
    node = names.find(table["node"].combine_chunks())
    other = names.find(table["other"].combine_chunks())
    alone = np.isin(np.asarray(said, "<U16"), [str(one) for one in _OF_ONE])
    missing = next((at for at in np.flatnonzero(~alone) if not table["other"][at].as_py()), None)
    if missing is not None:
        raise UsageError(
            f"{path} says {said[missing]} in row {missing + 1} without saying whom",
            next_step="fill the column other",
        )
    here = (node >= 0) & (alone | (other >= 0))
    rules = [one for one, kept in zip(said, here, strict=True) if kept]
    unknown = int(len(said) - here.sum())
    return Rules.of(len(names), node[here], other[here], rules, unknown)


def _table(path: Path) -> Any:
    import pyarrow as pa

    columns = ("node", "other", "rule")
    table, _ = read_table(path, None, lambda names: [name for name in columns if name in names])
    missing = [name for name in ("node", "rule") if name not in table.column_names]
    if missing:
        raise UsageError(
            f"{path} has no column {missing[0]!r}",
            next_step="it needs node and rule, and other for rules about two",
        )
    if "other" not in table.column_names:
        table = table.append_column("other", pa.nulls(len(table), pa.string()))
    return pa.table([text_of(table, name, path) for name in columns], names=columns)
