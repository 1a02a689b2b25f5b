"""The decoder's counters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sensorium.ingest.sflow import layout as at
from sensorium.ingest.sflow.reasons import DROPS
from sensorium.model.address import unpack_address
from sensorium.observe import Observe

PROTOCOL = "sflow_5"
"""Value of the ``protocol`` label."""

Int64s = npt.NDArray[np.int64]


class Meters:
    """Adds what a slab's kernels have counted to the process's metrics."""

    def __init__(self, observe: Observe) -> None:
        self._received = observe.counter(
            "sensorium_ingest_received", "Datagrams that reached a decoder", ("protocol",)
        )
        self._decoded = observe.counter(
            "sensorium_ingest_decoded", "Records decoded", ("protocol", "kind")
        )
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )
        self._sequence = observe.counter(
            "sensorium_sflow_sequence",
            "Datagrams and samples lost, late or seen twice, and restarts",
            ("exporter", "domain", "unit", "event"),
        )
        self._agent_drops = observe.counter(
            "sensorium_sflow_agent_drops",
            "Samples that agents say they dropped themselves",
            ("exporter", "domain"),
        )
        self._agents = observe.gauge("sensorium_sflow_agents", "Agents by sub-agent known")
        self._sources = observe.gauge(
            "sensorium_sflow_data_sources", "Data sources whose sequence numbers are followed"
        )
        self._series = observe.gauge(
            "sensorium_sflow_series", "Series known that agents' counters make"
        )

    def received(self, datagrams: int) -> None:
        """Count datagrams."""
        self._received.labels(PROTOCOL).inc(datagrams)

    def decoded(self, kinds: Int64s) -> None:
        """Count samples; int64 (3,) in the order of the kinds."""
        for name, count in zip(("flow", "discard", "counters"), kinds.tolist(), strict=True):
            if count:
                self._decoded.labels(PROTOCOL, name).inc(count)

    def dropped(self, drops: Int64s) -> None:
        """Count what could not be used; int64 (reasons,)."""
        for reason in np.flatnonzero(drops).tolist():
            self._dropped.labels(PROTOCOL, DROPS[reason].value).inc(int(drops[reason]))

    def sequence(self, address: bytes, sub_agent: int, events: Int64s) -> None:
        """Count one agent's events of a slab; int64 (EVENT_WIDTH,)."""
        labels = unpack_address(address), str(sub_agent)
        for unit, first in (("datagrams", 0), ("samples", at.SAMPLE_EVENTS)):
            for event, count in zip(at.EVENTS, events[first:].tolist(), strict=False):
                if count:
                    self._sequence.labels(*labels, unit, event).inc(count)
        if events[at.AGENT_DROPS]:
            self._agent_drops.labels(*labels).inc(int(events[at.AGENT_DROPS]))

    def known(self, *, agents: int, sources: int, series: int) -> None:
        """Say how much is remembered."""
        self._agents.set(agents)
        self._sources.set(sources)
        self._series.set(series)
