"""The answers of ``sensorium topology``, as plain values that JSON can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from sensorium.errors import UsageError
from sensorium.topology.centrality import betweenness_of, blocks_of, communities_of, core_numbers
from sensorium.topology.config import TopologyConfig
from sensorium.topology.impact import (
    Impact,
    impact_of,
    impact_of_interface,
    impact_of_site,
    table_of,
)
from sensorium.topology.interface import Interface, Interfaces
from sensorium.topology.inventory import Inventory, read_inventory
from sensorium.topology.networks import inside_of
from sensorium.topology.roles import roles_of
from sensorium.topology.rows import (
    interface_rows,
    interface_said,
    link_rows,
    service_label,
    share_row,
    site_rows,
    site_said,
    tally_row,
)
from sensorium.topology.site import Site, sites_of
from sensorium.topology.survey import (
    LATEST_NS,
    NEXT_HOPS,
    USES,
    VANTAGE,
    Ask,
    last_flow_ns,
    take_survey,
)
from sensorium.topology.tally import Tally
from sensorium.topology.transit import ENOUGH_WAYS, Transit, shortest_way
from sensorium.topology.wiring import Wiring
from sensorium.topology.words import named

Answer = dict[str, Any]
_HOUR_NS = 3_600_000_000_000


class Topology:
    """The network as it was in the hours before the last flow, asked of the telemetry store.

    ``inside`` says which addresses are ours. Flows that ended after ``until_ns`` (Unix ns) are left
    out, so that the network of an earlier day can be asked about. Raises UsageError where no flow
    is stored, and InventoryError for files that cannot be read. Not for use by two threads at once.
    """

    def __init__(
        self,
        ask: Ask,
        config: TopologyConfig,
        inside: Callable[[str], bool],
        until_ns: int = LATEST_NS,
    ) -> None:
        inventory = read_inventory(config.inventory)
        end_ns = last_flow_ns(ask, until_ns)
        if not end_ns:
            then = "" if until_ns == LATEST_NS else f" that ended by {_moment(until_ns)} UTC"
            raise UsageError(
                f"no flow is stored{then}, so nothing is known of who talks with whom",
                next_step="name a later time"
                if then
                else "point an exporter at `sensorium run`, or name a --recording",
            )
        stated = [
            (device.name, address)
            for device in inventory.devices.values()
            for address in device.addresses
        ]
        self._inventory = inventory
        self._survey = take_survey(
            ask,
            end_ns - config.span_hours * _HOUR_NS,
            end_ns,
            slots=config.habit_slots,
            limit=config.max_uses,
            stated=stated,
        )
        self._parameters = {
            "start_ns": end_ns - config.span_hours * _HOUR_NS,
            "end_ns": end_ns,
            "slots": config.habit_slots,
            "limit": config.max_uses + 1,
        }
        sites = [(network, site.name) for site in config.sites for network in site.networks]
        self.wiring = Wiring.of(self._survey, inventory, inside, sites)
        self.transit = Transit(self.wiring)

    @staticmethod
    def learnt(
        ask: Ask, config: TopologyConfig, networks: Iterable[str], until_ns: int = LATEST_NS
    ) -> Topology:
        """The topology by settings alone: ``networks`` are ours."""
        return Topology(ask, config, inside_of(networks), until_ns)

    @property
    def inventory(self) -> Inventory:
        """What the files said."""
        return self._inventory

    @cached_property
    def roles(self) -> dict[str, str]:
        """Every node's role."""
        return roles_of(self.transit)

    @cached_property
    def interfaces(self) -> Interfaces:
        """The interfaces of all devices."""
        return Interfaces(self.transit)

    @cached_property
    def sites(self) -> dict[str, Site]:
        """Every site that a node is at, by its key."""
        return sites_of(self.wiring)

    def show(self) -> Answer:
        """Every node with its place in the network, the most critical first, and every link."""
        wiring, graph = self.wiring, self.graph
        whole = Tally.of(wiring.uses)
        cuts = blocks_of(graph)
        between = betweenness_of(graph)
        communities, modularity = communities_of(graph)
        cores = core_numbers(graph)
        keys = list(wiring.nodes)
        nodes: list[Answer] = []
        for row, key in enumerate(keys):
            node, lost = wiring.nodes[key], self._lost(key, alone=bool(cuts.articulation[row]))
            carried = Tally.of(self.transit.carriers.get(key, ()))
            nodes.append(
                {
                    "key": key,
                    "label": node.label,
                    "kind": node.kind.value,
                    "role": self.roles[key],
                    "site": node.site,
                    "on_paths": share_row(carried.share_of(whole)),
                    "lost_pairs": lost.pairs,
                    "lost_share": share_row(lost.share_of(whole)),
                    "lost_bytes_share": share_row(lost.bytes_of(whole)),
                    "betweenness": share_row(float(between.share[row])),
                    "betweenness_error": share_row(float(between.error[row])),
                    "core_number": int(cores[row]),
                    "community": int(communities[row]),
                    "parts_the_network": bool(cuts.articulation[row]),
                }
            )
        nodes.sort(key=lambda n: (-n["lost_share"], -n["on_paths"], -n["betweenness"], n["key"]))
        bridges = {tuple(sorted((keys[a], keys[b]))) for a, b in cuts.bridges.tolist()}
        return {
            **self._frame(whole),
            "nodes": nodes,
            "interfaces": interface_rows(self.interfaces, self.transit, whole),
            "sites": site_rows(self.sites.values(), self.transit, whole),
            "links": link_rows(wiring, bridges),
            "modularity": share_row(modularity),
        }

    def impact(self, name: str) -> Answer:
        """What is lost if a node fails, an interface (``DEVICE#NAME``) or a site's links."""
        place = self._place(name)
        if isinstance(place, Interface):
            found = impact_of_interface(self.transit, self.interfaces, place.key)
            said = interface_said(self.interfaces, place, self.wiring, self.roles)
        elif isinstance(place, Site):
            found = impact_of_site(self.transit, place)
            said = site_said(place, self.transit, found.whole)
        else:
            found = impact_of(self.transit, place)
            said = {
                "what": "node",
                "label": self.label(place),
                "role": self.roles[place],
                "on_paths_from": "flow reports" if self.wiring.nodes[place].exporter else "links",
            }
        return {
            **self._frame(found.whole),
            "node": found.node,
            **said,
            "carries": [self.label(k) for k in found.carries],
            "on_paths": share_row(found.carried.share_of(found.whole)),
            "on_bytes": share_row(found.carried.bytes_of(found.whole)),
            "lost": tally_row(found.lost, found.whole),
            "ends_there": tally_row(Tally.of(found.ends), found.whole),
            "cut_off": tally_row(Tally.of(found.cut), found.whole),
            "another_way": tally_row(Tally.of(found.kept), found.whole),
            "ways_left": found.ways_left,
            "ways_left_is_least": found.ways_left == ENOUGH_WAYS,
            "services": self._services(found),
            "in_turn": [{"label": self.label(k), "steps": n} for k, n in found.in_turn.items()],
        }

    def path(self, one: str, other: str) -> Answer:
        """How two nodes are connected, and which of them depends on the other, through whom.

        Raises UsageError where a name is of no node, or both are of one.
        """
        first, second = self._key(one), self._key(other)
        if first == second:
            raise UsageError(
                f"{one!r} and {other!r} are the same node", next_step="name two that differ"
            )
        way = shortest_way(self.wiring.near, first, second)
        table = table_of(self.wiring.uses)
        hops = []
        for a, b in zip(way or (), (way or ())[1:], strict=False):
            link = next(x for x in self.wiring.links if {x.one, x.other} == {a, b})
            ports = (link.port, link.other_port) if link.one == a else (link.other_port, link.port)
            hops.append(
                {
                    "from": self.label(a),
                    "port": ports[0],
                    "to": self.label(b),
                    "to_port": ports[1],
                    "source": link.source,
                }
            )
        return {
            **self._frame(Tally.of(self.wiring.uses)),
            "from": self.label(first),
            "to": self.label(second),
            "connected": way is not None,
            "hops": hops,
            "ways": self.transit.ways(first, second) if way and self.wiring.seen_whole else None,
            "only_through": [self.label(k) for k in self._only_through(first, second, way)],
            "depends": self._dependence(table.dependency_path(first, second)),
            "depended_on": self._dependence(table.dependency_path(second, first)),
        }

    def label(self, key: str) -> str:
        """How a node is called in a sentence."""
        node = self.wiring.nodes.get(key)
        return node.label if node else key

    @cached_property
    def graph(self) -> Any:
        """The wiring as rows, in the order of its nodes."""
        import numpy as np

        from sensorium.links.graph.compressed import Graph

        row = {key: place for place, key in enumerate(self.wiring.nodes)}
        ends = np.array([(row[one], row[other]) for one, other in self.wiring.between], np.int64)
        ends = ends.reshape(-1, 2)
        return Graph.from_edges(len(row), ends[:, 0], ends[:, 1])

    def _lost(self, key: str, *, alone: bool) -> Tally:
        """What goes with a node; only those that part the network cut off what is not theirs."""
        gone = self.wiring.carried(key)
        if alone or len(gone) > 1:
            ends, cut = self.transit.lost_without(gone)
            return Tally.of((*ends, *cut))
        return Tally.of(self._ends.get(key, ()))

    @cached_property
    def _ends(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for use in self.wiring.uses:
            targets = self.transit.targets(use)
            only = targets if len(targets) == 1 else ()
            for key in {use.client, *only}:
                found.setdefault(key, []).append(use)
        return found

    def _only_through(self, first: str, second: str, way: tuple[str, ...] | None) -> list[str]:
        """The nodes between that every way leads through, in order."""
        near = self.wiring.near
        return [
            node
            for node in (way or ())[1:-1]
            if shortest_way({k: v - {node} for k, v in near.items() if k != node}, first, second)
            is None
        ]

    def _dependence(self, edges: tuple[Any, ...]) -> list[Answer]:
        return [
            {
                "client": self.label(edge.client),
                "server": self.label(edge.server),
                "service": service_label(edge.port, edge.proto),
            }
            for edge in edges
        ]

    def _services(self, found: Impact) -> list[Answer]:
        return [
            {
                "server": self.label(server),
                "service": service_label(port, proto),
                "clients": clients,
                "bytes": volume,
            }
            for (server, port, proto), clients, volume in found.services()
        ]

    def _place(self, name: str) -> str | Interface | Site:
        """What is called so: a node by its key, an interface, or a site."""
        device, mark, port = self._parted(name)
        if not mark and " of " in name and self.wiring.find(name) is None:
            # As answers have it: "interface ge1 of gw2".
            port, mark, device = name.strip().removeprefix("interface ").partition(" of ")
        if mark:
            key = self._key(device)
            found = self.interfaces.find(key, port)
            if found is not None:
                return self.interfaces.all[found]
            mine = [one.name for one in self.interfaces.all.values() if one.device == key]
            raise UsageError(
                f"{self.label(key)} has no interface {port!r} that carried or connects anything",
                next_step=f"it has {named(mine, 8)}" if mine else "name the device alone",
            )
        wanted = name.strip().removeprefix("site:").lower()
        site = next((x for x in self.sites.values() if x.name.lower() == wanted), None)
        if site is not None and (name.strip().startswith("site:") or not self.wiring.find(name)):
            return site
        return self._key(name)

    def _parted(self, name: str) -> tuple[str, str, str]:
        """``DEVICE#PORT``; either may have a ``#`` in its own name, and a node may be called so."""
        if self._found(name) is not None:
            return name, "", ""
        places = [place for place, sign in enumerate(name) if sign == "#"]
        for place in places:
            if self._found(name[:place]) is not None:
                return name[:place], "#", name[place + 1 :]
        return name.partition("#")

    def _found(self, name: str) -> str | None:
        return self.wiring.find(name) or self._shown.get(name)

    @cached_property
    def _shown(self) -> dict[str, str]:
        """Nodes by what answers call them, which people copy: ``db (10.2.0.30)``."""
        return {node.label: key for key, node in self.wiring.nodes.items()}

    def _key(self, name: str) -> str:
        key = self._found(name)
        if key is not None:
            return key
        from difflib import get_close_matches

        known = [node.label.partition(" ")[0] for node in self.wiring.nodes.values()]
        close = get_close_matches(name, [*known, *self.sites], n=1)
        raise UsageError(
            f"nothing is called {name!r} in these hours",
            next_step=f"did you mean {close[0]}?" if close else "see: sensorium topology show",
        )

    def _frame(self, whole: Tally) -> Answer:
        survey = self._survey
        return {
            "since": _moment(min((u.first_ns for u in self.wiring.uses), default=survey.start_ns)),
            "until": _moment(survey.end_ns),
            "pairs": whole.pairs,
            "bytes": whole.bytes,
            "notes": self._notes(),
            "evidence": [
                {"title": title, "query": sql, "parameters": self._parameters}
                for title, sql in (
                    ("who habitually uses whose service", USES),
                    ("whose packets come in where", VANTAGE),
                    ("which router hands on to which", NEXT_HOPS),
                )
            ],
        }

    def _notes(self) -> list[str]:
        notes = []
        if not self.wiring.seen_whole:
            notes.append(
                "No file tells of links, so they are inferred from flows: a tree, in which a "
                "second way cannot be seen. What is lost is therefore the most that can be."
            )
        if self._survey.cut_off:
            notes.append("There were more uses than topology.max_uses; the largest were looked at.")
        for reason, count in sorted(self._inventory.left_out.items()):
            notes.append(f"Left out of the inventory: {count} {reason}.")
        return notes


def _moment(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d %H:%M:%S}"
