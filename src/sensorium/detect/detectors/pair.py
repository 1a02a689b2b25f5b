"""Pairs of client and server: volumes, failures, ports, and first contacts."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import count, plain, volume
from sensorium.detect.flows.contributors import between, peers
from sensorium.detect.flows.relations import Relation
from sensorium.detect.kernels.relations import ANSWERED, DOWN, EDGES, FAILED, FLOWS, HEARD, UP
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import sentence
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State

FEATURES = (
    volume("bytes_up", "sent {}"),
    volume("bytes_down", "fetched {}"),
    count("flows", "opened {} conversations"),
    count("failed", "failed in {} conversations"),
    count("ports", "tried {} ports"),
    plain("novelty", "made a first contact with improbability {}", 0.5, "decades"),
)


def pair_values(pairs: Relation) -> F64:
    """The features of every pair, (g, f) in natural units."""
    values = np.empty((len(pairs), len(FEATURES)))
    for at, column in enumerate((UP, DOWN, FLOWS, FAILED, EDGES)):
        values[:, at] = pairs.sums[:, column]
    values[:, -1] = pairs.novelty
    return values


class PairDetector:
    """Scores every pair that had a conversation in the window.

    Knocking where nobody is makes no pair: that is told of the host that knocks.
    """

    name = "flows.pair"
    kind = EntityKind.PAIR
    signal = Signal.FLOWS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._profiles = Profiles(FEATURES, config)
        self._seconds = config.window_seconds

    def score(self, window: Window) -> Scored:
        """One row per pair; ``places`` is a conversation of it."""
        if window.flows is None:
            return Scored.nothing(len(FEATURES))
        flows, pairs = window.flows, window.flows.pairs
        talks, nobody, talk = flows.conversations, flows.addresses.group, pairs.talk
        real = ~nobody[talks.client[talk]] & ~nobody[talks.server[talk]]
        answered = (pairs.sums[:, HEARD] > 0) | (pairs.sums[:, ANSWERED] > 0)
        rows = self._profiles.index.find(pairs.keys)
        real &= answered | (rows >= 0)
        values = pair_values(pairs)[real]
        return self._profiles.score(pairs.keys[real], values, talk[real], rows[real])

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window into the baselines."""
        self._profiles.learn(scored, passed, window.index)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name client, server and the service between them that weighs most."""
        assert window.flows is not None
        flows, talks = window.flows, window.flows.conversations
        who, whom, rows = between(flows, int(scored.places[place]))
        weight = talks.bytes_up[rows] + talks.bytes_down[rows] + 1
        strongest = features[0]
        value, expected = scored.values[place, strongest], scored.expected[place, strongest]
        return Explanation(
            entity=Entity(EntityKind.PAIR, f"{who}>{whom}"),
            hosts=(who, whom),
            peers=peers(flows, rows, weight, np.ones(len(rows), np.bool_)),
            summary=sentence(
                who,
                FEATURES[strongest],
                value,
                expected,
                seconds=self._seconds,
                extra=f" with {whom}",
            ),
        )

    def state(self) -> State:
        """The baselines."""
        return self._profiles.state()

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._profiles.restore(state)

    def entities(self) -> int:
        """Pairs remembered."""
        return len(self._profiles)
