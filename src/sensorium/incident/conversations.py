"""Which conversations a growing set of anomalies points at, and how much."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Set

from sensorium.incident.exact import grow
from sensorium.incident.footprint import Footprint
from sensorium.incident.planned_scope import Talk

JUST_PASSED = 0.25
"""What an anomaly counts that only just passed the gate, in decades."""
_MAIN = 0.5


class Conversations:
    """Conversations the members point at, weighted by share and surprise.

    ``count`` is how many members were added. Weights only grow, so the greatest is kept.
    """

    __slots__ = ("_by_client", "_most", "_sums", "count")

    def __init__(self) -> None:
        self.count = 0
        self._sums: dict[Talk, list[float]] = {}
        self._by_client: dict[str, dict[Talk, float]] = {}
        self._most = 0.0

    def add(self, members: Iterable[Footprint]) -> None:
        """Count these as well."""
        for member in members:
            self.count += 1
            for talk, share in member.talks:
                parts = self._sums.setdefault(talk, [])
                grow(parts, share * (member.surprise + JUST_PASSED))
                weight = math.fsum(parts)
                self._by_client.setdefault(talk.client, {})[talk] = weight
                self._most = max(self._most, weight)

    def __bool__(self) -> bool:
        return bool(self._sums)

    def weights(self) -> Iterator[tuple[Talk, float]]:
        """Every conversation with its weight, in no order."""
        for mine in self._by_client.values():
            yield from mine.items()

    def first(self) -> Talk | None:
        """The conversation with the greatest weight; None where there is none."""
        ranked = [(-round(weight, 6), talk) for talk, weight in self.weights()]
        return min(ranked)[1] if ranked else None

    def has_main_client(self, hosts: Set[str]) -> bool:
        """Whether any of the hosts is the client of a main conversation: one with at least half
        of the greatest weight."""
        return any(
            weight >= _MAIN * self._most
            for client in self._by_client.keys() & hosts
            for weight in self._by_client[client].values()
        )

    def main_servers(self, client: str) -> set[str]:
        """The servers of the main ones among a client's conversations."""
        mine = self._by_client.get(client, {})
        most = max(mine.values(), default=0.0)
        return {talk.server for talk, weight in mine.items() if weight >= _MAIN * most}
