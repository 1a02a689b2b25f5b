"""Builds a window's flow tables and keeps the memory that reaches over windows."""

from __future__ import annotations

from collections.abc import Sequence

from sensorium.detect.flows.conversations import converse
from sensorium.detect.flows.novelty import Novelty
from sensorium.detect.flows.records import gather_records
from sensorium.detect.flows.told import Told
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.windows import Part
from sensorium.state.arrays import State, joined, part


class FlowAssembly:
    """Turns the flow rows of each window, in order, into a :class:`FlowWindow`."""

    def __init__(self, capacity: int) -> None:
        self._novelty = Novelty(capacity)
        self._told = Told()
        # How many addresses the latest window had: the next is likely to have as many.
        self._addresses = 0

    def build(self, parts: Sequence[Part], start_ns: int) -> FlowWindow:
        """The tables of one window; call once per window."""
        gathered = gather_records(parts, self._told, self._addresses)
        self._addresses = len(gathered.rank)
        talks = converse(gathered, self._told, self._novelty.served, start_ns)
        addresses = gathered.addresses
        edges = self._novelty.edges(addresses, talks)
        return FlowWindow(addresses, gathered.records, talks, edges)

    def learn(self, window: FlowWindow, index: int) -> None:
        """Take the window's first contacts in, after it has been scored."""
        self._novelty.learn(window, index)

    def state(self) -> State:
        """What reaches over windows."""
        return joined(novelty=self._novelty.state(), told=self._told.state())

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._novelty.restore(part(state, "novelty"))
        self._told.restore(part(state, "told"))
