"""The groups of the moment."""

from __future__ import annotations

from collections.abc import Iterator

from sensorium.incident.cluster import Cluster
from sensorium.incident.config import IncidentConfig
from sensorium.incident.group import Group
from sensorium.incident.sharing import Sharing


class Groups:
    """All groups by number, in the order in which they were made.

    ``sharing`` says which have something in common, as it was when :meth:`learn` was called;
    ``next_number`` is that of the next new group.
    """

    def __init__(self, config: IncidentConfig) -> None:
        self.sharing = Sharing()
        self._config = config
        self._groups: dict[int, Group] = {}
        self._grown: set[int] = set()
        self.next_number = 0

    def __iter__(self) -> Iterator[Group]:
        """The groups in order; a copy, so that the loop may add and remove."""
        return iter(list(self._groups.values()))

    def __contains__(self, group: Group) -> bool:
        return group.number in self._groups

    def __getitem__(self, number: int) -> Group:
        return self._groups[number]

    def get(self, number: int) -> Group | None:
        """The group of a number; None if it is gone."""
        return self._groups.get(number)

    def new(self) -> Group:
        """A new, empty group."""
        group = Group(self.next_number, self._config.memory_s, self._grown)
        self._groups[group.number] = group
        self.next_number += 1
        return group

    def put_back(self, number: int) -> Group:
        """An empty group of a number that was given before."""
        group = Group(number, self._config.memory_s, self._grown)
        self._groups[number] = group
        self.next_number = max(self.next_number, number + 1)
        return group

    def lone(self, cluster: Cluster) -> Group:
        """What a group of this cluster alone would be; it is not one of these."""
        group = Group(self.next_number, self._config.memory_s)
        group.absorb(cluster, extends=True)
        return group

    def remove(self, group: Group) -> None:
        """Forget a group."""
        del self._groups[group.number]
        self._grown.discard(group.number)
        self.sharing.forget(group)

    def absorb(self, kept: Group, gone: Group) -> None:
        """Move everything of one group into another."""
        kept.join(gone, is_late=bool(kept.settled_ns))
        self.remove(gone)

    def learn(self) -> None:
        """Let :attr:`sharing` know of all that has joined since the last time."""
        for number in self._grown:
            self.sharing.learn(self._groups[number])
        self._grown.clear()

    def forget_importance(self) -> None:
        """Let go of what was computed for the network as it was in this window."""
        for group in self._groups.values():
            group.touches.forget_importance()
