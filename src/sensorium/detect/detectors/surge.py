"""Pairs that talk as part of a surge: a source that says much more than it does, a flooded target.

The scores are those of a stream's edges (:mod:`sensorium.detect.edge_stream`), a window being a
tick and a conversation an edge: what the client's and the server's other talk adds is in a pair's
score, whoever that was with. A pair is compared with its own past, and only those speak that have
their share in it: at least what the client's pairs have of its talk on average, and the server's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.edge_stream import EdgeStream
from sensorium.detect.features import plain
from sensorium.detect.flows.contributors import between, peers
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.kernels.relations import FLOWS
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import sentence
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, joined, part

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
        self._latest: tuple[Window, _Pairs] | None = None

    def score(self, window: Window) -> Scored:
        """One row per pair; ``places`` is a conversation of it."""
        if window.flows is None:
            return Scored.nothing(1)
        pairs = _Pairs.of(window.flows)
        self._latest = (window, pairs)
        of_source, of_target = (
            _shares(pairs.client, pairs.counts),
            _shares(pairs.server, pairs.counts),
        )
        surge = self._stream.surge(
            pairs.source, pairs.target, pairs.counts, window.index, (of_source.sum, of_target.sum)
        )
        surge[~(of_source.has & of_target.has)] = np.nan
        return self._profiles.score(pairs.keys, surge[:, None], pairs.talk)

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Count the window in, and take it into the baselines."""
        if window.flows is not None:
            latest, self._latest = self._latest, None
            scored_last = latest and latest[0] is window
            pairs = latest[1] if latest and scored_last else _Pairs.of(window.flows)
            self._stream.add(pairs.source, pairs.target, pairs.counts, window.index)
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

    def state(self) -> State:
        """The stream's counts, and the baselines."""
        return joined(stream=self._stream.state(), profiles=self._profiles.state())

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._stream.restore(part(state, "stream"))
        self._profiles.restore(part(state, "profiles"))
        self._latest = None

    def entities(self) -> int:
        """Pairs remembered."""
        return len(self._profiles)


@dataclass(frozen=True, slots=True)
class _Shares:
    """Of each pair the sum of all pairs of one end, and whether it has at least their mean."""

    sum: F64
    has: Bool


def _shares(end: I64, counts: F64) -> _Shares:
    total: F64 = np.bincount(end, counts)[end].astype(np.float64)
    return _Shares(total, counts >= total / np.bincount(end)[end])


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The pairs of hosts: a conversation of each, both ends and their keys, and how many
    conversations there were."""

    keys: U64
    talk: I64
    client: I64
    server: I64
    source: U64
    target: U64
    counts: F64

    @staticmethod
    def of(flows: FlowWindow) -> _Pairs:
        keys, talks, nobody = flows.addresses.keys, flows.conversations, flows.addresses.group
        pairs = flows.pairs
        client, server = talks.client[pairs.talk], talks.server[pairs.talk]
        real = ~(nobody[client] | nobody[server])
        client, server = client[real], server[real]
        return _Pairs(
            keys=pairs.keys[real],
            talk=pairs.talk[real],
            client=client,
            server=server,
            source=keys[client],
            target=keys[server],
            counts=pairs.sums[real, FLOWS].astype(np.float64),
        )
