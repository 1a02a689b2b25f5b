"""What a detector is, what it is given and what it gives back.

A detector MUST

- give the same answer for the same windows, whatever the order of records within them;
- change no state in :meth:`Detector.score` and :meth:`Detector.explain`;
- look at nothing later than the window it is given;
- give, after its state was put into another, what it would have given without;
- bound its memory by the settings, whatever the number of entities;
- accept windows without any record of its signal, values that never change, gaps and NaN.

``tests/detect/test_conformance.py`` runs over every registered member.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.features import FeatureSpec
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.logs.window import LogWindow
from sensorium.detect.metrics.window import MetricWindow
from sensorium.model.anomaly import Entity, Feature, Peer
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import Keeper


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Window:
    """All that is known of one window of event time, in columns.

    ``index`` counts windows since the Unix epoch. A signal without records has no part.
    ``complete`` is false where the stream ended before all of its records could arrive: what is
    missing from it means nothing, and it is not learned from.
    """

    index: int
    start_ns: int
    end_ns: int
    flows: FlowWindow | None = None
    logs: LogWindow | None = None
    metrics: MetricWindow | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of ``n`` entities of one window in ``f`` features.

    ``keys`` uint64 (n,), distinct; ``values`` and ``expected`` (n, f) in natural units;
    ``oddness`` (n, f) is each feature's score, larger is odder and NaN claims nothing: signed
    robust sigmas, or decades for features of that scale. ``strata`` (n,) separates entities
    whose scores are not comparable; ``places`` (n,) is each entity's place in the detector's
    own tables of the window. Rows are in order of ``keys``. ``unmoved`` counts further entities of
    which nothing is to be said: they count as zero where probabilities are learned, and are not
    counted as scored.
    """

    keys: U64
    values: F64
    expected: F64
    oddness: F64
    places: I64
    strata: I64
    unmoved: int = 0

    @staticmethod
    def nothing(features: int) -> Scored:
        """No entity scored."""
        empty = np.empty((0, features))
        none = np.empty(0, np.int64)
        return Scored(np.empty(0, np.uint64), empty, empty, empty, none, none)

    def without_falls(self) -> Scored:
        """The same where only what is above the expected counts."""
        return replace(self, oddness=np.maximum(self.oddness, 0.0))

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a detector says of one odd entity; see the fields of the same names in ``Anomaly``."""

    entity: Entity
    hosts: tuple[str, ...]
    peers: tuple[Peer, ...]
    summary: str
    features: tuple[Feature, ...] = field(default=())


@runtime_checkable
class Rationing(Protocol):
    """A detector that has room for fewer entities than ask for it."""

    @property
    def turned_away(self) -> int:
        """How often an entity found no room, since the detector was made."""


class Detector(Keeper, Protocol):
    """Scores the entities of one kind, window by window; what it learned can be taken out."""

    @property
    def name(self) -> str:
        """The name in anomalies, statistics and settings, led by the signal: ``flows.host``."""

    @property
    def kind(self) -> EntityKind:
        """What its entities are."""

    @property
    def signal(self) -> Signal:
        """The signal that it reads."""

    @property
    def features(self) -> tuple[FeatureSpec, ...]:
        """The columns of its scores."""

    def score(self, window: Window) -> Scored:
        """Score the window against what has been learned before it."""

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window in; ``passed`` (n,) are the entities that the gate let through."""

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Say what row ``place`` of ``scored`` is and who made it odd.

        ``features`` are indexes of the features that made it odd, strongest first.
        """

    def entities(self) -> int:
        """How many entities are held in memory."""
