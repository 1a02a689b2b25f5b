"""Hosts by their flows: how much, with how many, how often in vain, and with whom anew."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import count, plain, volume
from sensorium.detect.flows.contributors import peers
from sensorium.detect.flows.shapes import shape_of
from sensorium.detect.flows.window import Conversations, FlowWindow
from sensorium.detect.groups import Groups, count_distinct, entropy_bits
from sensorium.detect.keys import combine
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import sentence
from sensorium.model.anomaly import Entity, EntityKind
from sensorium.model.signals import Signal

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
    talks, edges, m = flows.conversations, flows.edges, len(flows.addresses.keys)
    client, server = talks.client, talks.server
    failed = talks.failed.astype(np.int64)

    def total(who: I64, what: I64) -> F64:
        return np.asarray(np.bincount(who, what, m), np.float64)

    sent = total(client, talks.bytes_up) + total(server, talks.bytes_down)
    received = total(client, talks.bytes_down) + total(server, talks.bytes_up)
    packets = talks.packets_up + talks.packets_down
    opened = np.bincount(client, minlength=m)
    vain = total(client, failed)
    new = edges.new.astype(np.int64)
    columns = {
        "bytes_out": sent,
        "bytes_in": received,
        "packets": total(client, packets) + total(server, packets),
        "flows_as_client": opened,
        "flows_as_server": np.bincount(server, minlength=m),
        "peers": count_distinct(client, m, server),
        "clients": count_distinct(server, m, client),
        "ports": count_distinct(client, m, talks.port, talks.proto),
        "ports_asked": count_distinct(server, m, talks.port, talks.proto),
        "failed": vain,
        "failed_as_server": total(server, failed),
        "failed_share": vain / np.maximum(opened, _FEW),
        "port_entropy": _entropy(client, m, talks.port, talks.proto),
        "peer_entropy": _entropy(client, m, server),
        "asymmetry": np.log10((sent + _SMALL_TALK) / (received + _SMALL_TALK)),
        "new_peers": count_distinct(edges.client[edges.new], m, edges.server[edges.new]),
        "new_services": np.bincount(edges.client, new, m),
        "novelty": _strongest(edges.client, edges.novelty, m),
    }
    return np.column_stack([columns[feature.name] for feature in FEATURES]).astype(np.float64)


def _entropy(owner: I64, owners: int, *columns: I64) -> F64:
    keys = combine(owner.astype(np.uint64), *(c.astype(np.uint64) for c in columns))
    groups = Groups.of(keys)
    return entropy_bits(groups.first(owner), groups.sizes(), owners)


def _strongest(owner: I64, values: F64, owners: int) -> F64:
    out = np.zeros(owners)
    np.maximum.at(out, owner, values)
    return out


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
        self._latest: tuple[Window, Scored] | None = None

    def score(self, window: Window) -> Scored:
        """One row per host; of the latest window, the first answer."""
        if window.flows is None:
            return Scored.nothing(len(FEATURES))
        if self._latest is None or self._latest[0] is not window:
            self._latest = (window, self._score(window.flows))
        return self._latest[1]

    def _score(self, flows: FlowWindow) -> Scored:
        talks, m = flows.conversations, len(flows.addresses.keys)
        spoke = np.zeros(m, np.bool_)
        spoke[talks.client[talks.packets_up > 0]] = True
        spoke[talks.server[talks.packets_down > 0]] = True
        asked = np.bincount(talks.server, minlength=m) > 0
        known = self._profiles.index.find(flows.addresses.keys) >= 0
        who = np.flatnonzero((spoke | (asked & known)) & ~flows.addresses.group)
        return self._profiles.score(flows.addresses.keys[who], host_values(flows)[who], who)

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

    def entities(self) -> int:
        """Hosts remembered."""
        return len(self._profiles)


def _on_hosts(flows: FlowWindow, rows: I64, feature: str) -> str:
    """On how many hosts, where a feature counts what was done to others."""
    if feature not in ("ports", "failed", "flows_as_client", "new_services", "port_entropy"):
        return ""
    hosts = len(np.unique(flows.conversations.server[rows]))
    return " on 1 host" if hosts == 1 else f" on {hosts} hosts"


def _concerned(flows: FlowWindow, address: int, feature: str) -> tuple[I64, I64, Bool]:
    """A host's conversations, what each contributes to a feature, and where it is the client."""
    talks = flows.conversations
    rows = np.union1d(flows.of_client(address), flows.of_server(address))
    as_client = talks.client[rows] == address
    weight = _weight(talks, flows, rows, as_client, feature)
    return rows, weight if weight.any() else np.ones(len(rows), np.int64), as_client


def _weight(
    talks: Conversations, flows: FlowWindow, rows: I64, as_client: Bool, feature: str
) -> I64:
    """What each of a host's conversations contributes to a feature."""
    up, down = talks.bytes_up[rows], talks.bytes_down[rows]
    failed = talks.failed[rows].astype(np.int64)
    new = flows.edges.new[flows.edges.conversation[rows]].astype(np.int64)
    asked, asking = (~as_client).astype(np.int64), as_client.astype(np.int64)
    sent = np.where(as_client, up, down)
    weights = {
        "bytes_out": sent,
        "asymmetry": sent,
        "bytes_in": up + down - sent,
        "packets": talks.packets_up[rows] + talks.packets_down[rows],
        "failed": failed * asking,
        "failed_share": failed * asking,
        "failed_as_server": failed * asked,
        "new_peers": new * asking,
        "new_services": new * asking,
        "novelty": new * asking,
        "flows_as_server": asked,
        "clients": asked,
        "ports_asked": asked,
    }
    return weights.get(feature, asking)
