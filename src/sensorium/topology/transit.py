"""Which uses run over which node, and which are lost without it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Set
from functools import cached_property

from sensorium.topology.survey import Use
from sensorium.topology.wiring import Wiring

Pair = tuple[str, str]
"""Two nodes side by side, in order."""

ENOUGH_WAYS = 4
"""Ways that share no node are counted up to so many."""


class Transit:
    """Questions about the ways through a wiring. Answers are kept; the wiring does not change."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self._near = wiring.near
        self._searched: dict[str, dict[str, int]] = {}
        self._over: dict[Pair, frozenset[int]] = {}

    def targets(self, use: Use) -> tuple[str, ...]:
        """The nodes that can answer a use: the server, or what stands behind its address."""
        return self.wiring.backends.get(use.server, (use.server,))

    def _anchor(self, node: str) -> str:
        """The device that a node hangs on alone, which every way of it leads over, or itself."""
        near = self._near.get(node, frozenset())
        return next(iter(near)) if len(near) == 1 else node

    def _search(self, start: str) -> dict[str, int]:
        if start not in self._searched:
            self._searched[start] = search(self._near, start)
        return self._searched[start]

    @cached_property
    def carriers(self) -> dict[str, tuple[Use, ...]]:
        """By device, the uses that run over it: as exporters reported, or by the shortest ways."""
        reported: dict[str, list[Use]] = defaultdict(list)
        for use in self.wiring.uses:
            for exporter in use.exporters:
                reported[exporter].append(use)
        found = {key: tuple(uses) for key, uses in reported.items()}
        for device in self.wiring.devices:
            if self.wiring.nodes[device].exporter:
                continue
            away = self._search(device)
            places = [
                place
                for (first, last), (whole, uses) in self._by_anchors.items()
                if first in away and last in away and away[first] + away[last] == whole
                for place in uses
            ]
            if places:
                found[device] = self.uses_at(set(places))
        return found

    @cached_property
    def _of_end(self) -> dict[str, list[int]]:
        """Which uses each node is an end of."""
        found: dict[str, list[int]] = defaultdict(list)
        for place, use in enumerate(self.wiring.uses):
            for end in {use.client, *self.targets(use)}:
                found[end].append(place)
        return found

    def uses_at(self, places: Iterable[int]) -> tuple[Use, ...]:
        """The uses at these places of the wiring's, in order."""
        return tuple(self.wiring.uses[place] for place in sorted(places))

    def over_link(self, pair: Pair) -> frozenset[int]:
        """The places of the uses that have a shortest way over the link between two nodes."""
        if pair not in self._over:  # both its ends ask, and the sites that it leaves
            self._over[pair] = frozenset(self._found_over(*pair))
        return self._over[pair]

    def _found_over(self, one: str, other: str) -> Iterable[int]:
        for end, far in ((one, other), (other, one)):
            if self._near[end] == {far}:  # nothing but what begins or ends there
                return self._of_end.get(end, ())
        chosen: set[int] = set()
        here, there = self._search(one), self._search(other)
        for (first, last), (whole, places) in self._by_anchors.items():
            if first in here and last in here:
                onward = here[first] + 1 + there[last] == whole
                if onward or there[first] + 1 + here[last] == whole:
                    chosen.update(places)
        return chosen

    @cached_property
    def _by_anchors(self) -> dict[Pair, tuple[int, list[int]]]:
        """By the devices that client and server hang on: how far apart, and which uses.

        They are few pairs for many uses.
        """
        found: dict[Pair, tuple[int, list[int]]] = {}
        for place, use in enumerate(self.wiring.uses):
            start = self._anchor(use.client)
            for target in self.targets(use):
                end = self._anchor(target)
                if (start, end) not in found:
                    found[start, end] = self._search(start).get(end, -1), []
                found[start, end][1].append(place)
        return found

    def lost_without(self, gone: Set[str]) -> tuple[list[Use], list[Use]]:
        """The uses that end at nodes that are ``gone``, and those that are cut off by that.

        A use that had no way before has none to lose.
        """
        after = parts(self._near, gone)
        ends, cut = [], []
        for use in self.wiring.uses:
            targets = self.targets(use)
            left = [t for t in targets if t not in gone]
            if use.client in gone or not left:
                ends.append(use)
            elif self._is_cut(use.client, targets, left, after):
                cut.append(use)
        return ends, cut

    def cut_without(self, severed: Set[Pair]) -> frozenset[int]:
        """The places of the uses that are cut off where no link is left between each pair."""
        if not severed:
            return frozenset()
        ends = {end for pair in severed for end in pair if len(self._near[end]) == 1}
        cut = set()
        if all(not ends.isdisjoint(pair) for pair in severed):
            # Only leaves are parted: their own uses alone can be cut off, and all others stay.
            for place in {place for end in ends for place in self._of_end.get(end, ())}:
                use = self.wiring.uses[place]
                targets = self.targets(use)
                left = () if use.client in ends else [t for t in targets if t not in ends]
                if self._is_cut(use.client, targets, left, self._parts):
                    cut.add(place)
            return frozenset(cut)
        after = parts(self.near_without(severed), frozenset())
        if all(_together(after, *pair) for pair in severed):
            return frozenset()
        for place, use in enumerate(self.wiring.uses):
            targets = self.targets(use)
            if self._is_cut(use.client, targets, targets, after):
                cut.add(place)
        return frozenset(cut)

    def _is_cut(
        self, client: str, targets: Iterable[str], left: Iterable[str], after: dict[str, int]
    ) -> bool:
        """Whether a client could reach one of the targets, and now none of those that are left."""
        had = any(_together(self._parts, client, t) for t in targets)
        return had and not any(_together(after, client, t) for t in left)

    def near_without(self, severed: Set[Pair]) -> dict[str, frozenset[str]]:
        """Each node's neighbours where no link is left between the nodes of each pair."""
        if not severed:
            return self._near
        off: dict[str, set[str]] = defaultdict(set)
        for one, other in severed:
            off[one].add(other)
            off[other].add(one)
        return {**self._near, **{key: self._near[key] - others for key, others in off.items()}}

    @cached_property
    def _parts(self) -> dict[str, int]:
        return parts(self._near, frozenset())

    def ways(
        self,
        one: str,
        other: str,
        gone: Set[str] = frozenset(),
        severed: Set[Pair] = frozenset(),
    ) -> int:
        """How many ways there are that share no node between, up to :data:`ENOUGH_WAYS`.

        Menger: as many as the nodes that must fail. Each way found may turn an earlier one aside.
        """
        if one == other or one in gone or other in gone:
            return 0
        near = self.near_without(severed)
        if other in near.get(one, ()):
            return ENOUGH_WAYS  # no node lies between
        return disjoint_ways(near, one, other, gone)


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
