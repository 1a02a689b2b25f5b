"""What is remembered about each agent and data source."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sensorium.ingest.sflow import layout as at
from sensorium.ingest.sflow.config import SflowConfig
from sensorium.ingest.sflow.interning import interned
from sensorium.ingest.sflow.reasons import DROPS
from sensorium.ingest.sflow.tally import Tally
from sensorium.model.exporter import ExporterStatus

Int64s = npt.NDArray[np.int64]


class Agents:
    """All agents by (address, sub-agent), and the arrays over them that the kernels read."""

    def __init__(self, config: SflowConfig) -> None:
        self.table = interned(config.max_agents, 3)
        self.known: Int64s = np.zeros((config.max_agents, at.AGENT_WIDTH), np.int64)
        self.runs: Int64s = np.zeros((config.max_agents, at.RUN_WIDTH), np.int64)
        self.events: Int64s = np.zeros((config.max_agents, at.EVENT_WIDTH), np.int64)
        self.sources = interned(config.max_data_sources, 3)
        self.source_runs: Int64s = np.zeros((config.max_data_sources, at.RUN_WIDTH), np.int64)
        self.drops: Int64s = np.zeros((config.max_agents, len(DROPS)), np.int64)

    def __len__(self) -> int:
        return int(self.table.known[0])

    def tally(self) -> Tally:
        """A tally for one slab."""
        return Tally(self.drops)

    def address(self, number: int) -> bytes:
        """The 16 bytes of an agent's address."""
        return self.table.keys[number, :2].tobytes()

    def sub_agent(self, number: int) -> int:
        """The number that an agent gives one of its processes or line cards."""
        return int(self.table.keys[number, 2])

    def status(self, number: int) -> ExporterStatus:
        """What is known of an agent."""
        known, events = self.known[number].tolist(), self.events[number].tolist()
        drops = self.drops[number]
        return ExporterStatus(
            address=self.address(number),
            protocol="SFLOW_5",
            domain=self.sub_agent(number),
            unit="datagrams",
            datagrams=known[at.A_DATAGRAMS],
            bytes=known[at.A_BYTES],
            records=known[at.A_ROWS],
            lost=events[at.LOST],
            late=events[at.LATE],
            duplicates=events[at.DUPLICATE],
            restarts=events[at.RESTARTED],
            sampling_rate=known[at.A_RATE],
            last_seen_ns=known[at.A_LAST_SEEN],
            dropped={DROPS[r].value: int(drops[r]) for r in np.flatnonzero(drops).tolist()},
        )
