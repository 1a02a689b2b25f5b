"""What is connected to what: from files where they say so, and from flows where they do not.

A cable that LLDP, SNMP or NetBox names is believed. A host that no file connects hangs on the
exporter next to it, the one that sees most of its peers. Exporters are joined where one names
another as its next hop, and where they would else stay apart by the uses that both report: what
flows tell is a tree, in which no second way can be seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address
from itertools import combinations

from sensorium.topology.inventory.model import DeviceKind, Inventory
from sensorium.topology.placing import Placing
from sensorium.topology.survey import Sight, Survey, Use

OUTSIDE = "outside"
"""The key of everything that is not of our own networks, which is one node."""


FILED = frozenset({"cdp", "lldp", "netbox", "snmp"})
"""Sources of links that say what is there, and not what was inferred."""

_POD, _MACHINE = "kubernetes", "virtual machine"
"""Sources of links from what runs somewhere to where it runs."""


@dataclass(frozen=True, slots=True)
class Node:
    """A host or device. ``key`` is its canonical address, or its name where it has none."""

    key: str
    label: str
    kind: DeviceKind
    site: str = ""
    exporter: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """Two nodes side by side. ``source`` is who says so: a kind of file, or flows.

    There are several between the same two where several cables are known.
    """

    one: str
    other: str
    port: str = ""
    other_port: str = ""
    source: str = "flows"


@dataclass(frozen=True)
class Wiring:
    """Nodes, links, and the uses that run over them, by the nodes' keys.

    ``backends`` are the nodes that stand behind a service's address, ``carried_by`` the node that
    another runs on.
    """

    nodes: dict[str, Node]
    links: tuple[Link, ...]
    uses: tuple[Use, ...]
    survey: Survey
    backends: dict[str, tuple[str, ...]]
    carried_by: dict[str, str]

    @staticmethod
    def of(
        survey: Survey,
        inventory: Inventory,
        inside: Callable[[str], bool],
        sites: Iterable[tuple[str, str]] = (),
    ) -> Wiring:
        """Put a survey and an inventory together; ``inside`` says which addresses are ours.

        ``sites`` are networks and the site that each is at, beside those of the inventory.
        """
        return _Build(survey, inventory, inside, sites).wiring()

    @cached_property
    def near(self) -> dict[str, frozenset[str]]:
        """Each node's neighbours."""
        found: dict[str, set[str]] = {key: set() for key in self.nodes}
        for link in self.links:
            found[link.one].add(link.other)
            found[link.other].add(link.one)
        return {key: frozenset(others) for key, others in found.items()}

    @cached_property
    def between(self) -> dict[tuple[str, str], tuple[Link, ...]]:
        """The links between each two nodes that have any, by the nodes in order."""
        found: dict[tuple[str, str], list[Link]] = defaultdict(list)
        for link in self.links:
            found[link.one, link.other].append(link)
        return {pair: tuple(links) for pair, links in found.items()}

    @cached_property
    def devices(self) -> tuple[str, ...]:
        """The nodes that pass on what is not theirs: exporters and what others hang on."""
        return tuple(
            key
            for key, node in self.nodes.items()
            if key != OUTSIDE and (node.exporter or len(self.near[key]) > 1)
        )

    @property
    def seen_whole(self) -> bool:
        """Whether files told of links; if not, no second way can be known."""
        return any(link.source in FILED for link in self.links)

    def carried(self, key: str) -> frozenset[str]:
        """The node and all that runs on it."""
        return frozenset({key, *(k for k, on in self.carried_by.items() if on == key)})

    def find(self, text: str) -> str | None:
        """The key of a node named by address, name, or label; None if there is none."""
        wanted = text.strip().rstrip(".").lower()
        known = self.survey.identities.resolve(wanted)
        short = wanted.partition(".")[0]
        for key in (known, wanted, short if self._names.get(short) == short else None):
            if key is not None and key in self.nodes:
                return key
        return self._names.get(wanted)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Nodes by the names in their labels, also in short where only one begins so."""
        found = {node.label.partition(" ")[0].lower(): key for key, node in self.nodes.items()}
        begun: dict[str, set[str]] = defaultdict(set)
        for name, key in found.items():
            begun[name.partition(".")[0]].add(key)
        short = {name: next(iter(keys)) for name, keys in begun.items() if len(keys) == 1}
        return {**short, **found}


class _Build:
    def __init__(
        self,
        survey: Survey,
        inventory: Inventory,
        inside: Callable[[str], bool],
        sites: Iterable[tuple[str, str]],
    ) -> None:
        named = {
            (_key_of(survey, port.device), port.number): port.name
            for port in inventory.ports
            if port.number
        }
        # What a machine says of itself while it runs comes before what a file says of it.
        self.survey = replace(survey, interfaces={**named, **survey.interfaces})
        self.inventory, self._inside = inventory, inside
        self.placing = Placing([*sites, *inventory.networks])
        self.nodes: dict[str, Node] = {}
        self.links: dict[tuple[str, str], list[Link]] = {}
        self.exporters = {sight.exporter for sight in survey.sights}
        self.group: dict[str, str] = {}

    def wiring(self) -> Wiring:
        backends = {
            address: tuple(self._key(name) for name in service.backends)
            for service in self.inventory.services
            for address in service.addresses
        }
        uses = tuple(self._placed(use) for use in self.survey.uses if _is_one(use))
        carried_by = {
            self._key(device.name): self._key(device.on)
            for device in self.inventory.devices.values()
            if device.on
        }
        self._add_nodes(uses, backends)
        for key, on in carried_by.items():
            pod = DeviceKind.POD in {self.nodes[end].kind for end in (key, on) if end in self.nodes}
            self._link(Link(*_ordered(key, on), source=_POD if pod else _MACHINE))
        self._lay_cables()
        self._attach()
        self._join_exporters(uses)
        uses = tuple(use for use in uses if use.client in self.nodes)
        links = tuple(sorted(link for found in self.links.values() for link in found))
        return Wiring(
            self._at_sites(links, carried_by),
            links,
            uses,
            self.survey,
            backends,
            carried_by,
        )

    def _key(self, name: str) -> str:
        return _key_of(self.survey, name)

    def _lay_cables(self) -> None:
        names = self._port_names()
        for cable in self.inventory.cables:
            one, other = self._key(cable.one), self._key(cable.other)
            port = names.get((one, cable.port), cable.port)
            other_port = names.get((other, cable.other_port), cable.other_port)
            ports = (port, other_port) if one < other else (other_port, port)
            self._link(Link(*_ordered(one, other), *ports, source=cable.source), parallel=True)

    def _port_names(self) -> dict[tuple[str, str], str]:
        """By device and any name or number of a port of it: what flows call that port."""
        found = {(key, str(n)): name for (key, n), name in self.survey.interfaces.items()}
        for port in self.inventory.ports:
            key = self._key(port.device)
            name = self.survey.interfaces.get((key, port.number), port.name)
            for known in (port.name, *port.also):
                found[key, known] = name
        return found

    def _at_sites(self, links: Iterable[Link], carried_by: dict[str, str]) -> dict[str, Node]:
        """The nodes in order, each at its site: as files say, by its network, or as its cable."""
        beside: dict[str, set[str]] = defaultdict(set)
        for link in links:
            if link.source not in {_POD, _MACHINE}:
                beside[link.one].add(link.other if link.source in FILED else "")
                beside[link.other].add(link.one if link.source in FILED else "")
        found = {}
        for key in sorted(self.nodes):
            node = self.nodes[key]
            site = node.site or ("" if key == OUTSIDE else self.placing.of(key))
            found[key] = node if site == node.site else replace(node, site=site)
        # Whoever has one cable and nothing else is where that leads; an exporter may be anywhere.
        leads = {key: next(iter(near)) for key, near in beside.items() if len(near) == 1}
        for with_whom in (leads, carried_by):
            for key, other in sorted(with_whom.items()):
                node, near = found[key], found.get(other)
                if not (node.site or node.exporter or key == OUTSIDE) and near and near.site:
                    found[key] = replace(node, site=near.site)
        return found

    def _place(self, address: str) -> str:
        return address if self._inside(address) or address in self.exporters else OUTSIDE

    def _placed(self, use: Use) -> Use:
        return replace(use, client=self._place(use.client), server=self._place(use.server))

    def _add_nodes(self, uses: Iterable[Use], backends: dict[str, tuple[str, ...]]) -> None:
        for device in self.inventory.devices.values():
            key = self._key(device.name)
            self._node(key, device.kind, device.site)
        for use in uses:
            for key in (use.client, use.server):
                if key not in backends:
                    self._node(key, DeviceKind.HOST)
        for key in self.exporters:
            known = self.nodes.get(key)
            kind = DeviceKind.UNKNOWN if known is None else known.kind
            ours = kind if kind not in {DeviceKind.UNKNOWN, DeviceKind.HOST} else DeviceKind.ROUTER
            site = known.site if known else ""
            self.nodes[key] = Node(key, self._label(key), ours, site, exporter=True)

    def _node(self, key: str, kind: DeviceKind, site: str = "") -> None:
        if key not in self.nodes:
            self.nodes[key] = Node(key, self._label(key), kind, site, exporter=False)

    def _label(self, key: str) -> str:
        return key if key == OUTSIDE else self.survey.identities.label(key)

    def _link(self, link: Link, *, parallel: bool = False) -> None:
        """Add a link; one beside another between the same two only where it is ``parallel``."""
        for key in (link.one, link.other):
            self._node(key, DeviceKind.UNKNOWN)
        if link.one != link.other:
            known = self.links.setdefault((link.one, link.other), [])
            if not known or (parallel and link not in known):
                known.append(link)
            self.group[self._root(link.one)] = self._root(link.other)

    def _root(self, key: str) -> str:
        while self.group.get(key, key) != key:
            key = self.group[key]
        return key

    def _attach(self) -> None:
        """Hang hosts that nothing connects on the exporter next to them."""
        linked = {end for pair in self.links for end in pair}
        nearest: dict[str, Sight] = {}
        for sight in self.survey.sights:  # those of a host come in order, the most peers first
            nearest.setdefault(sight.host, sight)
        for key in sorted(self.nodes):
            if key in linked or key in self.exporters or key not in nearest:
                continue
            sight = nearest[key]
            port = self.survey.interface(sight.exporter, sight.interface)
            ports = ("", port) if key < sight.exporter else (port, "")
            self._link(Link(*_ordered(key, sight.exporter), *ports))
        if OUTSIDE in self.nodes and OUTSIDE not in linked:
            self._attach_outside()

    def _attach_outside(self) -> None:
        """The way out is at the exporter that sees most of the outside, and least else."""
        outside: Counter[str] = Counter()
        inside: Counter[str] = Counter()
        for sight in self.survey.sights:
            ours = self._place(sight.host) != OUTSIDE
            (inside if ours else outside)[sight.exporter] += sight.peers
        if not outside:
            # No exporter saw the outside: a firewall is there to stand before it.
            for key, node in sorted(self.nodes.items()):
                if node.kind is DeviceKind.FIREWALL:
                    self._link(Link(*_ordered(OUTSIDE, key), source="firewall"))
            return
        most = max(outside.values())
        near = [e for e, peers in outside.items() if peers >= 0.9 * most]
        exporter = min(near, key=lambda e: (inside[e], e))
        votes: Counter[int] = Counter()
        for sight in self.survey.sights:
            if sight.exporter == exporter and self._place(sight.host) == OUTSIDE:
                votes[sight.interface] += sight.peers
        port = self._most(exporter, votes)
        ports = (port, "") if exporter < OUTSIDE else ("", port)
        self._link(Link(*_ordered(exporter, OUTSIDE), *ports))

    def _most(self, exporter: str, votes: Counter[int]) -> str:
        """The interface with most votes, by its name."""
        return self.survey.interface(exporter, min(votes, key=lambda n: (-votes[n], n)))

    def _join_exporters(self, uses: Iterable[Use]) -> None:
        for exporter, hop, number in self.survey.hops:
            if hop in self.exporters or (hop in self.nodes and hop != OUTSIDE):
                port = self.survey.interface(exporter, number)
                ports = (port, "") if exporter < hop else ("", port)
                link = Link(*_ordered(exporter, hop), *ports, source="next hop")
                self._link(link)
                self._complete(link)
        both: Counter[tuple[str, str]] = Counter()
        for use in uses:
            both.update(combinations(sorted(use.exporters), 2))
        ports_of = self._ports_towards()
        for (one, other), _ in sorted(both.items(), key=lambda item: (-item[1], item[0])):
            if self._root(one) != self._root(other):
                ports = ports_of.get((one, other), ""), ports_of.get((other, one), "")
                self._link(Link(one, other, *ports))

    def _complete(self, link: Link) -> None:
        """Where a link is known from its other end alone, add the port that this one tells of."""
        known = self.links.get((link.one, link.other), [])
        if len(known) == 1 and known[0].source == link.source:
            port, other_port = known[0].port or link.port, known[0].other_port or link.other_port
            known[0] = replace(known[0], port=port, other_port=other_port)

    def _ports_towards(self) -> dict[tuple[str, str], str]:
        """By exporter and another: where what hangs on the other comes in."""
        home = {
            end: far
            for (one, other), (link, *_) in self.links.items()
            for end, far in ((one, other), (other, one))
            if far in self.exporters and link.source == "flows"
        }
        votes: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        for sight in self.survey.sights:
            next_to = home.get(self._place(sight.host))
            if next_to is not None and next_to != sight.exporter:
                votes[sight.exporter, next_to][sight.interface] += sight.peers
        return {pair: self._most(pair[0], found) for pair, found in votes.items()}


def _key_of(survey: Survey, name: str) -> str:
    """The address that a device's name belongs to, or the name where none is known."""
    return survey.identities.resolve(name) or name


def _ordered(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _is_one(use: Use) -> bool:
    """Whether both ends are one host each: no groups, and nothing that only a link knows."""
    for address in (use.client, use.server):
        try:
            found = ip_address(address)
        except ValueError:
            continue
        if found.is_multicast or found.is_link_local or found.is_unspecified:
            return False
        if address == "255.255.255.255":
            return False
    return True
