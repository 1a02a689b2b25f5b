"""sFlow version 5 datagrams into rows of FLOWS and of METRICS."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.packet import attributes, columns
from sensorium.ingest.sflow import layout as at
from sensorium.ingest.sflow import rows
from sensorium.ingest.sflow import series as metrics
from sensorium.ingest.sflow.config import SflowConfig
from sensorium.ingest.sflow.counters import Values, read_counters
from sensorium.ingest.sflow.exporters import Agents
from sensorium.ingest.sflow.kernel import execute
from sensorium.ingest.sflow.meters import Meters
from sensorium.ingest.sflow.scratch import Scratch
from sensorium.ingest.sflow.sequence import follow_datagrams, follow_samples
from sensorium.ingest.sflow.series import SeriesTable
from sensorium.ingest.sflow.tally import Tally
from sensorium.ingest.sflow.text import SPARE, write
from sensorium.ingest.sflow.walk import LEAST_SAMPLE, walk
from sensorium.model.address import unpack_address
from sensorium.model.exporter import ExporterStatus
from sensorium.observe import Observe

Int64s = npt.NDArray[np.int64]

_USUAL_SAMPLE = 100
_LEAST_VALUE = 2
"""Of four bytes of counters come at most two values (an interface's status)."""


class Decoded(NamedTuple):
    """What came of a slab: a batch of FLOWS and one of METRICS, either of which may be empty."""

    flows: pa.RecordBatch
    metrics: pa.RecordBatch


class _Slab(NamedTuple):
    """A slab on its way through the decoder."""

    data: npt.NDArray[np.uint8]
    address: int
    offsets: Int64s
    arrival: Int64s
    heads: Int64s
    samples: Int64s
    tally: Tally


class SflowDecoder:
    """Decodes sFlow version 5 datagrams of any number of agents.

    Never raises for any bytes: what cannot be used is counted in
    ``sensorium_ingest_dropped_total`` by :class:`~sensorium.ingest.sflow.reasons.Drop`. Rows stand
    in the order of datagrams, samples and fields. Not for use by two threads at once. sFlow
    version 5 (sflow.org, July 2004) and its extensions, see docs/reference/sflow.md.
    """

    def __init__(self, config: SflowConfig, observe: Observe) -> None:
        self._config = config
        self._agents = Agents(config)
        self._series = SeriesTable(config.max_series)
        self._meters = Meters(observe)
        self._scratch = Scratch(header=config.header_attributes)

    def decode(self, datagrams: Datagrams) -> Decoded:
        """Decode all datagrams."""
        if len(datagrams) == 0:
            return Decoded(rows.EMPTY, metrics.EMPTY)
        slab = self._walk(datagrams)
        self._follow(slab)
        decoded = Decoded(self._flows(slab), self._metrics(slab))
        self._count(slab)
        return decoded

    def statuses(self) -> list[ExporterStatus]:
        """What is known of each agent and sub-agent, in the order they were first heard of."""
        return [self._agents.status(number) for number in range(len(self._agents))]

    def _walk(self, datagrams: Datagrams) -> _Slab:
        data = np.ascontiguousarray(datagrams.data)
        offsets = np.array(datagrams.offsets, np.int64)
        arrival = np.array(datagrams.arrival_ns, np.int64)
        source = np.array(datagrams.src_addr, np.uint8).view(np.int64)
        _check(offsets, arrival, source, len(data))
        address = int(data.ctypes.data)
        heads = np.zeros((len(arrival), at.HEAD_WIDTH), np.int64)
        heads[:, at.H_ARRIVAL_NS] = arrival
        size = int(offsets[-1] - offsets[0])
        known = len(self._agents)
        before = self._agents.drops[:known].copy()
        for least in (_USUAL_SAMPLE, LEAST_SAMPLE):
            samples = self._scratch.samples(size // least + len(arrival))
            tally = self._agents.tally()
            found = walk(
                *(address, offsets, source, self._agents.table, heads, samples, tally.state),
            )
            if found >= 0:
                return _Slab(data, address, offsets, arrival, heads, samples[:found], tally)
            tally.drops[:known], tally.drops[known : len(self._agents)] = before, 0
        raise AssertionError("no slab has more samples than that")

    def _follow(self, slab: _Slab) -> None:
        agents, window = self._agents, self._config.sequence_window
        events = agents.events[: len(agents)]
        before = events.copy()
        follow_datagrams(
            *(slab.heads, slab.offsets, slab.arrival),
            *(agents.runs, agents.known, window, agents.events),
        )
        follow_samples(
            *(slab.samples, slab.heads, agents.sources, agents.source_runs),
            *(agents.known, window, agents.events, slab.tally.state),
        )
        for number in np.flatnonzero((events != before).any(axis=1)).tolist():
            happened = events[number] - before[number]
            self._meters.sequence(agents.address(number), agents.sub_agent(number), happened)

    def _flows(self, slab: _Slab) -> pa.RecordBatch:
        count = int(slab.heads[:, at.H_ROWS].sum())
        if not count:
            return rows.EMPTY
        table = self._scratch.rows(count)
        notebook = self._scratch.notebook(count)
        progress = np.zeros(2, np.int64)
        while True:
            execute(
                *(slab.address, slab.samples, slab.heads),
                *(table, notebook.state, slab.tally.state, progress),
            )
            if progress[0] == len(slab.samples):
                break
            notebook.enlarge()
        noted, state = notebook.noted(), notebook.state
        names = attributes.Room(len(noted), int(state[attributes.N_NAMES]) + attributes.NAME_ROOM)
        values = attributes.Room(len(noted), int(state[attributes.N_TEXT]) + SPARE)
        write(slab.address, noted, names.places, values.places)
        column = attributes.column(table[:, columns.ENTRIES_END], names.array(), values.array())
        return rows.batch(table, column)

    def _metrics(self, slab: _Slab) -> pa.RecordBatch:
        counters = slab.samples[slab.samples[:, at.S_KIND] == at.COUNTERS]
        if not len(counters):
            return metrics.EMPTY
        room = int((counters[:, at.S_END] - counters[:, at.S_START]).sum()) // _LEAST_VALUE + 1
        values = Values(np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room))
        series = self._series
        known = len(self._agents)
        count = read_counters(
            *(slab.address, counters, slab.heads),
            *(series.blocks, series.table, series.most, values, slab.tally.state),
        )
        if series.blocks.known[0] > series.named:
            addresses = [unpack_address(self._agents.address(n)) for n in range(known)]
            series.learn(slab.data, addresses, self._agents.table.keys[:known, 2])
        return series.batch(values, count, slab.arrival)

    def _count(self, slab: _Slab) -> None:
        self._meters.received(len(slab.heads))
        self._meters.decoded(np.bincount(slab.samples[:, at.S_KIND], minlength=3))
        self._meters.dropped(slab.tally.slab)
        self._meters.known(
            agents=len(self._agents),
            sources=int(self._agents.sources.known[0]),
            series=len(self._series),
        )


def _check(offsets: Int64s, arrival: Int64s, source: Int64s, size: int) -> None:
    """ValueError for a slab that contradicts itself: kernels read where offsets point."""
    if len(offsets) != len(arrival) + 1 or source.shape != (len(arrival), 2):
        raise ValueError("a slab's columns differ in length")
    if offsets[0] < 0 or offsets[-1] > size or (np.diff(offsets) < 0).any():
        raise ValueError("a slab's offsets point outside its data")
