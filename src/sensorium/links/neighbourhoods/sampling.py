"""Neighbourhoods of a few nodes, drawn from a large graph: what a mini-batch of training sees.

Hop by hop, up to ``fan_out[hop]`` neighbours of every node reached by the hop before are drawn
without replacement (Hamilton, Ying & Leskovec 2017, "Inductive Representation Learning on Large
Graphs", algorithm 2). What is drawn depends on the arguments alone: the same seeds with the same
``draw`` give the same sample, in whichever order and thread batches are made.

Where seeds have times, only arcs seen before a seed's time are drawn for it, at every hop; each
seed then has a tree of its own, because two seeds may not see the same neighbours of a node.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sensorium.links.graph.rows import order_by
from sensorium.links.neighbourhoods.drawing import arcs_drawn, draw_arcs, relabel, stops_before

if TYPE_CHECKING:
    from sensorium.links.graph.compressed import Graph

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

ALL: Final = -1
"""A fan-out of all neighbours."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One relabelled subgraph, its rows and arcs in the order of hops.

    Messages go from ``sources`` to ``targets``, both rows of ``nodes``. The first
    ``node_ends[h]`` rows are those reached by hop ``h`` (0: the seeds), the first ``arc_ends[h]``
    arcs those of hops 1 to ``h``. ``arcs`` are positions in the graph's ``indices``, where kinds,
    weights and times are found. ``seeds`` are the rows of the seeds as they were given, which may
    repeat. ``trees`` is the seed's position that a row belongs to, where seeds have times.
    """

    nodes: I64
    sources: I64
    targets: I64
    arcs: I64
    seeds: I64
    node_ends: tuple[int, ...]
    arc_ends: tuple[int, ...]
    trees: I32 | None = None

    @property
    def edge_index(self) -> I64:
        """Sources above targets, (2, arcs), as PyG's convolutions take them."""
        return np.stack([self.sources, self.targets])

    def block(self, layer: int) -> tuple[I64, int, int]:
        """What layer ``layer`` of as many layers as hops has to compute, and no more.

        Its arcs (2, n), how many rows it reads, and how many it writes: both counted from the
        first row on. The last layer writes the seeds only.
        """
        hops = len(self.arc_ends) - 1
        if not 0 <= layer < hops:
            raise IndexError(f"layer {layer} of {hops}")
        arcs = self.arc_ends[hops - layer]
        index = np.stack([self.sources[:arcs], self.targets[:arcs]])
        return index, self.node_ends[hops - layer], self.node_ends[hops - layer - 1]

    def without(self, source: I64, target: I64) -> Sample:
        """The sample less the arcs between these pairs of nodes, in either direction.

        For training on edges that messages also pass over: an edge must not be predicted from
        itself. Rows stay, even those that nothing leads to any more.
        """
        unwanted = np.unique(np.concatenate([_pair(source, target), _pair(target, source)]))
        keep = ~_in_sorted(unwanted, _pair(self.nodes[self.sources], self.nodes[self.targets]))
        kept = np.concatenate([[0], np.cumsum(keep)])
        return Sample(
            self.nodes,
            self.sources[keep],
            self.targets[keep],
            self.arcs[keep],
            self.seeds,
            self.node_ends,
            tuple(int(kept[end]) for end in self.arc_ends),
            self.trees,
        )


def _pair(source: I64, target: I64) -> I64:
    key: I64 = (source.astype(np.int64) << 32) | target.astype(np.int64)
    return key


def _in_sorted(known: I64, wanted: I64) -> Bool:
    if len(known) == 0:
        return np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    found: Bool = known[at] == wanted
    return found


class NeighbourSampler:
    """Draws neighbourhoods from one graph. ``fan_out`` has a number for each hop, or ``ALL``.

    A node's neighbours are those in its row: for messages along a directed graph's arcs, give the
    graph with its arcs turned round. May be called from several threads.
    """

    def __init__(self, graph: Graph, fan_out: Sequence[int]):
        if not fan_out or any(k < 1 and k != ALL for k in fan_out):
            raise ValueError(
                f"a fan-out of {list(fan_out)}: give 1 or more for each hop, -1 for all"
            )
        self.fan_out = tuple(fan_out)
        self._indptr = graph.indptr
        self._indices = graph.indices
        self._times = graph.times
        self._nodes = len(graph.indptr) - 1
        self._widest = int(np.diff(graph.indptr).max(initial=0))
        self._by_time: tuple[I64, I64] | None = None
        self._lock = threading.Lock()
        self._own = threading.local()

    def sample(self, seeds: npt.ArrayLike, *, draw: int, times: I64 | None = None) -> Sample:
        """The neighbourhood of ``seeds`` (rows of the graph), the ``draw``-th of all there are.

        ``times`` (ns, one for each seed): only arcs seen before are drawn, and each seed has a
        tree of its own. Raises ValueError for rows that are not in the graph, and for times where
        the graph has none.
        """
        wanted = np.ascontiguousarray(seeds, np.int64).reshape(-1)
        if len(wanted) and not 0 <= wanted.min() <= wanted.max() < self._nodes:
            raise ValueError(f"the graph has rows 0 to {self._nodes - 1:,} and no others")
        if times is None:
            return self._shared(wanted, draw)
        before = np.ascontiguousarray(times, np.int64).reshape(-1)
        if len(before) != len(wanted):
            raise ValueError(f"{len(before):,} times were given for {len(wanted):,} seeds")
        return self._trees(wanted, before, draw)

    def _shared(self, wanted: I64, draw: int) -> Sample:
        """One subgraph for all seeds, in which a node has one row."""
        rows, reached = np.empty_like(wanted), np.empty_like(wanted)
        with self._row_of() as row_of:
            count = relabel(wanted, row_of, 0, rows, reached)
            growth = _Growth(reached[:count], rows)
            for hop, k in enumerate(self.fan_out):
                starts, stops = self._indptr[growth.frontier], self._indptr[growth.frontier + 1]
                targets, arcs = self._drawn(starts, stops, k, _stream(draw, hop), growth)
                sources, new = np.empty_like(arcs), np.empty_like(arcs)
                count = relabel(self._indices[arcs], row_of, growth.rows, sources, new)
                growth.add(new[:count], sources, targets, arcs)
            sample = growth.sample(None)
            row_of[sample.nodes] = -1
        return sample

    def _trees(self, wanted: I64, before: I64, draw: int) -> Sample:
        """A tree for each seed; a node has as many rows as it was reached by ways."""
        order, sorted_times = self._time_order()
        growth = _Growth(wanted, np.arange(len(wanted)))
        tree = np.arange(len(wanted), dtype=np.int32)
        trees = [tree]
        for hop, k in enumerate(self.fan_out):
            starts, stops = self._indptr[growth.frontier], self._indptr[growth.frontier + 1]
            stops_before(starts, stops, sorted_times, before[tree])
            targets, drawn = self._drawn(starts, stops, k, _stream(draw, hop), growth)
            tree = tree[targets - growth.first]
            trees.append(tree)
            arcs = order[drawn]
            sources = np.arange(growth.rows, growth.rows + len(arcs))
            growth.add(self._indices[arcs].astype(np.int64), sources, targets, arcs)
        return growth.sample(np.concatenate(trees))

    def _drawn(
        self, starts: I64, stops: I64, k: int, stream: np.uint64, growth: _Growth
    ) -> tuple[I64, I64]:
        count = arcs_drawn(starts, stops, k)
        targets, arcs = np.empty(count, np.int64), np.empty(count, np.int64)
        taken = np.zeros(self._widest, np.uint8)
        draw_arcs(starts, stops, k, stream, growth.first, taken, targets, arcs)
        return targets, arcs

    @contextmanager
    def _row_of(self) -> Iterator[I32]:
        """An array with -1 for each node, which who uses it leaves so; one for each thread."""
        row_of: I32 | None = getattr(self._own, "row_of", None)
        if row_of is None:
            row_of = np.full(self._nodes, -1, np.int32)
        self._own.row_of = None
        yield row_of
        self._own.row_of = row_of

    def _time_order(self) -> tuple[I64, I64]:
        """The arcs of each row by time, and their times; made when first asked for."""
        with self._lock:
            if self._by_time is None:
                if self._times is None:
                    raise ValueError("seeds have times, and the arcs of the graph have none")
                rows = np.repeat(np.arange(self._nodes), np.diff(self._indptr))
                order = order_by(rows, np.argsort(self._times, kind="stable"), self._nodes)
                self._by_time = order, self._times[order]
            return self._by_time


class _Growth:
    """A sample while it grows hop by hop."""

    def __init__(self, seeds: I64, rows: I64):
        self.frontier = seeds
        self.first = 0
        self.rows = len(seeds)
        self._seeds = rows
        self._nodes = [seeds]
        self._parts: list[tuple[I64, I64, I64]] = []

    def add(self, new: I64, sources: I64, targets: I64, arcs: I64) -> None:
        """Take in what a hop reached; ``frontier`` is then what the next one starts from."""
        self._parts.append((sources, targets, arcs))
        self._nodes.append(new)
        self.frontier = new
        self.first = self.rows
        self.rows += len(new)

    def sample(self, trees: I32 | None) -> Sample:
        """All of it."""
        sources, targets, arcs = (
            np.concatenate(column) for column in zip(*self._parts, strict=True)
        )
        return Sample(
            nodes=np.concatenate(self._nodes),
            sources=sources,
            targets=targets,
            arcs=arcs,
            seeds=self._seeds,
            node_ends=tuple(np.cumsum([len(part) for part in self._nodes]).tolist()),
            arc_ends=(0, *np.cumsum([len(part[0]) for part in self._parts]).tolist()),
            trees=trees,
        )


def _stream(draw: int, hop: int) -> np.uint64:
    """Where the numbers of a hop of a draw begin: far from those of every other."""
    digest = blake2b(f"{draw} {hop}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))
