"""Interfaces of exporters: what goes in and out of each, as the exporter counted it."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I64, U64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import count, volume
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.groups import Groups
from sensorium.detect.keys import combine
from sensorium.detect.profiles import Profiles
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import sentence
from sensorium.model.anomaly import Entity, EntityKind, Peer
from sensorium.model.signals import Signal

FEATURES = (
    volume("bytes_in", "took in {}", falls=True),
    volume("bytes_out", "put out {}", falls=True),
    count("packets", "passed {} packets", falls=True),
    count("flows", "saw {} flow records", falls=True),
)
_TALKERS = 3


def interface_keys(flows: FlowWindow, index: I64) -> U64:
    """Keys of interfaces: the exporter of each record and one of its interface indexes."""
    return combine(flows.addresses.keys[flows.records.exporter], index.astype(np.uint64))


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
        """One row per interface; ``places`` is a record that names it."""
        if window.flows is None:
            return Scored.nothing(len(FEATURES))
        records = window.flows.records
        n = len(records)
        keys = np.concatenate(
            [interface_keys(window.flows, i) for i in (records.in_if, records.out_if)]
        )
        named = np.concatenate([records.in_if, records.out_if]) > 0
        row = np.concatenate([np.arange(n), np.arange(n)])[named]
        inward = (np.arange(2 * n) < n)[named]
        groups = Groups.of(keys[named])
        size, packets = records.bytes[row], records.packets[row]
        columns = [
            groups.reduce(np.add, np.where(inward, size, 0)),
            groups.reduce(np.add, np.where(inward, 0, size)),
            groups.reduce(np.add, packets),
            groups.sizes(),
        ]
        values = np.column_stack(columns).astype(np.float64)
        return self._profiles.score(groups.keys, values, row[groups.order[groups.starts]])

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window into the baselines."""
        self._profiles.learn(scored, passed, window.index)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the interface and both ends of what it carried most."""
        assert window.flows is not None
        flows, records = window.flows, window.flows.records
        key = scored.keys[place]
        through_in = interface_keys(flows, records.in_if) == key
        row = int(scored.places[place])
        index = int((records.in_if if through_in[row] else records.out_if)[row])
        exporter = flows.addresses.text(int(records.exporter[row]))
        carried = np.flatnonzero(through_in | (interface_keys(flows, records.out_if) == key))
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
