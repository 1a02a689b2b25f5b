"""Hosts by their flows: how much, with how many, how often in vain, and with whom anew."""

from __future__ import annotations

from weakref import ref

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import count, plain, volume
from sensorium.detect.flows.contributors import peers
from sensorium.detect.flows.relations import Relation
from sensorium.detect.flows.shapes import shape_of
from sensorium.detect.flows.window import Conversations, FlowWindow
from sensorium.detect.groups import Groups, entropy_bits, how_many
from sensorium.detect.kernels.relations import (
    ASKED,
    FIRST,
    FLOWS,
    HOST,
    NEW,
    OPENED,
    PASSED,
    RECEIVED,
    SENT,
    UNANSWERED,
    VAIN,
    strongest,
    sum_hosts,
)
from sensorium.detect.keys import combine
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import sentence
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State

FEATURES = (
    volume("bytes_out", "sent {}"),
    volume("bytes_in", "received {}"),
    count("packets", "exchanged {} packets"),
    count("flows_as_client", "opened {} conversations"),
    count("flows_as_server", "was asked {} times"),
    count("peers", "contacted {} hosts"),
    count("clients", "was contacted by {} hosts"),
    count("ports", "contacted {} ports"),
    count("ports_asked", "was asked on {} ports"),
    count("failed", "failed in {} conversations"),
    count("failed_as_server", "left {} conversations unanswered or refused"),
    plain("failed_share", "failed in {} of its conversations", 0.1, "share"),
    plain("port_entropy", "spread its conversations over ports with {}", 0.5, "bits"),
    plain("peer_entropy", "spread its conversations over hosts with {}", 0.5, "bits"),
    plain("asymmetry", "sent {} times (log10) what it received", 0.3, "decades"),
    count("new_peers", "contacted {} hosts for the first time"),
    count("new_services", "used {} services for the first time"),
    plain("novelty", "made first contacts with improbability {}", 0.5, "decades"),
)

# Below this many bytes a ratio of sent to received says nothing.
_SMALL_TALK = 20_000
# Of fewer conversations than this, the share that failed is taken as of this many.
_FEW = 5


def host_values(flows: FlowWindow) -> F64:
    """The features of every address of the window, (m, f) in natural units."""
    edges, pairs, services = flows.edges, flows.pairs, flows.services
    m = len(flows.addresses.keys)
    sums, novelty = np.zeros((m, HOST), np.int64), np.zeros(m)
    sum_hosts(edges.client, edges.server, edges.sums, sums)
    strongest(edges.client, edges.novelty, novelty)
    client, server = _ends(flows, pairs)
    ports = Groups.of(
        combine(
            edges.client.astype(np.uint64),
            edges.port.astype(np.uint64),
            edges.proto.astype(np.uint64),
        )
    )
    asking, flows_by_port = ports.first(edges.client), np.zeros(len(ports), np.int64)
    np.add.at(flows_by_port, ports.codes, edges.sums[:, FLOWS])
    columns = {
        "bytes_out": sums[:, SENT],
        "bytes_in": sums[:, RECEIVED],
        "packets": sums[:, PASSED],
        "flows_as_client": sums[:, OPENED],
        "flows_as_server": sums[:, ASKED],
        "peers": np.bincount(client, minlength=m),
        "clients": np.bincount(server, minlength=m),
        "ports": np.bincount(asking, minlength=m),
        "ports_asked": np.bincount(flows.conversations.server[services.talk], minlength=m),
        "failed": sums[:, VAIN],
        "failed_as_server": sums[:, UNANSWERED],
        "failed_share": sums[:, VAIN] / np.maximum(sums[:, OPENED], _FEW),
        "port_entropy": entropy_bits(asking, flows_by_port, m),
        "peer_entropy": entropy_bits(client, pairs.sums[:, FLOWS], m),
        "asymmetry": np.log10((sums[:, SENT] + _SMALL_TALK) / (sums[:, RECEIVED] + _SMALL_TALK)),
        "new_peers": np.bincount(client[pairs.sums[:, NEW] > 0], minlength=m),
        "new_services": sums[:, FIRST],
        "novelty": novelty,
    }
    values = np.empty((m, len(FEATURES)))
    for at, feature in enumerate(FEATURES):
        values[:, at] = columns[feature.name]
    return values


def _ends(flows: FlowWindow, pairs: Relation) -> tuple[I64, I64]:
    """Client and server of each pair."""
    talks = flows.conversations
    return talks.client[pairs.talk], talks.server[pairs.talk]


class HostDetector:
    """Scores every host that took part in a conversation in the window.

    An address that has never sent a packet is nobody's.
    """

    name = "flows.host"
    kind = EntityKind.HOST
    signal = Signal.FLOWS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._profiles = Profiles(FEATURES, config)
        self._seconds = config.window_seconds
        # The window's tables are no longer needed once it is closed.
        self._latest: tuple[ref[Window], Scored] | None = None

    def score(self, window: Window) -> Scored:
        """One row per host; of the latest window, the first answer."""
        if window.flows is None:
            return Scored.nothing(len(FEATURES))
        if self._latest is None or self._latest[0]() is not window:
            self._latest = None
            self._latest = (ref(window), self._score(window.flows))
        return self._latest[1]

    def _score(self, flows: FlowWindow) -> Scored:
        talks, m = flows.conversations, len(flows.addresses.keys)
        spoke = np.zeros(m, np.bool_)
        spoke[talks.client[talks.packets_up > 0]] = True
        spoke[talks.server[talks.packets_down > 0]] = True
        asked = np.zeros(m, np.bool_)
        asked[talks.server] = True
        rows = self._profiles.index.find(flows.addresses.keys)
        who = np.flatnonzero((spoke | (asked & (rows >= 0))) & ~flows.addresses.group)
        keys, values = flows.addresses.keys[who], host_values(flows)[who]
        return self._profiles.score(keys, values, who, rows[who])

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window into the baselines."""
        self._profiles.learn(scored, passed, window.index)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the host, and the peers that account for its strongest feature."""
        assert window.flows is not None
        address = int(scored.places[place])
        who = window.flows.addresses.text(address)
        strongest = features[0]
        spec = FEATURES[strongest]
        rows, weight, as_client = _concerned(window.flows, address, spec.name)
        said = sentence(
            who,
            spec,
            scored.values[place, strongest],
            scored.expected[place, strongest],
            seconds=self._seconds,
            extra=_on_hosts(window.flows, rows[weight > 0], spec.name),
        )
        shape = shape_of(window.flows, address, spec.name)
        return Explanation(
            entity=Entity(EntityKind.HOST, who),
            hosts=(who,),
            peers=peers(window.flows, rows, weight, as_client),
            summary=said if shape is None else f"{said}; {shape.told}",
        )

    def state(self) -> State:
        """The baselines."""
        return self._profiles.state()

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._profiles.restore(state)
        self._latest = None

    def entities(self) -> int:
        """Hosts remembered."""
        return len(self._profiles)


def _on_hosts(flows: FlowWindow, rows: I64, feature: str) -> str:
    """On how many hosts, where a feature counts what was done to others."""
    if feature not in ("ports", "failed", "flows_as_client", "new_services", "port_entropy"):
        return ""
    hosts = how_many(flows.conversations.server[rows])
    return " on 1 host" if hosts == 1 else f" on {hosts} hosts"


def _concerned(flows: FlowWindow, address: int, feature: str) -> tuple[I64, I64, Bool]:
    """A host's conversations, what each contributes to a feature, and where it is the client."""
    talks = flows.conversations
    asking, asked = flows.of_client(address), flows.of_server(address)
    rows = np.union1d(asking, asked) if len(asking) and len(asked) else asking
    rows = rows if len(rows) else asked
    as_client = talks.client[rows] == address
    weight = _weight(talks, flows, rows, as_client, feature)
    return rows, weight if weight.any() else np.ones(len(rows), np.int64), as_client


def _weight(
    talks: Conversations, flows: FlowWindow, rows: I64, as_client: Bool, feature: str
) -> I64:
    """What each of a host's conversations contributes to a feature."""
    match feature:
        case "bytes_out" | "asymmetry":
            return np.where(as_client, talks.bytes_up[rows], talks.bytes_down[rows])
        case "bytes_in":
            return np.where(as_client, talks.bytes_down[rows], talks.bytes_up[rows])
        case "packets":
            return talks.packets_up[rows] + talks.packets_down[rows]
        case "failed" | "failed_share":
            counted = talks.failed[rows] & as_client
        case "failed_as_server":
            counted = talks.failed[rows] & ~as_client
        case "new_peers" | "new_services" | "novelty":
            counted = flows.edges.new[flows.edges.conversation[rows]] & as_client
        case "flows_as_server" | "clients" | "ports_asked":
            counted = ~as_client
        case _:
            counted = as_client
    return counted.astype(np.int64)
