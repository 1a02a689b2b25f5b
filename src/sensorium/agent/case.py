"""One investigation as its nodes see it: the state of the graph, read back into records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import Protocol

from sensorium.agent import conventions
from sensorium.agent.clue import Clue
from sensorium.agent.deps import AgentDeps
from sensorium.agent.naming import Names
from sensorium.agent.settings import AgentConfig
from sensorium.agent.state import (
    InvestigationState,
    Json,
    anomaly_from_json,
    change_from_json,
    clue_from_json,
    clue_to_json,
    incident_from_json,
)
from sensorium.agent.tools.toolbox import Toolbox
from sensorium.agent.window import MINUTE_NS, SECOND_NS, Windows
from sensorium.model.anomaly import Anomaly
from sensorium.model.change import Change
from sensorium.model.entity_kind import EntityKind
from sensorium.model.incident import Incident

NODE_ORDER = ("orchestrate", "was_it_planned", "traffic", "log", "topology", "propose")


@dataclass(frozen=True)
class Case:
    """What is known so far. Cheap to make; a node makes its own from the state it is given."""

    state: InvestigationState
    config: AgentConfig

    @cached_property
    def incident(self) -> Incident:
        """The incident as it was handed in."""
        return incident_from_json(self.state["incident"])

    @cached_property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """Its anomalies, by time and then by id."""
        found = (anomaly_from_json(a) for a in self.state["anomalies"])
        return tuple(sorted(found, key=lambda a: (a.start_ns, a.end_ns, a.id)))

    @property
    def left_out(self) -> int:
        """How many of its anomalies are too many to be read one by one."""
        return self.state.get("left_out", 0)

    @property
    def attacks(self) -> tuple[tuple[str, str], ...]:
        """Elevated intrusions of the same time and hosts, as (incident id, title)."""
        return tuple((a["id"], a["title"]) for a in self.state.get("attacks", []))

    @property
    def cables(self) -> str:
        """What the inventory's cables are filed under; empty where none are known."""
        return self.state.get("cables", "")

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Planned changes around the incident's time."""
        return tuple(change_from_json(c) for c in self.state.get("changes", []))

    @cached_property
    def windows(self) -> Windows:
        """Before and during."""
        return Windows.of(
            self.incident,
            self.state["until_ns"],
            baseline_ns=self.config.baseline_minutes * MINUTE_NS,
            lead_ns=self.config.lead_seconds * SECOND_NS,
            tail_ns=self.config.tail_seconds * SECOND_NS,
            known_ns=self.state.get("known_ns", 0),
        )

    @cached_property
    def names(self) -> Names:
        """Who is called what."""
        stored = self.state.get("names", {})
        return Names(stored.get("names", {}), stored.get("canonical", {}))

    @cached_property
    def focus(self) -> tuple[str, ...]:
        """The hosts to look at, most involved first, by their canonical addresses.

        Hosts of the incident and the peers its anomalies name, each once; a peer counts by the
        shares it has of what made the anomalies odd.
        """
        weight: dict[str, float] = {}
        for position, host in enumerate(self.incident.hosts):
            home = self.names.home(host)
            weight.setdefault(home, 1000.0 - position)
        for anomaly in self.anomalies:
            for host in anomaly.hosts:
                weight.setdefault(self.names.home(host), 1.0)
            for peer in anomaly.peers:
                home = self.names.home(peer.address)
                if weight.get(home, 0.0) < 1000.0 - len(self.incident.hosts):
                    weight[home] = weight.get(home, 0.0) + peer.share
        ranked = sorted(weight, key=lambda h: (-round(weight[h], 6), h))
        return tuple(ranked[: self.config.focus_hosts])

    @cached_property
    def routers(self) -> tuple[str, ...]:
        """Routers the incident is about: those its anomalies name, and hosts that export flows."""
        kinds = (EntityKind.INTERFACE, EntityKind.EXPORTER)
        keys = [a.entity.key.partition("#")[0] for a in self.anomalies if a.entity.kind in kinds]
        named = sorted(self.names.home(k) for k in keys)
        return tuple(dict.fromkeys((*named, *self.state.get("plan", {}).get("routers", []))))

    def clues(self, *nodes: str) -> tuple[Clue, ...]:
        """The clues of these nodes, or of all, in a fixed order whatever ran first."""
        stored = self.state.get("clues", {})
        wanted = nodes or NODE_ORDER
        return tuple(clue_from_json(c) for node in wanted for c in stored.get(node, []))

    @cached_property
    def evidence_ids(self) -> tuple[str, ...]:
        """Ids of all evidence of this case, each once, in the order of the nodes."""
        stored = self.state.get("evidence", {})
        return tuple(dict.fromkeys(e for node in NODE_ORDER for e in stored.get(node, [])))

    def inside(self, address: str) -> bool:
        """Whether an address belongs to our own networks."""
        if self.names.name(address):
            return True
        networks = (ip_network(n, strict=False) for n in self.config.internal_networks)
        ip = ip_address(address)
        return any(ip.version == n.version and ip in n for n in networks)


def hosts_of(case: Case, change: Change) -> tuple[str, ...]:
    """Canonical addresses of the hosts a change names; unknown names are left out."""
    return _resolved(case, change.scope.hosts)


def peers_of(case: Case, change: Change) -> tuple[str, ...]:
    """Canonical addresses of the peers a change names."""
    return _resolved(case, change.scope.peers)


def _resolved(case: Case, names: Iterable[str]) -> tuple[str, ...]:
    found = (case.names.resolve(name) for name in names)
    return tuple(dict.fromkeys(a for a in found if a is not None))


@dataclass(frozen=True, slots=True)
class Report:
    """What a node found out: clues, and sentences on what it did not look at and why."""

    clues: tuple[Clue, ...] = ()
    notes: tuple[str, ...] = ()
    update: Json | None = None


Play = Callable[[Case, Toolbox], Report]
"""A playbook: asks through the toolbox and reports what the answers amount to."""


class Node(Protocol):
    """A node of the graph: reads the state and answers with what it adds."""

    def __call__(self, state: InvestigationState) -> Json:
        """Run the node."""


def investigator(name: str, deps: AgentDeps, play: Play) -> Node:
    """Wrap a playbook as a node of the graph.

    The playbook is the seam for a model: whatever plans the questions, a node answers with the
    same report, and every clue in it must cite evidence the node's own toolbox gathered.
    """

    def node(state: InvestigationState) -> Json:
        case = Case(state, deps.config)
        span, attributes = conventions.agent_span(name, case.incident.id)
        with deps.observe.span(span, attributes):
            box = Toolbox(
                deps,
                incident_id=case.incident.id,
                agent=name,
                windows=case.windows,
                names=case.names,
            )
            report = play(case, box)
        return {
            "clues": {name: [clue_to_json(c) for c in sound(report.clues, box.asked, name)]},
            "evidence": {name: box.asked},
            "notes": {name: [*report.notes, *box.failures]},
            **(report.update or {}),
        }

    return node


def sound(clues: Iterable[Clue], asked: Iterable[str], name: str) -> list[Clue]:
    """The clues that cite evidence this node gathered, signed with the node's name."""
    known = set(asked)
    return [
        replace(clue, investigator=name)
        for clue in clues
        if clue.evidence and known.issuperset(clue.evidence)
    ]
