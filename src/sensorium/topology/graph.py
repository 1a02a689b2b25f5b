"""The entity graph: who uses whose service, who depends on whom, and who stands in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sensorium.state.arrays import State, joined, part
from sensorium.topology.claims import address_order
from sensorium.topology.edges import WINDOW_NS, Edge, EdgeAccumulator
from sensorium.topology.sightings import Sightings

if TYPE_CHECKING:
    from sensorium.links.graph.compressed import Graph

Service = tuple[str, int, int]
"""A server's address, port and protocol number."""

ESTABLISHED_SLOTS = 3
_NOBODY: Set[str] = frozenset()


class EdgeTable:
    """Questions about a fixed set of edges. Answers are sorted and depend on the edges alone."""

    def __init__(self, edges: Iterable[Edge] = ()) -> None:
        self.edges: tuple[Edge, ...] = tuple(sorted(edges))

    @staticmethod
    def of_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> EdgeTable:
        """The table of a query's answer, one row per client, server, port and protocol.

        ``columns`` name the fields of each row; addresses are text, IPv4 plain or mapped.
        ValueError where a column is missing.
        """
        need = ("client", "server", "port", "proto", "flows", "bytes")
        missing = sorted(set(need) - set(columns))
        if missing:
            raise ValueError(f"the edge table lacks {', '.join(missing)}; select them too")
        at = [list(columns).index(name) for name in need]
        return EdgeTable(_edge([row[i] for i in at]) for row in rows)

    @cached_property
    def _uses(self) -> dict[str, set[Service]]:
        uses: dict[str, set[Service]] = defaultdict(set)
        for edge in self.edges:
            uses[edge.client].add((edge.server, edge.port, edge.proto))
        return uses

    @cached_property
    def _users(self) -> dict[str, set[Edge]]:
        users: dict[str, set[Edge]] = defaultdict(set)
        for edge in self.edges:
            users[edge.server].add(edge)
        return users

    @cached_property
    def _adjacent(self) -> dict[str, set[str]]:
        adjacent: dict[str, set[str]] = defaultdict(set)
        for edge in self.edges:
            if edge.client != edge.server:
                adjacent[edge.client].add(edge.server)
                adjacent[edge.server].add(edge.client)
        return adjacent

    @cached_property
    def hosts(self) -> tuple[str, ...]:
        """Every address that is an end of an edge."""
        ends = {e.client for e in self.edges} | {e.server for e in self.edges}
        return tuple(sorted(ends, key=address_order))

    def neighbours(self, host: str) -> tuple[str, ...]:
        """The hosts that ``host`` talks with, in either direction."""
        return tuple(sorted(self._adjacent.get(host, ()), key=address_order))

    def adjacent(self, host: str) -> Set[str]:
        """The hosts of :meth:`neighbours`, in no order."""
        return self._adjacent.get(host, _NOBODY)

    def degree(self, host: str) -> int:
        """With how many hosts ``host`` talks."""
        return len(self._adjacent.get(host, ()))

    def dependencies(self, host: str) -> tuple[Service, ...]:
        """The services that ``host`` uses."""
        return tuple(sorted(self._uses.get(host, ()), key=lambda s: (address_order(s[0]), s[1:])))

    def clients(self, server: str, port: int | None = None) -> tuple[str, ...]:
        """Who uses ``server``, or only its ``port``."""
        found = {e.client for e in self._users.get(server, ()) if port in (None, e.port)}
        return tuple(sorted(found, key=address_order))

    def dependents(
        self, server: str, port: int | None = None, max_distance: int = 3
    ) -> dict[str, int]:
        """The blast radius: who uses the host (or one port of it), and who uses those, in turn.

        Hosts with their distance from 1 to ``max_distance``, nearest first. A host that only
        asks, such as a workstation, passes nothing on, since nobody uses it.
        """
        distance = {server: 0}
        frontier = [(client, 1) for client in self.clients(server, port)]
        while frontier:
            following: list[tuple[str, int]] = []
            for host, steps in frontier:
                if host in distance or steps > max_distance:
                    continue
                distance[host] = steps
                following += [(client, steps + 1) for client in self.clients(host)]
            frontier = following
        del distance[server]
        ordered = sorted(distance.items(), key=lambda item: (item[1], address_order(item[0])))
        return dict(ordered)

    def dependency_path(self, client: str, server: str, most: int = 6) -> tuple[Edge, ...]:
        """The shortest chain of uses by which ``client`` depends on ``server``; empty if none.

        Of chains of equal length the one with the smallest addresses and ports, so that it does
        not change from one run to the next.
        """
        came: dict[str, Edge] = {}
        frontier = [client]
        for _ in range(most):
            following: list[str] = []
            for host in frontier:
                for edge in self._outgoing.get(host, ()):
                    if edge.server != client and edge.server not in came:
                        came[edge.server] = edge
                        following.append(edge.server)
            if server in came or not following:
                break
            frontier = sorted(following, key=address_order)
        chain: list[Edge] = []
        at = server
        while at in came:
            chain.append(came[at])
            at = came[at].client
        return tuple(reversed(chain))

    @cached_property
    def _outgoing(self) -> dict[str, list[Edge]]:
        found: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            found[edge.client].append(edge)
        return found

    def depends_on(self, client: str, server: str) -> bool:
        """Whether ``client`` uses a service of ``server`` directly."""
        return any(service[0] == server for service in self._uses.get(client, ()))

    @cached_property
    def betweenness(self) -> dict[str, float]:
        """How often each host lies on a shortest path between two others, 0 to 1.

        Over the undirected graph of hosts, by the number of pairs; see
        :mod:`sensorium.topology.centrality`.
        """
        from sensorium.topology.centrality import betweenness_of

        scores = betweenness_of(self.rows).share
        return {host: round(float(scores[row]), 9) for row, host in enumerate(self.hosts)}

    @cached_property
    def rows(self) -> Graph:
        """Who talks with whom, as rows in the order of :attr:`hosts`."""
        from sensorium.links.graph.compressed import Graph

        row = {host: place for place, host in enumerate(self.hosts)}
        ends = np.array([(row[e.client], row[e.server]) for e in self.edges], np.int64)
        ends = ends.reshape(-1, 2)
        return Graph.from_edges(len(row), ends[:, 0], ends[:, 1])

    @cached_property
    def criticality(self) -> dict[str, float]:
        """How much of the network depends on each host, directly or in turn, 0 to 1."""
        return {host: self.criticality_of(host) for host in self.hosts}

    def criticality_of(self, host: str) -> float:
        """How much of the network depends on one host: quicker than :attr:`criticality` for few."""
        others = max(len(self.hosts) - 1, 1)
        return round(len(self.dependents(host)) / others, 9)


class EntityGraph:
    """The edges of a running network, learnt from flow batches up to a watermark.

    ``established`` holds the edges seen in at least three 10-second slots: a port scan touches
    everything once and must not make its target list look like a circle of friends. All is of the
    last ``window_ns`` before the watermark.
    """

    def __init__(self, max_edges: int = 500_000, window_ns: int = WINDOW_NS) -> None:
        self._accumulator = EdgeAccumulator(max_edges, window_ns)
        self._sightings = Sightings(max_edges, window_ns)
        self._carried: dict[str, frozenset[str]] = {}
        self._exporters: frozenset[str] = frozenset()
        self._established: EdgeTable | None = EdgeTable()
        self._all: EdgeTable | None = EdgeTable()

    def observe(self, batch: pa.RecordBatch) -> None:
        """Add the flow records of one batch; they count once :meth:`advance` passes them."""
        if batch.num_rows:
            self._accumulator.observe(batch)
            self._sightings.observe(batch)

    def gather(self, until_ns: int) -> None:
        """Make what arrived by ``until_ns`` (Unix ns) small; it does not count by that.

        Only an anomaly asks the graph, and until there is one the records of flows would pile up.
        """
        self._accumulator.gather(until_ns)

    def advance(self, watermark_ns: int) -> None:
        """Let what arrived by ``watermark_ns`` (Unix ns) count, and forget what is too old."""
        forgotten = self._sightings.advance(watermark_ns)
        self._exporters = self._sightings.exporters
        if self._accumulator.advance(watermark_ns) or forgotten:
            self._established = self._all = None
            self._carried = {}

    def kept(self) -> State:
        """What was gathered of the edges, and who has told of whom."""
        return joined(edges=self._accumulator.kept(), sightings=self._sightings.kept())

    def restore(self, kept: State) -> None:
        """Take over what :meth:`kept` gave; it counts from the next :meth:`advance` on."""
        self._accumulator.restore(part(kept, "edges"))
        self._sightings.restore(part(kept, "sightings"))
        self._established = self._all = None
        self._carried = {}

    @property
    def exporters(self) -> frozenset[str]:
        """The addresses that have exported flows: routers, mostly."""
        return self._exporters

    def carried(self, exporter: str) -> frozenset[str]:
        """The hosts of whose traffic an exporter has told."""
        if exporter not in self._carried:
            self._carried[exporter] = self._sightings.of(exporter)
        return self._carried[exporter]

    @property
    def evicted(self) -> int:
        """How many edges were given up to stay within ``max_edges``."""
        return self._accumulator.evicted

    @property
    def established(self) -> EdgeTable:
        """The edges that have proved to be habits."""
        if self._established is None:
            self._established = EdgeTable(self._accumulator.edges(ESTABLISHED_SLOTS))
        return self._established

    @property
    def all(self) -> EdgeTable:
        """Every edge."""
        if self._all is None:
            self._all = EdgeTable(self._accumulator.edges())
        return self._all


def _edge(row: Sequence[Any]) -> Edge:
    client, server, port, proto, flows, size = row
    return Edge(_text(client), _text(server), int(port), int(proto), int(flows), int(size))


def _text(address: Any) -> str:
    return str(address).removeprefix("::ffff:")
