"""What an anomaly touches, and how much: the form in which anomalies are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sensorium.incident.planned_scope import Talk
from sensorium.incident.traits import Trait, traits
from sensorium.model.anomaly import Anomaly, Peer
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal

DOMINANT = 0.5
_NAMED = 0.5


@dataclass(frozen=True, slots=True)
class Footprint:
    """One anomaly in canonical addresses.

    ``hosts`` gives every host it is about a weight in (0, 1]; the one it was found at has 1.
    ``talks`` are conversations with their shares, strongest first; ``mentions`` are hosts that
    it names without saying who used whose service: in log lines, or as ends of what an
    interface carried. ``surprise`` is how much it tells, in decades. ``dims`` is what it is
    compared by. ``oddity`` says what is odd in which way: entity and strongest feature; ``course``
    which way a metric series is odd, and is empty for anything else. ``aliases`` are those of its
    addresses by which the hosts are not known, each with the one by which its host is.
    """

    anomaly: Anomaly
    owner: str
    hosts: dict[str, float]
    talks: tuple[tuple[Talk, float], ...]
    mentions: dict[str, float]
    traits: frozenset[Trait]
    surprise: float
    dims: dict[str, float] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    oddity: str = field(init=False)
    course: str = field(init=False)

    def __post_init__(self) -> None:
        # Kept, since every comparison asks for them.
        object.__setattr__(self, "oddity", _oddity(self.anomaly))
        object.__setattr__(self, "course", _course(self.anomaly))

    @property
    def names_others(self) -> bool:
        """Whether it says whom else it is about, so that it can be laid at another's door."""
        return bool(self.talks or self.mentions)

    @property
    def dominant(self) -> Talk | None:
        """The conversation that accounts for most of it, if there is one."""
        if self.talks and self.talks[0][1] >= DOMINANT:
            return self.talks[0][0]
        return None


def _oddity(anomaly: Anomaly) -> str:
    entity, features = anomaly.entity, anomaly.features
    return f"{entity.kind}:{entity.key}:{features[0].name if features else ''}"


def _course(anomaly: Anomaly) -> str:
    entity, features = anomaly.entity, anomaly.features
    if entity.kind is not EntityKind.SERIES:
        return ""
    fell = bool(features) and features[0].value < features[0].expected
    return f"{entity.key}:{'fell' if fell else 'rose'}"


def footprint(anomaly: Anomaly, canonical: Callable[[str], str], *, surprise: float) -> Footprint:
    """Lay an anomaly out over hosts and conversations; ``surprise`` (decades) as rarity has it."""
    aliases: dict[str, str] = {}

    def known_as(address: str) -> str:
        found = canonical(address)
        if found != address:
            aliases[address] = found
        return found

    own = [known_as(h) for h in anomaly.hosts] or [anomaly.entity.key]
    ends = 2 if anomaly.entity.kind is EntityKind.PAIR else 1
    hosts: dict[str, float] = {}
    for place, host in enumerate(own):
        _raise_to(hosts, host, 1.0 if place < ends else _NAMED)
    talks: dict[Talk, float] = {}
    mentions: dict[str, float] = {}
    for peer in _telling_peers(anomaly):
        address = known_as(peer.address)
        if address not in own:
            _raise_to(hosts, address, min(peer.share, 1.0))
        if anomaly.signal is not Signal.FLOWS or anomaly.entity.kind is EntityKind.INTERFACE:
            _raise_to(mentions, address, min(peer.share, 1.0))
            continue
        talk = _talk(own, address, peer, is_pair=ends == 2 and len(own) > 1)
        talks[talk] = talks.get(talk, 0.0) + peer.share
    ordered = tuple(sorted(talks.items(), key=lambda item: (-item[1], item[0])))
    return Footprint(
        anomaly=anomaly,
        owner=own[0],
        hosts=hosts,
        talks=ordered,
        mentions=mentions,
        traits=traits(anomaly),
        surprise=surprise,
        dims=_dimensions(hosts, ordered),
        aliases=aliases,
    )


def _telling_peers(anomaly: Anomaly) -> tuple[Peer, ...]:
    # Who is left on an interface that carries less than it should did not make it so.
    if anomaly.entity.kind is EntityKind.INTERFACE and anomaly.features:
        strongest = anomaly.features[0]
        if strongest.value < strongest.expected:
            return ()
    return anomaly.peers


def _talk(own: list[str], address: str, peer: Peer, *, is_pair: bool) -> Talk:
    if is_pair:
        return Talk(own[0], own[1], peer.port, peer.proto)
    if peer.outbound:
        return Talk(own[0], address, peer.port, peer.proto)
    return Talk(address, own[0], peer.port, peer.proto)


def _raise_to(weights: dict[str, float], host: str, weight: float) -> None:
    weights[host] = max(weights.get(host, 0.0), weight)


def _dimensions(hosts: dict[str, float], talks: tuple[tuple[Talk, float], ...]) -> dict[str, float]:
    # A host is one thing to compare by and a port of it another: a guessed SSH password and a
    # failing web application on one host have half of this in common, not all.
    dims = {f"host {host}": weight for host, weight in hosts.items()}
    for talk, share in talks:
        key = f"service {talk.server}:{talk.port}/{talk.proto}"
        dims[key] = min(dims.get(key, 0.0) + share, 1.0)
    return dims
