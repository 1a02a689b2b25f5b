"""Sites: who is there, and by which links the rest of the network is reached."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from sensorium.topology.transit import Pair, Transit
from sensorium.topology.wiring import Link, Wiring


@dataclass(frozen=True, slots=True)
class Site:
    """A place with its nodes. ``exits`` are the links of which one end alone is there."""

    name: str
    members: frozenset[str]
    exits: tuple[Link, ...]

    @property
    def key(self) -> str:
        """``site:NAME``."""
        return f"site:{self.name}"

    @property
    def severed(self) -> frozenset[Pair]:
        """The neighbours that no link leads to once the site is cut off."""
        return frozenset((link.one, link.other) for link in self.exits)


def sites_of(wiring: Wiring) -> dict[str, Site]:
    """Every site that a node is at, by its key, in order."""
    members: dict[str, set[str]] = defaultdict(set)
    for key, node in wiring.nodes.items():
        if node.site:
            members[node.site].add(key)
    found = {}
    for name in sorted(members):
        mine = members[name]
        exits = tuple(link for link in wiring.links if (link.one in mine) != (link.other in mine))
        site = Site(name, frozenset(mine), exits)
        found[site.key] = site
    return found


def crossing(transit: Transit, site: Site) -> tuple[frozenset[int], frozenset[int]]:
    """The places of the uses that leave or enter a site, and of those that run through it."""
    over = {place for pair in site.severed for place in transit.over_link(pair)}
    ends = frozenset(
        place
        for place, use in enumerate(transit.wiring.uses)
        if (use.client in site.members) == site.members.isdisjoint(transit.targets(use))
    )
    return ends, frozenset(over - ends)


def lost_cut_off(transit: Transit, site: Site) -> frozenset[int]:
    """The places of the uses that are lost where a site is cut off from all else.

    What leaves it is lost, and what ran through it and has no way round.
    """
    return crossing(transit, site)[0] | transit.cut_without(site.severed)


def within(transit: Transit, site: Site) -> frozenset[int]:
    """The places of the uses that begin and end at a site and outlast its being cut off."""
    return frozenset(
        place
        for place, use in enumerate(transit.wiring.uses)
        if use.client in site.members and site.members.issuperset(transit.targets(use))
    ) - lost_cut_off(transit, site)
