"""What is lost if a node, an interface or all links of a site fail.

Uses, their traffic, and those who depend on whoever lost something.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sensorium.topology.edges import Edge
from sensorium.topology.graph import EdgeTable
from sensorium.topology.interface import Interfaces
from sensorium.topology.roles import watchers
from sensorium.topology.site import Site, crossing, lost_cut_off
from sensorium.topology.survey import Use
from sensorium.topology.tally import Tally
from sensorium.topology.transit import Pair, Transit

_MOST_PAIRS = 500
"""Pairs of ends for which ways are counted one by one."""


@dataclass(frozen=True, slots=True)
class Impact:
    """The blast radius of one node.

    ``ends`` are uses whose client or server it is (or carries), ``cut`` those it alone connects,
    ``kept`` those that run over it and have another way; ``carried`` are all that run over it.
    ``ways_left`` is how many ways the worst of those kept would have; None where none is kept.
    ``in_turn`` are hosts that lose no use themselves and depend on hosts that do, with distances;
    whoever only watches loses sight and no more.
    """

    node: str
    whole: Tally
    carried: Tally
    ends: tuple[Use, ...]
    cut: tuple[Use, ...]
    kept: tuple[Use, ...]
    ways_left: int | None
    in_turn: dict[str, int]
    carries: tuple[str, ...]

    @property
    def lost(self) -> Tally:
        """All that is lost at once."""
        return Tally.of((*self.ends, *self.cut))

    def services(self) -> list[tuple[tuple[str, int, int], int, int]]:
        """Lost services, as (server, port, protocol), clients, bytes; the most clients first."""
        clients: dict[tuple[str, int, int], set[str]] = defaultdict(set)
        volume: dict[tuple[str, int, int], int] = defaultdict(int)
        for use in (*self.ends, *self.cut):
            key = (use.server, use.port, use.proto)
            clients[key].add(use.client)
            volume[key] += use.bytes
        found = [(key, len(who), volume[key]) for key, who in clients.items()]
        return sorted(found, key=lambda row: (-row[1], -row[2], row[0]))


def impact_of(transit: Transit, node: str) -> Impact:
    """What the loss of ``node``, and of all that runs on it, would take away."""
    gone = transit.wiring.carried(node)
    ends, cut = transit.lost_without(gone)
    carried = _over(transit, node)
    lost = {*ends, *cut}
    kept = [use for use in carried if use not in lost]
    ways = _ways_left(transit, kept, gone) if transit.wiring.seen_whole else None
    return _impact(transit, node, (carried, ends, cut, kept), ways, gone)


def impact_of_interface(transit: Transit, interfaces: Interfaces, key: str) -> Impact:
    """What the loss of an interface would take away; its device stays."""
    interface = interfaces.all[key]
    carried, lost = interfaces.carried(interface), interfaces.lost(interface)
    kept = transit.uses_at(carried - lost)
    severed = interfaces.severed(interface)
    ways = _ways_left(transit, kept, frozenset(), severed) if transit.wiring.seen_whole else None
    split = transit.uses_at(carried), (), transit.uses_at(lost), kept
    return _impact(transit, key, split, ways)


def impact_of_site(transit: Transit, site: Site) -> Impact:
    """What is lost where a site is cut off: all links that leave it, and nothing within."""
    ends, through = crossing(transit, site)
    carried, lost = ends | through, lost_cut_off(transit, site)
    kept = transit.uses_at(carried - lost)
    ways = None
    if transit.wiring.seen_whole:
        ways = _ways_left(transit, kept, frozenset(), site.severed)
    split = transit.uses_at(carried), (), transit.uses_at(lost), kept
    return _impact(transit, site.key, split, ways)


def _impact(
    transit: Transit,
    node: str,
    split: tuple[Sequence[Use], Sequence[Use], Sequence[Use], Sequence[Use]],
    ways_left: int | None,
    gone: frozenset[str] = frozenset(),
) -> Impact:
    """``split`` are the uses carried, those that end there, those cut off and those kept."""
    wiring = transit.wiring
    carried, ends, cut, kept = split
    lost = {*ends, *cut}
    watching = watchers(transit)
    uses = table_of(use for use in wiring.uses if use.client not in watching)
    hit = {use.client for use in lost} - gone - watching
    in_turn: dict[str, int] = {}
    for client in sorted(hit):
        for host, steps in uses.dependents(client).items():
            if host not in hit and host not in gone:
                in_turn[host] = min(steps, in_turn.get(host, steps))
    return Impact(
        node,
        Tally.of(wiring.uses),
        Tally.of(carried),
        tuple(ends),
        tuple(cut),
        tuple(kept),
        ways_left,
        dict(sorted(in_turn.items(), key=lambda item: (item[1], item[0]))),
        tuple(sorted(gone - {node})),
    )


def table_of(uses: Iterable[Use]) -> EdgeTable:
    """Uses as a table to ask about dependence."""
    return EdgeTable(
        Edge(u.client, u.server, u.port, u.proto, u.flows, u.bytes, first_ns=u.first_ns)
        for u in uses
    )


def _over(transit: Transit, node: str) -> tuple[Use, ...]:
    if node in transit.carriers or node in transit.wiring.devices:
        return transit.carriers.get(node, ())
    gone = transit.wiring.carried(node)
    return tuple(
        use
        for use in transit.wiring.uses
        if use.client in gone or not gone.isdisjoint(transit.targets(use))
    )


def _ways_left(
    transit: Transit,
    kept: Iterable[Use],
    gone: frozenset[str],
    severed: frozenset[Pair] = frozenset(),
) -> int | None:
    ends = sorted({(use.client, t) for use in kept for t in transit.targets(use) if t not in gone})
    found = [transit.ways(*pair, gone, severed) for pair in ends[:_MOST_PAIRS]]
    return min((ways for ways in found if ways), default=None)
