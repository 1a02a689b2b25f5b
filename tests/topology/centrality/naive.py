"""Slow and obvious twins of the kernels, on graphs given as sets of neighbours."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from itertools import permutations

Neighbours = list[set[int]]


def neighbours(nodes: int, edges: list[tuple[int, int]]) -> Neighbours:
    near: Neighbours = [set() for _ in range(nodes)]
    for one, other in edges:
        if one != other:
            near[one].add(other)
            near[other].add(one)
    return near


def search(near: Neighbours, source: int) -> tuple[dict[int, int], dict[int, int]]:
    """Distance and number of shortest paths of all that can be reached."""
    dist, paths, queue = {source: 0}, {source: 1}, deque([source])
    while queue:
        node = queue.popleft()
        for other in near[node]:
            if other not in dist:
                dist[other], paths[other] = dist[node] + 1, 0
                queue.append(other)
            if dist[other] == dist[node] + 1:
                paths[other] += paths[node]
    return dist, paths


def pairs_between(near: Neighbours) -> list[float]:
    """By the definition: over all ordered pairs, the share of shortest paths through a node."""
    found = [search(near, node) for node in range(len(near))]
    between = [Fraction(0)] * len(near)
    for source, target in permutations(range(len(near)), 2):
        dist, paths = found[source]
        if target not in dist:
            continue
        for node in dist:
            if node in (source, target):
                continue
            onward, ways = found[node]
            if target in onward and dist[node] + onward[target] == dist[target]:
                between[node] += Fraction(paths[node] * ways[target], paths[target])
    return [float(x) for x in between]


def components(near: Neighbours, gone: int = -1) -> list[set[int]]:
    left = set(range(len(near))) - {gone}
    parts = []
    while left:
        part, queue = set(), [min(left)]
        while queue:
            node = queue.pop()
            if node not in part:
                part.add(node)
                queue += near[node] - {gone}
        parts.append(part)
        left -= part
    return parts


def articulation_points(near: Neighbours) -> set[int]:
    whole = len(components(near))
    return {
        node for node in range(len(near)) if near[node] and len(components(near, gone=node)) > whole
    }


def bridges(near: Neighbours) -> set[tuple[int, int]]:
    whole, found = len(components(near)), set()
    for one in range(len(near)):
        for other in sorted(near[one]):
            if one < other:
                near[one].remove(other)
                near[other].remove(one)
                if len(components(near)) > whole:
                    found.add((one, other))
                near[one].add(other)
                near[other].add(one)
    return found


def core_numbers(near: Neighbours) -> list[int]:
    core = [0] * len(near)
    for k in range(1, len(near)):
        kept = set(range(len(near)))
        while weak := {node for node in kept if len(near[node] & kept) < k}:
            kept -= weak
        for node in kept:
            core[node] = k
    return core


def modularity(near: Neighbours, communities: list[int]) -> float:
    ends = sum(len(others) for others in near)
    if not ends:
        return 0.0
    total = 0.0
    for one in range(len(near)):
        for other in range(len(near)):
            if communities[one] == communities[other]:
                total += (other in near[one]) - len(near[one]) * len(near[other]) / ends
    return total / ends
