"""NetFlow v5, v9 and IPFIX datagrams into rows of FLOWS."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow import state
from sensorium.ingest.netflow.batch import EMPTY, BatchBuilder
from sensorium.ingest.netflow.config import NetflowConfig
from sensorium.ingest.netflow.exporters import Exporters
from sensorium.ingest.netflow.kernel import execute
from sensorium.ingest.netflow.lanes import Lanes
from sensorium.ingest.netflow.meters import Meters
from sensorium.ingest.netflow.pending import PendingSet
from sensorium.ingest.netflow.reasons import CODE, Drop
from sensorium.ingest.netflow.resolve import NEXT_ROW, NEXT_SET, NEXT_WORK, resolve
from sensorium.ingest.netflow.sampling import read_options
from sensorium.ingest.netflow.sequence import UNCERTAIN, follow
from sensorium.ingest.netflow.slab import Slab
from sensorium.ingest.netflow.template import Definition, read_templates
from sensorium.model.signals import Signal
from sensorium.observe import Observe

Int64s = npt.NDArray[np.int64]

_SHORT_BODY: Final = 1500


class NetflowDecoder:
    """Decodes datagrams of all three versions, mixed, told apart by their version word.

    Never raises for any bytes: what cannot be used is counted in
    ``sensorium_ingest_dropped_total`` by :class:`~sensorium.ingest.netflow.reasons.Drop`. Rows
    stand in the order of datagrams and records; data that waited for its template stands where
    the template came. Not for use by two threads at once. RFC 3954, RFC 7011, RFC 5103.
    """

    signal = Signal.FLOWS

    def __init__(self, config: NetflowConfig, observe: Observe) -> None:
        self._config = config
        self.exporters = Exporters(config)
        self._meters = Meters(observe)
        self._batches = BatchBuilder()
        self._lanes = Lanes(config.max_fields_per_template)

    def decode(self, datagrams: Datagrams) -> pa.RecordBatch:
        """Decode all datagrams; a batch of FLOWS."""
        if len(datagrams) == 0:
            return EMPTY
        self.exporters.tidy()
        slab = Slab(datagrams, self.exporters.table)
        self.exporters.learn(slab.heads)
        self._resolve(slab)
        self._follow(slab)
        batch = self._execute(slab)
        self._count(slab)
        return batch

    def state(self) -> bytes:
        """Templates, sampling rates and boot times as JSON, for :meth:`restore`."""
        return state.dump(self.exporters)

    def restore(self, saved: bytes) -> int:
        """Take in what :meth:`state` gave, before the first slab; the number of templates taken.

        :class:`~sensorium.ingest.netflow.state.StateError` if it cannot be read.
        """
        return state.load(self.exporters, saved)

    def _resolve(self, slab: Slab) -> None:
        """Turn the slab's sets into work, in order, learning templates and rates on the way."""
        while True:
            number = self._run(slab, slab.sets)
            if slab.progress[NEXT_SET] == len(slab.sets):
                return
            entry = slab.sets[slab.progress[NEXT_SET]]
            if entry[at.S_ID] < at.FIRST_DATA_SET:
                self._learn_templates(slab, entry)
            elif number >= 0:
                self._read_options(slab, entry, slab.body(entry))
            else:
                self._keep(slab, entry)
            slab.progress[NEXT_SET] += 1

    def _run(self, slab: Slab, sets: Int64s) -> int:
        programs, _, segments, _ = self.exporters.programs.arrays()
        sampling, _, _ = self.exporters.sampling.arrays()
        return int(
            resolve(
                *(sets, slab.heads),
                *(self.exporters.slots.keys, self.exporters.slots.programs, programs, segments),
                *(self.exporters.sampling_of, sampling, self.exporters.boot_ms),
                *(slab.work, slab.records, slab.flows, slab.drops),
                *(*self._lanes.places, slab.progress),
            )
        )

    def _learn_templates(self, slab: Slab, entry: Int64s) -> None:
        head = slab.heads[entry[at.S_HEAD]]
        protocol, source = int(head[at.H_PROTOCOL]), int(head[at.H_SOURCE])
        options = bool(entry[at.S_ID] == at.OPTIONS_TEMPLATE_SET)
        body = slab.body(entry)
        read = _read_again if len(body) <= _SHORT_BODY else _read
        for found in read(body, protocol, options, self._config.max_fields_per_template):
            refused = (
                found
                if isinstance(found, Drop)
                else self.exporters.define(source, found, options=options)
            )
            if refused is not None:
                slab.drops[protocol, CODE[refused]] += 1
            elif isinstance(found, Definition) and found.template is not None:
                self._replay(slab, source, found)

    def _replay(self, slab: Slab, source: int, definition: Definition) -> None:
        """Decode the data that waited for a template, now that it is there."""
        pending = self.exporters.pending.take(source, definition.id)
        if not pending:
            return
        sets = slab.waiting(pending)
        resume = int(slab.progress[NEXT_SET])
        slab.progress[NEXT_SET] = 0
        while True:
            self._run(slab, sets)
            place = int(slab.progress[NEXT_SET])
            if place == len(sets):
                break
            self._read_options(slab, sets[place], pending[place].body)
            slab.progress[NEXT_SET] += 1
        slab.progress[NEXT_SET] = resume

    def _read_options(self, slab: Slab, entry: Int64s, body: bytes) -> None:
        head = slab.heads[entry[at.S_HEAD]]
        protocol, source = int(head[at.H_PROTOCOL]), int(head[at.H_SOURCE])
        template = self.exporters.sources[source].templates[int(entry[at.S_ID])]
        count = 0
        for announcement in read_options(template, body):
            count += 1
            refused = self.exporters.announce(source, announcement)
            if refused is not None:
                slab.drops[protocol, CODE[refused]] += 1
        if count == 0 and len(body) > 3:
            slab.drops[protocol, CODE[Drop.RECORD_BEYOND_SET]] += 1
        self.exporters.settle(source)
        slab.flows[protocol, 1] += count
        slab.records[entry[at.S_HEAD]] += count

    def _keep(self, slab: Slab, entry: Int64s) -> None:
        head = slab.heads[entry[at.S_HEAD]]
        waiting = PendingSet(int(entry[at.S_ID]), slab.body(entry), head.copy())
        lost = self.exporters.pending.put(int(head[at.H_SOURCE]), waiting)
        protocol = int(head[at.H_PROTOCOL])
        slab.drops[protocol, CODE[Drop.DATA_BEFORE_TEMPLATE]] += lost
        slab.records[entry[at.S_HEAD]] += UNCERTAIN

    def _follow(self, slab: Slab) -> None:
        sources = self.exporters.sources
        events = np.zeros((len(sources), 3), np.int64)
        happened = follow(
            slab.heads,
            slab.records[: slab.datagrams],
            self.exporters.expected,
            self.exporters.uptimes,
            self._config.sequence_window,
            events,
        )
        if happened:
            for number in np.flatnonzero(events.any(axis=1)).tolist():
                source = sources[number]
                labels = source.address, source.protocol, source.domain
                self._meters.sequence(*labels, events[number])

    def _execute(self, slab: Slab) -> pa.RecordBatch:
        rows = int(slab.progress[NEXT_ROW])
        if rows == 0:
            return EMPTY
        work = slab.work[: slab.progress[NEXT_WORK]]
        programs, operations, segments, columns = self.exporters.programs.arrays()
        numbers = work[:, at.W_PROGRAM]
        used = columns[np.unique(numbers)]
        anything = int(np.bitwise_or.reduce(used))
        partial = anything & ~int(np.bitwise_and.reduce(used))
        target = self._batches.allocate(rows, anything, partial)
        order = np.argsort(numbers, kind="stable")
        execute(
            *(work, order, slab.heads, programs, operations, segments),
            *(*self.exporters.sampling.arrays(), target.columns),
            *(*self._lanes.addresses, self._lanes.pieces),
        )
        return self._batches.build(target)

    def _count(self, slab: Slab) -> None:
        self._meters.received(slab.heads[: slab.datagrams, at.H_PROTOCOL])
        self._meters.decoded(slab.flows)
        self._meters.dropped(slab.drops)
        self._meters.known(
            sources=len(self.exporters.sources),
            templates=self.exporters.templates_known,
            pending=len(self.exporters.pending),
        )


def _read(body: bytes, protocol: int, options: bool, limit: int) -> tuple[Definition | Drop, ...]:
    return tuple(read_templates(body, protocol=protocol, options=options, limit=limit))


_read_again = lru_cache(maxsize=1024)(_read)
"""Exporters repeat their templates all the time; parsing them once is enough."""
