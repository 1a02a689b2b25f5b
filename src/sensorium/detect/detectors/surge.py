"""Pairs that talk as part of a surge: a source that says much more than it does, a flooded target.

The scores are those of a stream's edges (:mod:`sensorium.detect.edge_stream`), a window being a
tick and a conversation an edge: what the client's and the server's other talk adds is in a pair's
score, whoever that was with. A pair is compared with its own past, and only those speak that have
their share in it: at least what the client's pairs have of its talk on average, and the server's.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.edge_stream import EdgeStream
from sensorium.detect.features import plain
from sensorium.detect.flows.contributors import between, peers
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.groups import Groups
from sensorium.detect.keys import combine
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import sentence
from sensorium.model.anomaly import Entity, EntityKind
from sensorium.model.signals import Signal

FEATURES = (plain("surge", "was part of a surge of {} (log)", 1.0),)


class SurgeDetector:
    """Scores every pair that had a conversation in the window."""

    name = "flows.surge"
    kind = EntityKind.PAIR
    signal = Signal.FLOWS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._stream = EdgeStream()
        self._profiles = Profiles(FEATURES, config)
        self._seconds = config.window_seconds

    def score(self, window: Window) -> Scored:
        """One row per pair; ``places`` is a conversation of it."""
        if window.flows is None:
            return Scored.nothing(1)
        keys, talk, source, target, counts = _pairs(window.flows)
        surge = self._stream.surge(source, target, counts, window.index)
        surge[~(_has_its_share(source, counts) & _has_its_share(target, counts))] = np.nan
        return self._profiles.score(keys, surge[:, None], talk)

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Count the window in, and take it into the baselines."""
        if window.flows is not None:
            _, _, source, target, counts = _pairs(window.flows)
            self._stream.add(source, target, counts, window.index)
        self._profiles.learn(scored, passed, window.index)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name client and server, and the service between them that is used most."""
        assert window.flows is not None
        flows = window.flows
        who, whom, rows = between(flows, int(scored.places[place]))
        ones = np.ones(len(rows), np.int64)
        return Explanation(
            entity=Entity(EntityKind.PAIR, f"{who}>{whom}"),
            hosts=(who, whom),
            peers=peers(flows, rows, ones, np.ones(len(rows), np.bool_)),
            summary=sentence(
                who,
                FEATURES[0],
                scored.values[place, 0],
                scored.expected[place, 0],
                seconds=self._seconds,
                extra=f" at {whom}",
            ),
        )

    def entities(self) -> int:
        """Pairs remembered."""
        return len(self._profiles)


def _has_its_share(ends: U64, counts: F64) -> Bool:
    """Which pairs have at least the mean of the pairs of the same end."""
    groups = Groups.of(ends)
    mean = groups.reduce(np.add, counts) / groups.sizes()
    return np.asarray(counts >= mean[groups.codes], np.bool_)


def _pairs(flows: FlowWindow) -> tuple[U64, I64, U64, U64, F64]:
    """Of each pair its key, a conversation, the keys of both ends, and how many there were."""
    keys, talks, nobody = flows.addresses.keys, flows.conversations, flows.addresses.group
    real = np.flatnonzero(~nobody[talks.client] & ~nobody[talks.server])
    source, target = keys[talks.client[real]], keys[talks.server[real]]
    groups = Groups.of(combine(source, target))
    return (
        groups.keys,
        groups.first(real),
        groups.first(source),
        groups.first(target),
        groups.sizes().astype(np.float64),
    )
