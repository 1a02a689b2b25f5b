"""The host graph as it is remembered: every edge with its age, every host with its habits.

Hosts and edges lie in hash tables that grow to a bound; beyond it the least recently seen half
leaves. A host keeps counts, its latest neighbours in either direction, and four short vectors that
say with whom it talks: random signs stand for hosts, and sums of them fade with time, so that the
angle between two hosts' vectors tells how much their neighbours have in common (random projection,
Achlioptas 2003).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from sensorium.links.network import table
from sensorium.links.network.habits import features, learn, unknown
from sensorium.links.network.names import COLUMN, FEATURES
from sensorium.links.network.sums import Sums
from sensorium.state.arrays import State, StateError, joined, part, taken, whole

Array = np.ndarray[Any, Any]

RING: Final = 16
"""Neighbours kept by name, in either direction."""
WIDTH: Final = 32
"""Of the vectors."""
_VECTORS: Final = 4
_COUNTS: Final = 6
_BUSY: Final = 8
_FIRST: Final = 1 << 10


class Hosts(NamedTuple):
    """A row for each of the ``keys`` uint64, found by the ``slots`` int32 of a hash table (see
    :mod:`~sensorium.links.network.table`); rows that are not used yet are at the end.

    ``counts`` uint32 (rows, 6): edges as source, first ones among them; the same as target;
    windows in which it was source, and target. ``seen`` int64 (rows, 3): the latest
    window, that as source, that as target. ``out`` and ``into`` uint64 (rows, 16): the latest
    distinct targets and sources, in rings of which ``filled`` int32 (rows, 2) counts the entries.
    ``vectors`` float32 (rows, 4, width): targets, sources, what its sources talk with, and by whom
    its targets are talked with.
    """

    slots: Array
    keys: Array
    counts: Array
    seen: Array
    out: Array
    into: Array
    filled: Array
    vectors: Array


class Edges(NamedTuple):
    """The same. ``seen`` int64 is the latest window; ``pairs`` uint64 (rows, 2) the ends."""

    slots: Array
    keys: Array
    seen: Array
    pairs: Array


class TalkMemory:
    """What is known of who talks to whom, up to the window learned last.

    Hosts are 64-bit keys other than 0. A window's edges are given as distinct pairs. ``dropped``
    counts edges of windows with more than half of what fits, which are not learned whole. A
    ``width`` of 0 keeps no vectors: then all angles are 0.
    """

    def __init__(
        self, max_hosts: int = 50_000, max_edges: int = 400_000, *, width: int = WIDTH
    ) -> None:
        self._most = (max_hosts, max_edges)
        self._hosts, self._edges = _hosts(_FIRST, width), _edges(_FIRST)
        self._held = [0, 0]
        # Edges, first ones, and those of them whose reverse was known.
        self._totals = np.zeros(3)
        self.dropped = 0

    def __len__(self) -> int:
        return self._held[1]

    @property
    def hosts(self) -> int:
        """Hosts remembered."""
        return self._held[0]

    @property
    def state(self) -> tuple[Hosts, Edges]:
        """The tables themselves, for kernels."""
        return self._hosts, self._edges

    def host_keys(self) -> Array:
        """All hosts, sorted."""
        return np.sort(self._hosts.keys[: self._held[0]])

    @property
    def nbytes(self) -> int:
        """Memory of the tables."""
        return sum(int(part.nbytes) for part in (*self._hosts, *self._edges))

    def new(self, source: Array, target: Array) -> Array:
        """Which edges are not known, bool (n,)."""
        out = np.empty(len(source), np.bool_)
        unknown(self._edges, source, target, out)
        return out

    def features(
        self,
        source: Array,
        target: Array,
        window: int,
        among: tuple[Array, Array] | None = None,
        *,
        absent: bool = False,
    ) -> Array:
        """What is known of each edge before ``window``, float32 (n, len(FEATURES)).

        The edges are the window's own, or some of those given as ``among``, or, where they are
        ``absent``, none of these but others that might have been. Changes nothing.
        See :data:`~sensorium.links.network.names.FEATURES`.
        """
        found = np.zeros((len(source), len(FEATURES)), np.float32)
        features(self._hosts, self._edges, self._totals, source, target, window, found)
        ends_of_all = np.concatenate(among or (source, target))
        edges = Sums(ends_of_all, np.ones(len(ends_of_all)))
        for ends, feature in ((source, "source_busy"), (target, "target_busy")):
            others = edges.of(ends) - (not absent)
            found[:, COLUMN[feature]] = np.log1p(np.minimum(others, _BUSY))
        return found

    def learn(self, source: Array, target: Array, window: int, taken: Array) -> None:
        """Take a window's edges in. Those not ``taken`` count, but do not become known."""
        # In one order whatever the order given: sums of fractions depend on it.
        order = self._fitting(table.in_order(source, target), source, target)
        source, target, taken = source[order], target[order], taken[order]
        self._room(source, target)
        held = np.array(self._held)
        learn(self._hosts, self._edges, self._totals, source, target, window, taken, held)
        self._held = held.tolist()

    def known(self) -> tuple[Array, Array]:
        """All known edges: their ends uint64 (n, 2), and the window each was last seen in."""
        pairs, seen = self._edges.pairs[: self._held[1]], self._edges.seen[: self._held[1]]
        order = np.lexsort(pairs.T[::-1])
        return pairs[order], seen[order]

    def kept(self) -> State:
        """What is known: rows of the tables, and the sums."""
        return {
            **joined(
                hosts=_rows(self._hosts, self._held[0]), edges=_rows(self._edges, self._held[1])
            ),
            "totals": self._totals.copy(),
            "dropped": np.array(self.dropped),
        }

    def restore(self, kept: State) -> None:
        """Take over what :meth:`kept` gave; StateError where it does not fit."""
        hosts, many = _refilled(part(kept, "hosts"), self._hosts, self._most[0])
        edges, pairs = _refilled(part(kept, "edges"), self._edges, self._most[1])
        if hosts.filled.min(initial=0) < 0:
            raise StateError("a kept state has hosts with fewer than no neighbours")
        self._totals = taken(kept, "totals", np.float64, 3)
        self.dropped = whole(kept, "dropped")
        self._hosts, self._edges = hosts, edges
        self._held = [many, pairs]

    def _fitting(self, order: Array, source: Array, target: Array) -> Array:
        """The edges that are learned: all, or as many as the tables hold where those are fewer."""
        most = self._most[1] // 2
        few = 2 * len(source) <= self._most[0] // 2
        if not few and len(_distinct(source, target)) > self._most[0] // 2:
            most = min(most, self._most[0] // 4)
        fitting = order[:most]
        self.dropped += len(source) - len(fitting)
        return fitting

    def _room(self, source: Array, target: Array) -> None:
        """Make room for a window's hosts and edges, in tables at most half full."""
        held, (most_hosts, most_edges) = self._held, self._most
        # Counted as often as they have edges at first: usually that does already.
        known = self._hosts[:2]
        if not self._fits(table.missing(*known, source) + table.missing(*known, target)):
            hosts = _distinct(source, target)
            new = table.missing(*known, hosts)
            if not self._fits(new):
                seen = self._hosts.seen[: held[0], 0]
                kept = _kept(self._hosts.keys, seen, most_hosts, new, len(hosts))
                rows = len(kept) + (new if len(kept) == held[0] else len(hosts))
                held[0] = len(kept)
                self._hosts = _moved(self._hosts, kept, rows)
        edges = len(source)
        if held[1] + edges > most_edges:
            kept = _kept(self._edges.keys, self._edges.seen[: held[1]], most_edges, edges, edges)
            held[1] = len(kept)
            self._edges = _moved(self._edges, kept, len(kept) + edges)
        elif held[1] + edges > len(self._edges.keys):
            rows = held[1] + int(self.new(source, target).sum())
            if rows > len(self._edges.keys):
                self._edges = _moved(self._edges, np.arange(held[1]), rows)

    def _fits(self, more: int) -> bool:
        """Whether the table of hosts takes so many more."""
        return self._held[0] + more <= min(len(self._hosts.keys), self._most[0])


def _distinct(source: Array, target: Array) -> Array:
    """The hosts at either end, each once."""
    ends = np.concatenate([source, target])
    return Sums(ends, np.ones(len(ends))).keys


def _kept(keys: Array, seen: Array, most: int, new: int, coming: int) -> Array:
    """Which rows stay, ascending: all where ``new`` ones fit, otherwise the latest, half of what
    fits.

    Those that leave may be among the ``coming``, so that there is room for all of these.
    """
    held = len(seen)
    if held + new <= most:
        return np.arange(held)
    order = np.lexsort((keys[:held], -seen))[: min(most // 2, most - coming)]
    return np.sort(order)


def _moved(old: Any, kept: Array, rows: int) -> Any:
    """The ``kept`` rows first in a table that has room for so many ``rows`` and an eighth more."""
    rows, columns = max(rows + rows // 8, _FIRST), []
    for column in old[1:]:
        columns.append(np.zeros((rows, *column.shape[1:]), column.dtype))
        columns[-1][: len(kept)] = column[kept]
    slots = _empty(rows)
    table.enter(slots, columns[0], len(kept))
    return type(old)(slots, *columns)


def _empty(rows: int) -> Array:
    """The slots of a table of so many rows."""
    return np.full(1 << (2 * rows - 1).bit_length(), -1, np.int32)


def _rows(full: Any, held: int) -> State:
    """The rows that are used."""
    return {
        name: column[:held].copy() for name, column in full._asdict().items() if name != "slots"
    }


def _refilled(rows: State, like: Any, most: int) -> tuple[Any, int]:
    """Rows in a table that fits them, and how many they are."""
    keys = taken(rows, "keys", like.keys.dtype, None)
    many = len(keys)
    if many > most or not keys.all() or len(np.unique(keys)) != many:
        raise StateError("a kept state knows too many hosts or edges, or one of them twice")
    columns = [
        taken(rows, name, column.dtype, many, *column.shape[1:])
        for name, column in like._asdict().items()
        if name != "slots"
    ]
    return _moved(type(like)(like.slots, *columns), np.arange(many), many), many


def _hosts(rows: int, width: int) -> Hosts:
    return Hosts(
        slots=_empty(rows),
        keys=np.zeros(rows, np.uint64),
        counts=np.zeros((rows, _COUNTS), np.uint32),
        seen=np.zeros((rows, 3), np.int64),
        out=np.zeros((rows, RING), np.uint64),
        into=np.zeros((rows, RING), np.uint64),
        filled=np.zeros((rows, 2), np.int32),
        vectors=np.zeros((rows, _VECTORS, width), np.float32),
    )


def _edges(rows: int) -> Edges:
    return Edges(
        slots=_empty(rows),
        keys=np.zeros(rows, np.uint64),
        seen=np.zeros(rows, np.int64),
        pairs=np.zeros((rows, 2), np.uint64),
    )
