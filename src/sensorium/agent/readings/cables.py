"""What cables say of a device or a link: what is at its ends, and what it alone connects."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from sensorium.agent.case import Case
from sensorium.agent.clue import Clue, ClueKind
from sensorium.agent.naming import count
from sensorium.agent.tools.toolbox import Answer
from sensorium.model.evidence import Weight
from sensorium.model.signals import Signal
from sensorium.topology.transit import parts

_MOST_PORTS = 100
_MOST_HOSTS = 3
_NAMED = 4

Port = tuple[str, str]
"""A device and the name of a port of it, which may be empty."""


class Cabling:
    """Cables as a graph. Nodes are canonical addresses, or names where no address is known."""

    def __init__(self, case: Case, answer: Answer) -> None:
        self.case = case
        near: dict[str, set[str]] = defaultdict(set)
        self.ports: dict[Port, tuple[Port, str]] = {}
        self.kinds: dict[str, str] = {}
        self.sites: dict[str, str] = {}
        self._between: Counter[frozenset[str]] = Counter()
        for row in answer.rows:
            one, other = (case.names.resolve(row[end]) or row[end] for end in ("one", "other"))
            if one == other:
                continue
            near[one].add(other)
            near[other].add(one)
            self._between[frozenset((one, other))] += 1
            ends = (one, row["one_port"]), (other, row["other_port"])
            self.ports[ends[0]], self.ports[ends[1]] = (
                (ends[1], row["source"]),
                (ends[0], row["source"]),
            )
            self.kinds |= {one: row["one_kind"], other: row["other_kind"]}
            self.sites |= {one: row["one_site"], other: row["other_site"]}
        self.near = {node: frozenset(near[node]) for node in sorted(near)}

    def label(self, node: str) -> str:
        """``sw-3 (10.0.0.3)``, or the name alone where no address is known."""
        return self.case.names.host(node)

    def behind(self, node: str) -> list[str]:
        """Who has no way to the larger rest without a node."""
        return self._smaller(parts(self.near, {node}), self.near[node])

    def beyond(self, one: str, other: str) -> list[str]:
        """Who has no way to the larger rest without one cable between two nodes."""
        if self._between[frozenset((one, other))] > 1:
            return []
        off = {one: self.near[one] - {other}, other: self.near[other] - {one}}
        return self._smaller(parts({**self.near, **off}, frozenset()), (one, other))

    def _smaller(self, found: dict[str, int], beside: Iterable[str]) -> list[str]:
        """The nodes of all parts that any of ``beside`` is in, but the largest."""
        touched = {found[node] for node in beside}
        sizes = Counter(part for part in found.values() if part in touched)
        rest = min(sizes, key=lambda part: (-sizes[part], part), default=-1)
        return [node for node, part in found.items() if part in touched and part != rest]


def read_cables(case: Case, answer: Answer) -> list[Clue]:
    """What the cables say of the case's devices and their ports, and where its hosts hang."""
    cabling = Cabling(case, answer)
    known = [n for n in dict.fromkeys((*case.routers, *case.focus)) if n in cabling.near]
    devices = [node for node in known if len(cabling.near[node]) > 1]
    hosts = [node for node in known if len(cabling.near[node]) == 1]
    clues = [_device(cabling, answer, node) for node in devices]
    ends = sorted(port for port in cabling.ports if port[0] in devices and port[1])
    clues += [_port(cabling, answer, port) for port in ends[:_MOST_PORTS]]
    clues += [_host(cabling, answer, node) for node in hosts[:_MOST_HOSTS]]
    return clues


def _device(cabling: Cabling, answer: Answer, node: str) -> Clue:
    near = sorted(cabling.near[node], key=lambda n: (-len(cabling.near[n]), n))
    site = cabling.sites[node]
    lost = cabling.behind(node)
    what = cabling.kinds[node] + (f" at site {site}" if site else "")
    return _clue(
        answer,
        node,
        f"by its cables {cabling.label(node)} is a {what} next to {_named(cabling, near)}; "
        + (
            f"without it {_parted(cabling, lost)}"
            if lost
            else "without it all others still reach each other"
        ),
        lost,
    )


def _port(cabling: Cabling, answer: Answer, port: Port) -> Clue:
    node, name = port
    (other, other_name), source = cabling.ports[port]
    lost = cabling.beyond(node, other)
    far = f"port {other_name} of {cabling.label(other)}" if other_name else cabling.label(other)
    return _clue(
        answer,
        f"{node}#{name}",
        f"interface {name} of {cabling.label(node)} is cabled to {far} ({source}); "
        + (
            f"without that cable {_parted(cabling, lost)}"
            if lost
            else "without that cable there is another way"
        ),
        lost,
        far=other,
    )


def _host(cabling: Cabling, answer: Answer, node: str) -> Clue:
    port, ((other, other_name), source) = next(
        (mine, far) for mine, far in sorted(cabling.ports.items()) if mine[0] == node
    )
    at = f"port {other_name} of {cabling.label(other)}" if other_name else cabling.label(other)
    by = f" by its {port[1]}" if port[1] else ""
    return _clue(answer, node, f"{cabling.label(node)} hangs{by} on {at} ({source})", [], far=other)


def _parted(cabling: Cabling, lost: list[str]) -> str:
    have = "has" if len(lost) == 1 else "have"
    return (
        f"{count(len(lost), 'node')} {have} no way to the rest by the cables that are known: "
        f"{_named(cabling, lost)}"
    )


def _named(cabling: Cabling, nodes: list[str]) -> str:
    return cabling.case.names.many(nodes, _NAMED)


def _clue(answer: Answer, subject: str, text: str, lost: list[str], far: str = "") -> Clue:
    return Clue(
        ClueKind.CABLED,
        subject,
        text,
        answer.cite,
        # An inventory is no telemetry; what it says is context, which supports no verdict.
        Signal.FLOWS,
        Weight.CONTEXT,
        object=far,
        value=len(lost),
        unit="nodes",
        detail={"parted": lost[:100]},
    )
