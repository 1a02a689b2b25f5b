"""NetFlow v1, v5, v7, v8, v9 and IPFIX datagrams into rows of FLOWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, reduce
from itertools import pairwise
from operator import and_, or_
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.attributes.arrow_map import attribute_map
from sensorium.ingest.netflow.batch import EMPTY, BatchBuilder
from sensorium.ingest.netflow.config import NetflowConfig
from sensorium.ingest.netflow.exporters import state
from sensorium.ingest.netflow.exporters.history import History
from sensorium.ingest.netflow.exporters.known import Exporters
from sensorium.ingest.netflow.exporters.options import options_object, read_elements
from sensorium.ingest.netflow.exporters.pending import PendingSet
from sensorium.ingest.netflow.exporters.sampling import read_options, split_records
from sensorium.ingest.netflow.exporters.statistics import read_statistics
from sensorium.ingest.netflow.exporters.status import statuses
from sensorium.ingest.netflow.kernel import execute
from sensorium.ingest.netflow.lanes import Lanes
from sensorium.ingest.netflow.meters import Meters
from sensorium.ingest.netflow.reasons import Drop
from sensorium.ingest.netflow.records import OVERRUN
from sensorium.ingest.netflow.registry import is_number
from sensorium.ingest.netflow.registry.given import read_given
from sensorium.ingest.netflow.resolve import ANY_AGE, NEXT_ROW, NEXT_SET, NEXT_WORK, resolve
from sensorium.ingest.netflow.sections import read_sections
from sensorium.ingest.netflow.sequence.follow import UNCERTAIN, follow
from sensorium.ingest.netflow.sequence.streams import evict_streams, known_streams
from sensorium.ingest.netflow.slab import Slab
from sensorium.ingest.netflow.template import Definition, read_templates
from sensorium.model.exporter import ExporterStatus
from sensorium.model.signals import Signal
from sensorium.observe import Observe

Int64s = npt.NDArray[np.int64]
OptionsSink = Callable[[dict[str, Any]], object]

_SHORT_BODY: Final = 1500
_MOST_BYTES: Final = 8 << 20
"""Bytes decoded at a time: their attributes, as text, must fit in what int32 can count."""


class NetflowDecoder:
    """Decodes datagrams of all versions, mixed, told apart by their version word.

    Never raises for any bytes: what cannot be used is counted in
    ``sensorium_ingest_dropped_total`` by :class:`~sensorium.ingest.netflow.reasons.Drop`. Rows
    stand in the order of datagrams and records; data that waited for its template stands where
    the template came. A datagram of no bytes in a transport session ends it. Not for use by two
    threads at once. RFC 3954, RFC 7011, RFC 5103, RFC 5610, RFC 6313.

    With ``options`` it shows records as they were sent, for people to read: one row of a record
    that has two directions, attributes for everything that a column does not hold exactly, and
    each options record given to ``options`` by its elements' names.

    UsageError where one of ``config.elements`` cannot be read.
    """

    signal = Signal.FLOWS

    def __init__(
        self, config: NetflowConfig, observe: Observe, *, options: OptionsSink | None = None
    ) -> None:
        self._config = config
        self._options = options
        given = read_given(config.elements)
        self.exporters = Exporters(config, given, as_sent=options is not None)
        self._numbers = {
            known.name for known in given.values() if options is not None and is_number(known.type)
        }
        self._meters = Meters(observe)
        self._batches = BatchBuilder()
        self._lanes = Lanes(config.max_fields_per_template)

    def decode(self, datagrams: Datagrams) -> pa.RecordBatch:
        """Decode all datagrams; a batch of FLOWS."""
        messages, ended = _parted(datagrams)
        batches = [
            batch for part in _parts(messages) for batch in self._batches_of(part) if len(batch)
        ]
        if ended:
            self._meters.ended(*self.exporters.end(ended))
            self._tell_known()
        if len(batches) == 1:
            return batches[0]
        return pa.concat_batches(batches) if batches else EMPTY

    def state(self) -> bytes:
        """Templates, sampling rates and boot times as JSON, for :meth:`restore`."""
        return state.dump(self.exporters)

    def restore(self, saved: bytes) -> int:
        """Take in what :meth:`state` gave, before the first slab; the number of templates taken.

        :class:`~sensorium.ingest.netflow.state.StateError` if it cannot be read.
        """
        return state.load(self.exporters, saved)

    def statuses(self) -> list[ExporterStatus]:
        """What is known of each source that is remembered."""
        return statuses(self.exporters)

    def _batches_of(self, datagrams: Datagrams) -> Iterator[pa.RecordBatch]:
        """Decode datagrams up to each that is of one source too many, and make room for it."""
        start = 0
        while start < len(datagrams):
            rest = datagrams.between(start, len(datagrams)) if start else datagrams
            self.exporters.tidy()
            slab = Slab(rest, self.exporters.table, self.exporters.counts)
            yield self._decode(slab)
            start += slab.datagrams
            if start < len(datagrams):
                self._meters.evicted(*self.exporters.evict())

    def _decode(self, slab: Slab) -> pa.RecordBatch:
        if slab.born:
            self.exporters.learn(slab.heads)
        history = History(self.exporters)
        self._resolve(slab, history)
        self._follow(slab)
        batch = self._execute(slab, history)
        self._count(slab)
        return batch

    def _resolve(self, slab: Slab, history: History) -> None:
        """Turn the slab's sets into work, in order, learning templates and rates on the way."""
        while True:
            number = self._run(slab, slab.sets)
            history.roll_back(slab.progress)
            if slab.progress[NEXT_SET] == len(slab.sets):
                return
            entry = slab.sets[slab.progress[NEXT_SET]]
            if entry[at.S_ID] < at.FIRST_DATA_SET:
                self._learn_templates(slab, entry, history)
                history.roll_back(slab.progress)
            elif number >= 0:
                self._read_options(slab, entry, slab.body(entry))
            else:
                self._keep(slab, entry)
            history.stamp(int(slab.progress[NEXT_ROW]))
            slab.progress[NEXT_SET] += 1

    def _run(self, slab: Slab, sets: Int64s) -> int:
        programs, _, segments, _ = self.exporters.programs.arrays()
        sampling, _, _ = self.exporters.sampling.arrays()
        known = self.exporters
        return int(
            resolve(
                *(sets, slab.heads),
                *(known.slots.keys, known.slots.held, programs, segments),
                *(known.sampling_of, known.exporter_of, known.wide_of, sampling, known.boots()),
                *(slab.work, slab.records, slab.flows, slab.drops, slab.counts),
                *(*self._lanes.places, slab.progress),
            )
        )

    def _learn_templates(self, slab: Slab, entry: Int64s, history: History) -> None:
        head = slab.heads[entry[at.S_HEAD]]
        protocol, source = int(head[at.H_PROTOCOL]), int(head[at.H_SOURCE])
        options = bool(entry[at.S_ID] == at.OPTIONS_TEMPLATE_SET)
        body = slab.body(entry)
        read = _read_again if len(body) <= _SHORT_BODY else _read
        for found in read(body, protocol, options, self._config.max_fields_per_template):
            refused = (
                found
                if isinstance(found, Drop)
                else self.exporters.define(source, found, int(head[at.H_ARRIVAL_NS]))
            )
            if refused is not None:
                slab.drop(protocol, source, refused)
            elif isinstance(found, Definition) and found.template is not None:
                history.stamp(int(slab.progress[NEXT_ROW]))
                self._replay(slab, source, found)

    def _replay(self, slab: Slab, source: int, definition: Definition) -> None:
        """Decode the data that waited for a template, now that it is there."""
        pending = self.exporters.pending.take(source, definition.id)
        if not pending:
            return
        sets = slab.waiting(pending)
        resume = int(slab.progress[NEXT_SET])
        slab.progress[NEXT_SET], slab.progress[ANY_AGE] = 0, 1
        while True:
            self._run(slab, sets)
            place = int(slab.progress[NEXT_SET])
            if place == len(sets):
                break
            self._read_options(slab, sets[place], pending[place].body)
            slab.progress[NEXT_SET] += 1
        slab.progress[NEXT_SET], slab.progress[ANY_AGE] = resume, 0

    def _read_options(self, slab: Slab, entry: Int64s, body: bytes) -> None:
        head = slab.heads[entry[at.S_HEAD]]
        protocol, number = int(head[at.H_PROTOCOL]), int(head[at.H_SOURCE])
        source = self.exporters.sources[number]
        template = source.templates[int(entry[at.S_ID])]
        records, cut = split_records(template, body)
        if cut == OVERRUN and protocol == at.IPFIX:
            slab.drop(protocol, number, Drop.RECORD_BEYOND_SET)
            slab.discard(int(entry[at.S_HEAD]), protocol)
            return
        for announcement in read_options(template, records, source.domain):
            refused = self.exporters.announce(number, announcement, int(head[at.H_PORT]))
            if refused is not None:
                slab.drop(protocol, number, refused)
        for key, known in read_elements(template, records):
            refused = self.exporters.name(number, key, known) if known else Drop.BAD_ELEMENT
            if known and is_number(known.type) and self._options is not None:
                self._numbers.add(known.name)
            if refused is not None:
                slab.drop(protocol, number, refused)
        for said in read_statistics(template, records):
            self.exporters.report(number, said)
            self._meters.reported(source)
        if self._options is not None:
            for values in records:
                self._options(options_object(source, int(entry[at.S_ID]), head, values))
        if cut:
            slab.drop(protocol, number, Drop.RECORD_BEYOND_SET)
            slab.records[entry[at.S_HEAD]] += UNCERTAIN
        self.exporters.settle(number)
        slab.flows[protocol, 1] += len(records)
        slab.records[entry[at.S_HEAD]] += len(records) * (1 + at.OPTION)

    def _keep(self, slab: Slab, entry: Int64s) -> None:
        head = slab.heads[entry[at.S_HEAD]]
        source = int(head[at.H_SOURCE])
        if self.exporters.expire(source, int(entry[at.S_ID])):
            self._meters.expired()
        waiting = PendingSet(int(entry[at.S_ID]), slab.body(entry), head.copy())
        lost = self.exporters.pending.put(source, waiting)
        slab.drop(int(head[at.H_PROTOCOL]), source, Drop.DATA_BEFORE_TEMPLATE, lost)
        slab.records[entry[at.S_HEAD]] += UNCERTAIN

    def _follow(self, slab: Slab) -> None:
        known = self.exporters
        followed = slab.datagrams
        progress = np.zeros(2, np.int64)
        while True:
            follow(
                *(slab.heads, slab.records[:followed], known.streams, known.counts),
                *(self._config.sequence_window, progress),
            )
            if progress[0] == followed:
                break
            self._meters.streams_evicted(evict_streams(known.streams))
        replayed = slab.replayed()
        if len(replayed):
            read = slab.records[followed : followed + len(replayed)] & at.RECORD_BITS
            np.add.at(known.counts[:, at.C_RECORDS], replayed, read)
            np.add.at(known.counts[:, at.C_REPLAYED], replayed, read)
        if progress[1] or len(replayed):
            self._meters.sequence(known.sources, known.counts)

    def _execute(self, slab: Slab, history: History) -> pa.RecordBatch:
        rows = int(slab.progress[NEXT_ROW])
        if rows == 0:
            return EMPTY
        work = slab.work[: slab.progress[NEXT_WORK]]
        table = self.exporters.programs
        programs, operations, segments, columns = table.arrays()
        distinct, order = _by_program(work[:, at.W_PROGRAM])
        used = columns[distinct].tolist()
        anything = reduce(or_, used)
        target = self._batches.allocate(rows, anything, anything & ~reduce(and_, used))
        execute(
            *(work, order, slab.heads, programs, operations, segments),
            *(*self.exporters.sampling.arrays(), target.columns),
            *(*self._lanes.addresses, self._lanes.pieces),
        )
        if programs[distinct, at.P_SECTION_WIDTH].any():
            read_sections(work, programs, segments, self._lanes.places, target.columns)
        if not (
            programs[distinct, at.P_ATTRIBUTES_END] > programs[distinct, at.P_ATTRIBUTES]
        ).any():
            return self._batches.build(target)
        attributes, malformed = attribute_map(
            work, rows, table, self._lanes, history.contexts(work, slab.heads)
        )
        for source, count in malformed.items():
            protocol = self.exporters.sources[source].protocol
            slab.drop(protocol, source, Drop.BAD_LIST, count)
        return _with_numbers(self._batches.build(target, attributes), self._numbers)

    def _count(self, slab: Slab) -> None:
        self._meters.received(slab.heads[: slab.datagrams, at.H_PROTOCOL])
        self._meters.decoded(slab.flows)
        self._meters.dropped(slab.drops)
        self._tell_known()

    def _tell_known(self) -> None:
        self._meters.known(
            sources=len(self.exporters.table),
            streams=known_streams(self.exporters.streams),
            templates=self.exporters.templates_known,
            pending=len(self.exporters.pending),
        )


def _by_program(numbers: Int64s) -> tuple[Int64s, Int64s]:
    """The distinct numbers, ascending, and an order that groups them and else changes nothing."""
    if (numbers == numbers[0]).all():
        return numbers[:1], np.arange(len(numbers))
    order = np.argsort(numbers, kind="stable")
    grouped = numbers[order]
    return grouped[np.flatnonzero(np.diff(grouped, prepend=-1))], order


def _parted(datagrams: Datagrams) -> tuple[Datagrams, list[int]]:
    """The messages, and the sessions that end: their numbers do not come again."""
    if datagrams.session is None:
        return datagrams, []
    ends = (np.diff(datagrams.offsets) == 0) & (datagrams.session != 0)
    return datagrams.select(~ends), np.unique(datagrams.session[ends]).tolist()


def _parts(datagrams: Datagrams) -> Iterator[Datagrams]:
    """A slab in parts that are not too large."""
    if len(datagrams.data) <= _MOST_BYTES:
        yield datagrams
        return
    which = (datagrams.offsets[:-1] - datagrams.offsets[0]) // _MOST_BYTES
    edges = [0, *(np.flatnonzero(np.diff(which)) + 1).tolist(), len(datagrams)]
    for start, stop in pairwise(edges):
        yield datagrams.between(start, stop)


def _with_numbers(batch: pa.RecordBatch, names: set[str]) -> pa.RecordBatch:
    """A batch that says which of its attributes are numbers although no registry knows them."""
    if not names:
        return batch
    return batch.replace_schema_metadata({"numbers": " ".join(sorted(names))})


def _read(body: bytes, protocol: int, options: bool, limit: int) -> tuple[Definition | Drop, ...]:
    return tuple(read_templates(body, protocol=protocol, options=options, limit=limit))


_read_again = lru_cache(maxsize=1024)(_read)
"""Exporters repeat their templates all the time; parsing them once is enough."""
