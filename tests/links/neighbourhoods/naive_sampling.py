"""The sampler once more, plain: lists, dictionaries and Python's integers, one arc at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

MASK = (1 << 64) - 1
STEP = 0x9E3779B97F4A7C15

Rows = Sequence[Sequence[tuple[int, int, int]]]
"""For each node its arcs: neighbour, position in the graph, time."""


class Numbers:
    """SplitMix64."""

    def __init__(self, draw: int, hop: int):
        digest = blake2b(f"{draw} {hop}".encode(), digest_size=8).digest()
        self.state = mixed((int.from_bytes(digest, "little") + STEP) & MASK)

    def below(self, bound: int) -> int:
        self.state = (self.state + STEP) & MASK
        return ((mixed(self.state) & 0xFFFFFFFF) * bound) >> 32


def mixed(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def chosen(degree: int, k: int, numbers: Numbers) -> list[int]:
    """Floyd's draw of ``k`` positions out of ``degree``."""
    if k < 0 or degree <= k:
        return list(range(degree))
    picks: list[int] = []
    for last in range(degree - k, degree):
        position = numbers.below(last + 1)
        picks.append(last if position in picks else position)
    return picks


@dataclass
class NaiveSample:
    nodes: list[int]
    sources: list[int]
    targets: list[int]
    arcs: list[int]
    seeds: list[int]
    node_ends: list[int]
    arc_ends: list[int]
    trees: list[int] | None


def shared(graph: Rows, fan_out: Sequence[int], seeds: Sequence[int], draw: int) -> NaiveSample:
    nodes = list(dict.fromkeys(seeds))
    row_of = {node: row for row, node in enumerate(nodes)}
    out = NaiveSample(nodes, [], [], [], [row_of[s] for s in seeds], [len(nodes)], [0], None)
    frontier = range(len(nodes))
    for hop, k in enumerate(fan_out):
        numbers = Numbers(draw, hop)
        for target in frontier:
            arcs = graph[nodes[target]]
            for pick in chosen(len(arcs), k, numbers):
                neighbour, arc, _ = arcs[pick]
                if neighbour not in row_of:
                    row_of[neighbour] = len(nodes)
                    nodes.append(neighbour)
                out.sources.append(row_of[neighbour])
                out.targets.append(target)
                out.arcs.append(arc)
        frontier = range(out.node_ends[-1], len(nodes))
        out.node_ends.append(len(nodes))
        out.arc_ends.append(len(out.arcs))
    return out


def trees(
    graph: Rows, fan_out: Sequence[int], seeds: Sequence[int], times: Sequence[int], draw: int
) -> NaiveSample:
    nodes, tree = list(seeds), list(range(len(seeds)))
    out = NaiveSample(nodes, [], [], [], list(range(len(seeds))), [len(nodes)], [0], tree)
    frontier = range(len(nodes))
    for hop, k in enumerate(fan_out):
        numbers = Numbers(draw, hop)
        for target in frontier:
            arcs = [arc for arc in graph[nodes[target]] if arc[2] < times[tree[target]]]
            arcs.sort(key=lambda arc: arc[2])
            for pick in chosen(len(arcs), k, numbers):
                out.sources.append(len(nodes))
                out.targets.append(target)
                out.arcs.append(arcs[pick][1])
                nodes.append(arcs[pick][0])
                tree.append(tree[target])
        frontier = range(out.node_ends[-1], len(nodes))
        out.node_ends.append(len(nodes))
        out.arc_ends.append(len(out.arcs))
    return out
