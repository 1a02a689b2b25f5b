"""What a group was about lately: dimensions with their weights, which fade."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from sensorium.incident.exact import grow

SECOND = 1_000_000_000
HOST = "host "

Importance = Callable[[str], float]
"""How much a dimension tells, 0 to 1; one and the same function while nothing else is learnt."""


class Touches:
    """Dimensions weighted by surprise, halved every ``memory_s``.

    ``at_ns`` is the event time for which ``weights`` hold. What comparisons need of all of them at
    once (the greatest, sums) is kept while weights are added, so that a group of thousands of hosts
    is compared as fast as one of two.
    """

    __slots__ = ("_memory_s", "_most", "_norm", "_whole", "at_ns", "hosts", "weights")

    def __init__(self, memory_s: int) -> None:
        self._memory_s = memory_s
        self.at_ns = 0
        self.weights: dict[str, float] = {}
        self.hosts: dict[str, float] = {}
        self._most = 0.0
        self._whole: list[float] = []
        self._norm: tuple[Importance, float, list[float]] | None = None

    def add(self, dims: Mapping[str, float], at_ns: int) -> None:
        """Let what a window's cluster touches count in full; what was there has faded by then."""
        self._fade(at_ns)
        for name, weight in dims.items():
            self._raise(name, weight)

    def join(self, other: Touches) -> None:
        """Add another group's, both faded to the later time."""
        self._fade(other.at_ns)
        factor = other.factor(self.at_ns)
        for name, weight in other.weights.items():
            self._raise(name, weight * factor)

    def put_back(self, weights: Iterable[tuple[str, float]], at_ns: int) -> None:
        """Take over the weights that held at an event time."""
        self.at_ns = at_ns
        for name, weight in weights:
            self._raise(name, weight)

    def factor(self, now_ns: int) -> float:
        """By how much every weight has faded at ``now_ns``."""
        age = max(now_ns - self.at_ns, 0) / SECOND
        return float(0.5 ** (age / self._memory_s))

    def heads(self, share: float) -> list[str]:
        """The hosts with at least ``share`` of the greatest host's weight."""
        return sorted(host for host in self.hosts if self.is_head(host, share))

    def is_head(self, host: str, share: float) -> bool:
        """Whether a host is among :meth:`heads`."""
        return host in self.hosts and self.hosts[host] >= share * self._most

    def inside(self, other: Touches, share: float) -> float:
        """How much of this is about the heads of the other: a share of all hosts' weight."""
        few = self.hosts if len(self.hosts) <= len(other.hosts) else other.hosts
        found = (self.hosts[h] for h in few if h in self.hosts and other.is_head(h, share))
        return math.fsum(found) / max(math.fsum(self._whole), 1e-9)

    def alike(self, other: Touches, now_ns: int, importance: Importance) -> float:
        """Cosine similarity, 0 to 1, each dimension by its importance."""
        mine, theirs = self.factor(now_ns), other.factor(now_ns)
        few, many = (self, other) if len(self.weights) <= len(other.weights) else (other, self)
        dot = math.fsum(
            self.weights[name] * mine * (other.weights[name] * theirs) * importance(name) ** 2
            for name in few.weights
            if name in many.weights
        )
        if not dot:
            return 0.0
        squares = self._square(mine, importance) * other._square(theirs, importance)
        return dot / math.sqrt(squares)

    def forget_importance(self) -> None:
        """Let go of what was computed for a network that has changed since."""
        self._norm = None

    def _square(self, factor: float, importance: Importance) -> float:
        known = self._norm
        if known is None or known[0] is not importance or known[1] != factor:
            parts: list[float] = []
            for name, weight in self.weights.items():
                grow(parts, (weight * factor * importance(name)) ** 2)
            known = self._norm = (importance, factor, parts)
        return math.fsum(known[2])

    def _fade(self, now_ns: int) -> None:
        factor = self.factor(now_ns)
        self.at_ns = max(self.at_ns, now_ns)
        if factor == 1.0:
            return
        faded = {name: weight * factor for name, weight in self.weights.items()}
        self.weights, self.hosts = {}, {}
        self._most, self._whole, self._norm = 0.0, [], None
        for name, weight in faded.items():
            self._raise(name, weight)

    def _raise(self, name: str, weight: float) -> None:
        before = self.weights.get(name)
        now = weight if before is None else before + weight
        self.weights[name] = now
        if name.startswith(HOST):
            host = name.removeprefix(HOST)
            self.hosts[host] = now
            self._most = max(self._most, now)
            if before is not None:
                grow(self._whole, -before)
            grow(self._whole, now)
        if self._norm is not None:
            self._renorm(name, before, now)

    def _renorm(self, name: str, before: float | None, now: float) -> None:
        assert self._norm is not None
        importance, factor, parts = self._norm
        if factor != 1.0:
            self._norm = None
            return
        if before is not None:
            grow(parts, -((before * importance(name)) ** 2))
        grow(parts, (now * importance(name)) ** 2)
