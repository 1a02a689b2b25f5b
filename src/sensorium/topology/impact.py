"""What is lost if a node fails: uses, traffic, and those who depend on what was lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sensorium.topology.edges import Edge
from sensorium.topology.graph import EdgeTable
from sensorium.topology.roles import watchers
from sensorium.topology.survey import Use
from sensorium.topology.tally import Tally
from sensorium.topology.transit import Transit

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
    wiring = transit.wiring
    gone = wiring.carried(node)
    ends, cut = transit.lost_without(gone)
    carried = _over(transit, node)
    lost = {*ends, *cut}
    kept = [use for use in carried if use not in lost]
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
        _ways_left(transit, kept, gone) if wiring.seen_whole else None,
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


def _ways_left(transit: Transit, kept: Iterable[Use], gone: frozenset[str]) -> int | None:
    ends = sorted({(use.client, t) for use in kept for t in transit.targets(use) if t not in gone})
    found = [transit.ways(*pair, gone) for pair in ends[:_MOST_PAIRS]]
    return min((ways for ways in found if ways), default=None)
