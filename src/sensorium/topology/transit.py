"""Which uses run over which node, and which are lost without it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Set
from functools import cached_property

from sensorium.topology.survey import Use
from sensorium.topology.wiring import Wiring

ENOUGH_WAYS = 4
"""Ways that share no node are counted up to so many."""


class Transit:
    """Questions about the ways through a wiring. Answers are kept; the wiring does not change."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self._near = wiring.near
        self._searched: dict[str, dict[str, int]] = {}

    def targets(self, use: Use) -> tuple[str, ...]:
        """The nodes that can answer a use: the server, or what stands behind its address."""
        return self.wiring.backends.get(use.server, (use.server,))

    def distance(self, one: str, other: str) -> int | None:
        """How many links apart two nodes are; None where there is no way."""
        if one == other:
            return 0
        if other in self._near.get(one, ()):
            return 1
        # Most hosts hang on one device: searches are from devices, which are few.
        hop, start = self._anchor(one)
        steps, end = self._anchor(other)
        if start == end:
            return hop + steps
        apart = self._search(start).get(end)
        return None if apart is None else hop + apart + steps

    def is_on_path(self, node: str, one: str, other: str) -> bool:
        """Whether a node is an end of a shortest way, or lies on one."""
        whole = self.distance(one, other)
        first, second = self.distance(one, node), self.distance(node, other)
        return (
            whole is not None
            and first is not None
            and second is not None
            and (first + second == whole)
        )

    def _anchor(self, node: str) -> tuple[int, str]:
        near = self._near.get(node, frozenset())
        return (1, next(iter(near))) if len(near) == 1 else (0, node)

    def _search(self, start: str) -> dict[str, int]:
        if start not in self._searched:
            self._searched[start] = search(self._near, start)
        return self._searched[start]

    @cached_property
    def carriers(self) -> dict[str, tuple[Use, ...]]:
        """By device, the uses that run over it: as exporters reported, or by the shortest ways."""
        found: dict[str, list[Use]] = defaultdict(list)
        silent = [d for d in self.wiring.devices if not self.wiring.nodes[d].exporter]
        for use in self.wiring.uses:
            for exporter in use.exporters:
                found[exporter].append(use)
            for device in silent:
                if any(self.is_on_path(device, use.client, t) for t in self.targets(use)):
                    found[device].append(use)
        return {key: tuple(uses) for key, uses in found.items()}

    def lost_without(self, gone: Set[str]) -> tuple[list[Use], list[Use]]:
        """The uses that end at nodes that are ``gone``, and those that are cut off by that.

        A use that had no way before has none to lose.
        """
        before, after = self._parts, parts(self._near, gone)
        ends, cut = [], []
        for use in self.wiring.uses:
            targets = self.targets(use)
            left = [t for t in targets if t not in gone]
            if use.client in gone or not left:
                ends.append(use)
                continue
            had = any(_together(before, use.client, t) for t in targets)
            has = any(_together(after, use.client, t) for t in left)
            if had and not has:
                cut.append(use)
        return ends, cut

    @cached_property
    def _parts(self) -> dict[str, int]:
        return parts(self._near, frozenset())

    def ways(self, one: str, other: str, gone: Set[str] = frozenset()) -> int:
        """How many ways there are that share no node between, up to :data:`ENOUGH_WAYS`.

        Menger: as many as the nodes that must fail. Each way found may turn an earlier one aside.
        """
        if one == other or one in gone or other in gone:
            return 0
        if other in self._near.get(one, ()):
            return ENOUGH_WAYS  # no node lies between
        return disjoint_ways(self._near, one, other, gone)


def search(near: dict[str, frozenset[str]], start: str) -> dict[str, int]:
    """How many links each node is from ``start``."""
    found, queue = {start: 0}, deque([start])
    while queue:
        node = queue.popleft()
        for other in near.get(node, ()):
            if other not in found:
                found[other] = found[node] + 1
                queue.append(other)
    return found


def shortest_way(near: dict[str, frozenset[str]], one: str, other: str) -> tuple[str, ...] | None:
    """The first of the shortest ways, by the names of the nodes; None where there is none."""
    far = search(near, other)
    if one not in far:
        return None
    way = [one]
    while way[-1] != other:
        way.append(min(n for n in near[way[-1]] if far.get(n, -1) == far[way[-1]] - 1))
    return tuple(way)


def parts(near: dict[str, frozenset[str]], gone: Set[str]) -> dict[str, int]:
    """Which part of what is left each node is in."""
    found: dict[str, int] = {}
    for count, root in enumerate(near):
        if root in found or root in gone:
            continue
        found[root] = count
        queue = [root]
        while queue:
            for other in near[queue.pop()]:
                if other not in found and other not in gone:
                    found[other] = count
                    queue.append(other)
    return found


def _together(found: dict[str, int], one: str, other: str) -> bool:
    return one in found and found[one] == found.get(other, -1)


def disjoint_ways(near: dict[str, frozenset[str]], one: str, other: str, gone: Set[str]) -> int:
    """A largest flow in which every node but the ends takes one, by search for each unit."""
    flow: set[tuple[str, str]] = set()
    into: dict[str, str] = {}
    for count in range(ENOUGH_WAYS):
        # A state is a node and whether it was entered against a way that leads through it.
        came: dict[tuple[str, bool], tuple[str, bool]] = {}
        queue, start = deque([(one, False)]), (one, False)
        came[start] = start
        end = None
        while queue and end is None:
            state = queue.popleft()
            for following in _steps(near, state, one, gone, flow, into):
                if following not in came:
                    came[following] = state
                    queue.append(following)
                    if following[0] == other:
                        end = following
                        break
        if end is None:
            return count
        _turn(came, end, start, flow, into)
    return ENOUGH_WAYS


def _steps(
    near: dict[str, frozenset[str]],
    state: tuple[str, bool],
    one: str,
    gone: Set[str],
    flow: set[tuple[str, str]],
    into: dict[str, str],
) -> Iterable[tuple[str, bool]]:
    node, against = state
    used = node in into and node != one
    if used and not against:
        # Entered from outside the way that runs through it: only back along that way.
        yield into[node], True
        return
    if used and against:
        yield into[node], True
    for other in sorted(near[node]):
        if other not in gone and (node, other) not in flow and other != one:
            yield other, False


def _turn(
    came: dict[tuple[str, bool], tuple[str, bool]],
    end: tuple[str, bool],
    start: tuple[str, bool],
    flow: set[tuple[str, str]],
    into: dict[str, str],
) -> None:
    state = end
    while state != start:
        previous = came[state]
        if state[1]:
            flow.discard((state[0], previous[0]))
        else:
            flow.add((previous[0], state[0]))
        state = previous
    into.clear()
    into.update({target: source for source, target in flow})
