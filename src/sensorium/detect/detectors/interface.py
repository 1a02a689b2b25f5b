"""Interfaces of exporters: what goes in and out of each, as the exporter counted it."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import count, volume
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.groups import Groups
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import sentence
from sensorium.model.anomaly import Entity, Peer
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State

FEATURES = (
    volume("bytes_in", "took in {}", falls=True),
    volume("bytes_out", "put out {}", falls=True),
    count("packets", "passed {} packets", falls=True),
    count("flows", "saw {} flow records", falls=True),
)
_TALKERS = 3


class InterfaceDetector:
    """Scores every interface with traffic. Index 0 is not scored: exporters mean unknown by it."""

    name = "flows.interface"
    kind = EntityKind.INTERFACE
    signal = Signal.FLOWS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._profiles = Profiles(FEATURES, config)
        self._seconds = config.window_seconds

    def score(self, window: Window) -> Scored:
        """One row per interface; ``places`` are rows of the window's interfaces."""
        if window.flows is None:
            return Scored.nothing(len(FEATURES))
        seen = window.flows.interfaces
        columns = [seen.bytes_in, seen.bytes_out, seen.packets, seen.flows]
        values = np.column_stack(columns).astype(np.float64)
        return self._profiles.score(seen.keys, values, np.arange(len(seen)))

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window into the baselines."""
        self._profiles.learn(scored, passed, window.index)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the interface and both ends of what it carried most."""
        assert window.flows is not None
        flows, records = window.flows, window.flows.records
        row = int(scored.places[place])
        of, index = int(flows.interfaces.exporter[row]), int(flows.interfaces.index[row])
        exporter = flows.addresses.text(of)
        through = (records.in_if == index) | (records.out_if == index)
        carried = np.flatnonzero(through & (records.exporter == of))
        strongest = features[0]
        value, expected = scored.values[place, strongest], scored.expected[place, strongest]
        name = f"{exporter}#{index}"
        return Explanation(
            entity=Entity(EntityKind.INTERFACE, name),
            hosts=(exporter,),
            peers=_talkers(flows, carried),
            summary=sentence(
                f"Interface {name}", FEATURES[strongest], value, expected, seconds=self._seconds
            ),
        )

    def state(self) -> State:
        """The baselines."""
        return self._profiles.state()

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._profiles.restore(state)

    def entities(self) -> int:
        """Interfaces remembered."""
        return len(self._profiles)


def _talkers(flows: FlowWindow, rows: I64) -> tuple[Peer, ...]:
    """Both ends of the pairs that sent most through an interface, each once."""
    records = flows.records
    source, target = records.source[rows], records.target[rows]
    pairs = Groups.of(((source << 32) | target).astype(np.uint64))
    volume_sent = pairs.reduce(np.add, records.bytes[rows])
    total = max(int(volume_sent.sum()), 1)
    found: dict[str, Peer] = {}
    for pair in np.lexsort((pairs.keys, -volume_sent))[:_TALKERS].tolist():
        share = round(int(volume_sent[pair]) / total, 4)
        code = int(pairs.keys[pair])
        for address, outbound in ((code >> 32, False), (code & 0xFFFFFFFF, True)):
            text = flows.addresses.text(address)
            found.setdefault(text, Peer(text, 0, 0, outbound, share))
    return tuple(found.values())
