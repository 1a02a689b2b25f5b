"""Builds a window's flow tables and keeps the memory that reaches over windows."""

from __future__ import annotations

import pyarrow as pa

from sensorium.detect.flows.conversations import Counted, converse
from sensorium.detect.flows.novelty import Novelty
from sensorium.detect.flows.records import read_records
from sensorium.detect.flows.window import FlowWindow


class FlowAssembly:
    """Turns the flow rows of each window, in order, into a :class:`FlowWindow`."""

    def __init__(self, capacity: int) -> None:
        self._novelty = Novelty(capacity)
        self._counted = Counted.nothing()

    def build(self, batch: pa.RecordBatch, start_ns: int) -> FlowWindow:
        """The tables of one window; call once per window."""
        addresses, records = read_records(batch)
        talks, self._counted = converse(
            addresses, records, self._counted, self._novelty.served, start_ns
        )
        return FlowWindow(addresses, records, talks, self._novelty.edges(addresses, talks))

    def learn(self, window: FlowWindow, index: int) -> None:
        """Take the window's first contacts in, after it has been scored."""
        self._novelty.learn(window.addresses, window.conversations, window.edges, index)
