"""The host graph as it is remembered: every edge with its age, every host with its habits.

Hosts and edges lie in hash tables that grow to a bound; beyond it the least recently seen half
leaves. A host keeps counts, its latest neighbours in either direction, and four short vectors that
say with whom it talks: random signs stand for hosts, and sums of them fade with time, so that the
angle between two hosts' vectors tells how much their neighbours have in common (random projection,
Achlioptas 2003).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
_COUNTS: Final = 8
_BUSY: Final = 8
_FIRST: Final = 1 << 10
_NEVER: Final = -(1 << 40)


class Hosts(NamedTuple):
    """A row per slot.

    ``counts`` float64 (slots, 8): edges as source, first ones among them; the same as target;
    windows in which it was source, and target; two unused. ``seen`` int64 (slots, 3): the latest
    window, that as source, that as target. ``out`` and ``into`` uint64 (slots, 16): the latest
    distinct targets and sources, in rings of which ``filled`` int64 (slots, 2) counts the entries.
    ``vectors`` float32 (slots, 4, width): targets, sources, what its sources talk with, and by whom
    its targets are talked with.
    """

    keys: Array
    counts: Array
    seen: Array
    out: Array
    into: Array
    filled: Array
    vectors: Array


class Edges(NamedTuple):
    """A row per slot. ``seen`` int64 is the latest window; ``pairs`` uint64 (slots, 2) the ends."""

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
        self._new_hosts = partial(_hosts, width=width)
        self._hosts, self._edges = self._new_hosts(_FIRST), _edges(_FIRST)
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
        return np.sort(self._hosts.keys[self._hosts.keys != table.EMPTY])

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
        there = self._edges.keys != table.EMPTY
        order = np.lexsort(self._edges.pairs[there].T[::-1])
        return self._edges.pairs[there][order], self._edges.seen[there][order]

    def kept(self) -> State:
        """What is known: rows of the tables, without empty slots, and the sums."""
        return {
            **joined(hosts=_rows(self._hosts), edges=_rows(self._edges)),
            "totals": self._totals.copy(),
            "dropped": np.array(self.dropped),
        }

    def restore(self, kept: State) -> None:
        """Take over what :meth:`kept` gave; StateError where it does not fit."""
        hosts = _refilled(part(kept, "hosts"), self._new_hosts, self._most[0])
        edges = _refilled(part(kept, "edges"), _edges, self._most[1])
        if hosts.filled.min(initial=0) < 0:
            raise StateError("a kept state has hosts with fewer than no neighbours")
        self._totals = taken(kept, "totals", np.float64, 3)
        self.dropped = whole(kept, "dropped")
        self._hosts, self._edges = hosts, edges
        self._held = [int((table_.keys != table.EMPTY).sum()) for table_ in (hosts, edges)]

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
        edges, (most_hosts, most_edges) = len(source), self._most
        # Counted as often as they have edges at first: usually that does already.
        keys = self._hosts.keys
        if not self._fits(table.missing(keys, source) + table.missing(keys, target)):
            hosts = _distinct(source, target)
            new = table.missing(keys, hosts)
            if not self._fits(new):
                kept = _kept(self._hosts, self._hosts.seen[:, 0], most_hosts, new, len(hosts))
                self._held[0] = int(kept.sum())
                slots = _slots(self._held[0] + len(hosts))
                self._hosts = _moved(self._hosts, self._new_hosts(slots), kept)
        if (
            2 * (self._held[1] + edges) > len(self._edges.keys)
            or self._held[1] + edges > most_edges
        ):
            kept = _kept(self._edges, self._edges.seen, most_edges, edges, edges)
            self._held[1] = int(kept.sum())
            self._edges = _moved(self._edges, _edges(_slots(self._held[1] + edges)), kept)

    def _fits(self, more: int) -> bool:
        """Whether the table of hosts takes so many more."""
        held = self._held[0] + more
        return 2 * held <= len(self._hosts.keys) and held <= self._most[0]


def _distinct(source: Array, target: Array) -> Array:
    """The hosts at either end, each once."""
    ends = np.concatenate([source, target])
    return Sums(ends, np.ones(len(ends))).keys


def _slots(entries: int) -> int:
    return max(_FIRST, 1 << (2 * max(entries, 1) - 1).bit_length())


def _kept(rows: Any, seen: Array, most: int, new: int, coming: int) -> Array:
    """Which slots stay: all where ``new`` ones fit, otherwise the latest, half of what fits.

    Those that leave may be among the ``coming``, so that there is room for all of these.
    """
    there: Array = rows.keys != table.EMPTY
    held = np.flatnonzero(there)
    if len(held) + new <= most:
        return there
    order = np.lexsort((rows.keys[held], -seen[held]))[: min(most // 2, most - coming)]
    kept = np.zeros(len(there), np.bool_)
    kept[held[order]] = True
    return kept


def _moved(old: Any, new: Any, kept: Array) -> Any:
    slots = table.moved(old.keys, kept, new.keys)
    for before, after in zip(old[1:], new[1:], strict=True):
        after[slots[:, 1]] = before[slots[:, 0]]
    return new


def _rows(full: Any) -> State:
    """The rows of slots that are taken."""
    there = np.flatnonzero(full.keys != table.EMPTY)
    return {name: column[there] for name, column in full._asdict().items()}


def _refilled(rows: State, make: Callable[[int], Any], most: int) -> Any:
    """Rows in a table that fits them."""
    like = make(_FIRST)
    keys = taken(rows, "keys", like.keys.dtype, None)
    many = len(keys)
    if many > most or not keys.all() or len(np.unique(keys)) != many:
        raise StateError("a kept state knows too many hosts or edges, or one of them twice")
    columns = {
        name: taken(rows, name, column.dtype, many, *column.shape[1:])
        for name, column in like._asdict().items()
    }
    return _moved(type(like)(**columns), make(_slots(many)), np.ones(many, np.bool_))


def _hosts(slots: int, width: int) -> Hosts:
    return Hosts(
        keys=np.zeros(slots, np.uint64),
        counts=np.zeros((slots, _COUNTS)),
        seen=np.full((slots, 3), _NEVER, np.int64),
        out=np.zeros((slots, RING), np.uint64),
        into=np.zeros((slots, RING), np.uint64),
        filled=np.zeros((slots, 2), np.int64),
        vectors=np.zeros((slots, _VECTORS, width), np.float32),
    )


def _edges(slots: int) -> Edges:
    return Edges(
        keys=np.zeros(slots, np.uint64),
        seen=np.zeros(slots, np.int64),
        pairs=np.zeros((slots, 2), np.uint64),
    )
