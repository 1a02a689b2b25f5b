"""Which groups have something in common: only those need be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter

from sensorium.incident.footprint import Footprint
from sensorium.incident.group import ATTACK, Group
from sensorium.incident.linking import HEAD, OUTAGE, Linker
from sensorium.incident.traits import Trait

Numbers = set[int]
"""Numbers of groups."""


class Sharing:
    """Groups by the hosts they name, by what is odd about them, and by the routers they speak of.

    Two groups that :meth:`partners` does not bring together have no affinity at all. It may bring
    together some that have none either.
    """

    def __init__(self) -> None:
        self._by_host: dict[str, Numbers] = {}
        self._by_oddity: dict[str, Numbers] = {}
        self._by_router: dict[str, Numbers] = {}
        self._linked: Numbers = set()
        self._outages: Numbers = set()
        self._known: dict[int, tuple[list[Footprint], int]] = {}

    def learn(self, group: Group) -> None:
        """Take note of what joined the group."""
        number = group.number
        members, known = self._known.get(number, (None, 0))
        fresh = group.members[known:]
        if members is not group.members:  # new, or some were dropped and it has another list
            fresh = [*group.shed, *group.members]
        for member in fresh:
            for host in member.hosts:
                self._by_host.setdefault(host, set()).add(number)
            if not member.course:
                self._by_oddity.setdefault(member.oddity, set()).add(number)
            if Trait.LINK in member.traits:
                self._by_router.setdefault(member.owner, set()).add(number)
        self._known[number] = group.members, len(group.members)
        if Trait.LINK in group.traits:
            self._linked.add(number)
        if group.traits & OUTAGE:
            self._outages.add(number)

    def forget(self, group: Group) -> None:
        """The group is gone."""
        number = group.number
        for index, keys in (
            (self._by_host, group.hosts),
            (self._by_oddity, group.telling),
            (self._by_router, group.flapping.union(m.owner for m in group.shed)),
        ):
            for key in keys:
                numbers = index.get(key, set())
                numbers.discard(number)
                if not numbers:
                    index.pop(key, None)
        self._linked.discard(number)
        self._outages.discard(number)
        self._known.pop(number, None)

    def partners(self, group: Group, linker: Linker, *, in_order: bool) -> Iterator[int]:
        """Numbers of groups to compare with. The group's own may be among them, and any may come
        more than once. Where ``in_order``, the rarest in common come first."""
        found: list[tuple[int, str, Iterable[int]]] = []
        for index, keys in (
            (self._by_host, group.hosts),
            (self._by_oddity, group.telling),
            (self._by_host, linker.neighbours(group)),
        ):
            found += [(len(index[key]), key, index[key]) for key in keys if key in index]
        if in_order:
            # Not in the order in which they came to it, which a restart does not know.
            found.sort(key=itemgetter(0, 1))
            yield from chain.from_iterable(sorted(numbers) for _, _, numbers in found)
        else:
            yield from chain.from_iterable(numbers for _, _, numbers in found)
        paths = self._along_paths(group, linker)
        yield from sorted(set(paths)) if in_order else paths

    def _along_paths(self, group: Group, linker: Linker) -> Iterator[int]:
        if Trait.LINK in group.traits:
            yield from self._linked
            hosts = self._by_host.keys()
            for router in group.flapping:
                for host in hosts & (linker.carried(router) | linker.behind(router)):
                    yield from self._by_host[host] & self._outages
        if group.traits & OUTAGE and not group.traits & ATTACK:
            heads = group.touches.heads(HEAD)
            for router, numbers in self._by_router.items():
                behind = linker.behind(router)
                if not (
                    linker.carried(router).isdisjoint(heads)
                    and behind.isdisjoint(group.touches.hosts)
                ):
                    yield from numbers
