"""What an anomaly touches, and how much: the form in which anomalies are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sensorium.incident.planned_scope import Talk
from sensorium.incident.traits import Trait, traits
from sensorium.model.anomaly import Anomaly, EntityKind

CAP_DECADES = 6.0
"""Surprise of one anomaly counts at most this much: a tail estimate is no better than that."""

DOMINANT = 0.5
_MENTIONED = 0.5
_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmp6": 58, "sctp": 132}


@dataclass(frozen=True, slots=True)
class Footprint:
    """One anomaly in canonical addresses.

    ``hosts`` gives every host it is about a weight in (0, 1]; the one it was found at has 1.
    ``talks`` are conversations with their shares, strongest first. ``surprise`` is how far, in
    decades, it goes beyond what the gate lets through, between 0 and :data:`CAP_DECADES`.
    """

    anomaly: Anomaly
    owner: str
    hosts: dict[str, float]
    talks: tuple[tuple[Talk, float], ...]
    traits: frozenset[Trait]
    surprise: float
    dims: dict[str, float] = field(default_factory=dict)

    @property
    def is_host_only(self) -> bool:
        """Whether it says nothing about who talked with whom."""
        return not self.talks

    @property
    def dominant(self) -> Talk | None:
        """The conversation that accounts for most of it, if there is one."""
        if self.talks and self.talks[0][1] >= DOMINANT:
            return self.talks[0][0]
        return None


def footprint(anomaly: Anomaly, canonical: Callable[[str], str], *, surprise: float) -> Footprint:
    """Lay an anomaly out over hosts and conversations; ``surprise`` in decades beyond the gate."""
    hosts: dict[str, float] = {}
    talks: dict[Talk, float] = {}
    own = [canonical(h) for h in anomaly.hosts] or [anomaly.entity.key]
    ends = 2 if anomaly.entity.kind is EntityKind.PAIR else 1
    for place, host in enumerate(own):
        _raise_to(hosts, host, 1.0 if place < ends else _MENTIONED)
    port, proto = _service_port(anomaly)
    for peer in anomaly.peers:
        address = canonical(peer.address)
        if anomaly.entity.kind is EntityKind.PAIR and len(own) > 1:
            talk = Talk(own[0], own[1], peer.port, peer.proto)
        elif peer.outbound:
            talk = Talk(own[0], address, peer.port, peer.proto)
        else:
            talk = Talk(address, own[0], peer.port, peer.proto)
        talks[talk] = talks.get(talk, 0.0) + peer.share
        if address != own[0]:
            _raise_to(hosts, address, min(peer.share, 1.0))
    if anomaly.entity.kind is EntityKind.PAIR and len(own) > 1 and not talks:
        talks[Talk(own[0], own[1], port, proto)] = 1.0
    ordered = tuple(sorted(talks.items(), key=lambda item: (-item[1], item[0])))
    return Footprint(
        anomaly=anomaly,
        owner=own[0],
        hosts=hosts,
        talks=ordered,
        traits=traits(anomaly),
        surprise=min(surprise, CAP_DECADES),
        dims=_dimensions(hosts, ordered),
    )


def _raise_to(weights: dict[str, float], host: str, weight: float) -> None:
    weights[host] = max(weights.get(host, 0.0), weight)


def _service_port(anomaly: Anomaly) -> tuple[int, int]:
    if anomaly.entity.kind is not EntityKind.SERVICE:
        return 0, 0
    port, _, name = anomaly.entity.key.rpartition(":")[2].partition("/")
    return (int(port) if port.isdigit() else 0), _PROTOCOLS.get(name, 0)


def _dimensions(hosts: dict[str, float], talks: tuple[tuple[Talk, float], ...]) -> dict[str, float]:
    # A host is one thing to compare by and a port of it another: a guessed SSH password and a
    # failing web application on one host have half of this in common, not all.
    dims = {f"host {host}": weight for host, weight in hosts.items()}
    for talk, share in talks:
        key = f"service {talk.server}:{talk.port}/{talk.proto}"
        dims[key] = min(dims.get(key, 0.0) + share, 1.0)
    return dims
