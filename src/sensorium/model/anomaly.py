"""An anomaly: one entity in one window that a detector found improbable, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.model.canonical import digest
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """A thing that is watched.

    Keys: host ``10.0.0.1``; pair ``10.0.0.1>10.0.0.2`` (client, then server); service
    ``10.0.0.2:5432/tcp``; interface ``10.0.0.254#2`` (exporter, ifIndex); exporter ``10.0.0.254``;
    series ``name{label="value"}``; log template ``10.0.0.1/4f2a...`` (sender, template id in hex).
    """

    kind: EntityKind
    key: str


@dataclass(frozen=True, slots=True)
class Feature:
    """One measured value against what was expected, in ``unit``; ``score`` is in robust sigmas."""

    name: str
    value: float
    expected: float
    score: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is on the other end of what made an entity odd.

    ``port`` and ``proto`` name the service used; ``outbound`` is true where the anomaly's entity
    is the client; ``share`` is the part (0 to 1) of the window's strongest feature that this
    peer accounts for.
    """

    address: str
    port: int
    proto: int
    outbound: bool
    share: float


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One improbable window of one entity; made by :meth:`make`, which derives the id.

    ``hosts`` are the addresses the anomaly is about, the entity's own first. ``features`` are
    strongest first. ``tail_probability`` is how often quiet traffic scores this high.
    ``summary`` is one plain sentence.
    """

    id: str
    start_ns: int
    end_ns: int
    entity: Entity
    signal: Signal
    detector: str
    score: float
    tail_probability: float
    features: tuple[Feature, ...]
    hosts: tuple[str, ...]
    peers: tuple[Peer, ...]
    summary: str

    @staticmethod
    def make(
        *,
        start_ns: int,
        end_ns: int,
        entity: Entity,
        signal: Signal,
        detector: str,
        score: float,
        tail_probability: float,
        features: tuple[Feature, ...],
        hosts: tuple[str, ...],
        peers: tuple[Peer, ...] = (),
        summary: str,
    ) -> Anomaly:
        """Build an anomaly whose id follows from detector, entity and window alone."""
        key = [detector, entity.kind.value, entity.key, start_ns, end_ns]
        return Anomaly(
            id="an-" + digest(key)[:16],
            start_ns=start_ns,
            end_ns=end_ns,
            entity=entity,
            signal=signal,
            detector=detector,
            score=score,
            tail_probability=tail_probability,
            features=features,
            hosts=hosts,
            peers=peers,
            summary=summary,
        )
