"""Services: how much they are asked, by how many, how they answer, and how often they do not."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import FeatureSpec, Scale, count, plain, volume
from sensorium.detect.flows.contributors import peers
from sensorium.detect.flows.relations import Relation
from sensorium.detect.kernels.relations import ANSWERED, DOWN, DURATION, EDGES, FAILED, FLOWS, UP
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import ports, sentence
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State

FEATURES = (
    count("flows", "was asked {} times", falls=True),
    count("clients", "had {} clients", falls=True),
    volume("bytes_up", "received {}"),
    volume("bytes_down", "sent {}"),
    count("failed", "left {} conversations unanswered or refused"),
    plain("failed_share", "left unanswered or refused {} of its conversations", 0.1, "share"),
    FeatureSpec(
        "bytes_per_flow", Scale.RATIO, "exchanged {} per conversation", "B", 0.3, 500.0, True
    ),
    FeatureSpec("duration", Scale.RATIO, "took {} per conversation", "s", 0.4, 0.05, True),
)
_FEW = 5
# Of fewer conversations than this a mean says nothing: long ones are exported in pieces.
_FEWEST = 3


def service_values(services: Relation) -> F64:
    """The features of every service asked for in the window, (g, f) in natural units."""
    sums = services.sums
    asked, up, down, failed = (sums[:, column] for column in (FLOWS, UP, DOWN, FAILED))
    columns = [
        asked,
        sums[:, EDGES],
        up,
        down,
        failed,
        failed / np.maximum(asked, _FEW),
        np.where(asked >= _FEWEST, (up + down) / asked, np.nan),
        np.where(asked >= _FEWEST, sums[:, DURATION] / asked / 1e9, np.nan),
    ]
    return np.column_stack(columns).astype(np.float64)


class ServiceDetector:
    """Scores services that have answered somebody: a closed port is not a service."""

    name = "flows.service"
    kind = EntityKind.SERVICE
    signal = Signal.FLOWS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._profiles = Profiles(FEATURES, config)
        self._seconds = config.window_seconds

    def score(self, window: Window) -> Scored:
        """One row per service; ``places`` is a conversation with it."""
        if window.flows is None:
            return Scored.nothing(len(FEATURES))
        flows, talks, services = window.flows, window.flows.conversations, window.flows.services
        talk = services.talk
        answered = (services.sums[:, ANSWERED] > 0) & (talks.port[talk] > 0)
        rows = self._profiles.index.find(services.keys)
        real = (answered | (rows >= 0)) & ~flows.addresses.group[talks.server[talk]]
        values = service_values(services)[real]
        return self._profiles.score(services.keys[real], values, talk[real], rows[real])

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window into the baselines."""
        self._profiles.learn(scored, passed, window.index)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the service and its clients, those that failed first where failure is odd."""
        assert window.flows is not None
        flows, talks = window.flows, window.flows.conversations
        talk = int(scored.places[place])
        server = flows.addresses.text(int(talks.server[talk]))
        port = ports(int(talks.port[talk]), int(talks.proto[talk]))
        rows = flows.of_service(talks.service[talk])
        strongest = features[0]
        name = FEATURES[strongest].name
        weight = np.ones(len(rows), np.int64)
        if name.startswith("failed"):
            weight = talks.failed[rows].astype(np.int64)
        elif name.startswith("bytes"):
            weight = talks.bytes_up[rows] + talks.bytes_down[rows]
        value, expected = scored.values[place, strongest], scored.expected[place, strongest]
        return Explanation(
            entity=Entity(EntityKind.SERVICE, f"{server}:{port}"),
            hosts=(server,),
            peers=peers(flows, rows, weight, np.zeros(len(rows), np.bool_)),
            summary=sentence(
                f"{server}:{port}", FEATURES[strongest], value, expected, seconds=self._seconds
            ),
        )

    def state(self) -> State:
        """The baselines."""
        return self._profiles.state()

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._profiles.restore(state)

    def entities(self) -> int:
        """Services remembered."""
        return len(self._profiles)
