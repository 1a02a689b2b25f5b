"""Finding each data set's template, in order of arrival, until something changes what is known.

The compiled loop goes over sets whose program is known and turns them into work. It stops at a
set that only Python can judge: a template, options data that says how flows were sampled, or data
whose template is unknown.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import uncounted, uncounted_kernel
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow import reasons
from sensorium.ingest.netflow.records import OVERRUN, count_records, uptime_of
from sensorium.ingest.netflow.sequence.follow import UNCERTAIN
from sensorium.ingest.netflow.sources import mixed
from sensorium.ingest.netflow.walk import drop

Int64s = npt.NDArray[np.int64]

_H_PROTOCOL = at.H_PROTOCOL
_H_SOURCE = at.H_SOURCE
_H_UPTIME_MS = at.H_UPTIME_MS
_H_EXPORT_NS = at.H_EXPORT_NS
_H_SAMPLING = at.H_SAMPLING
_H_PORT = at.H_PORT
_H_ARRIVAL_NS = at.H_ARRIVAL_NS
_S_HEAD = at.S_HEAD
_S_ID = at.S_ID
_S_START = at.S_START
_S_END = at.S_END
_FIRST_DATA_SET = at.FIRST_DATA_SET
_RECORD_SET = at.RECORD_SET
_W_HEAD = at.W_HEAD
_W_START = at.W_START
_W_END = at.W_END
_W_ROW = at.W_ROW
_W_ROWS = at.W_ROWS
_W_PROGRAM = at.W_PROGRAM
_W_RATE = at.W_RATE
_W_SAMPLING = at.W_SAMPLING
_W_ANCHOR = at.W_ANCHOR
_W_WIDE = at.W_WIDE
_P_KIND = at.P_KIND
_WALKED = at.WALKED
_IPFIX = at.IPFIX
_OPTIONS = at.OPTIONS
_OPTION = at.OPTION
_RECORD_BEYOND_SET = reasons.RECORD_BEYOND_SET
_FREE = -1

ALWAYS = (1 << 63) - 1
"""The time until which something holds that holds for ever."""

# What the loop has counted, by position in ``progress``.
NEXT_SET = 0
NEXT_WORK = 1
NEXT_ROW = 2
ANY_AGE = 3
"""Not 0 where a template counts however long ago it came: its data waited for it."""
HEAD = 4
"""1 and the datagram that is gone over; what was counted when it began follows."""
HEAD_WORK = 5
HEAD_ROW = 6
HEAD_FLOWS = 7
HEAD_OPTIONS = 8
DISCARDED = 9
"""1 and the datagram of which no further set is used."""
ROLLED_ROW = 10
"""1 and the row to which what had been found was taken back, first of all times."""
PROGRESS = 11


@uncounted_kernel
def find_slot(keys: Any, key: Any) -> Any:
    """Where a key stands, or the free place where it would."""
    mask = keys.shape[0] - 1
    place = mixed(key, 0, 0) & mask
    while keys[place] not in (key, _FREE):
        place = (place + 1) & mask
    return place


class Boots(NamedTuple):
    """Boot times that exporters announced, ms since the epoch, -1 for none.

    ``newest`` int64 (sources,); those of single source ports as in :class:`SlotTable`: a router's
    exporting processes began at different times.
    """

    newest: Int64s
    keys: Int64s
    times: Int64s


@uncounted
def _uptime_since_boot(head: Any, boots: Any) -> Any:
    """sysUpTime when a datagram that does not say it was exported; -1 if unknown."""
    boot_ms = boots.newest[head[_H_SOURCE]]
    if boot_ms < 0:
        return -1
    place = find_slot(boots.keys, head[_H_SOURCE] << 16 | head[_H_PORT])
    if boots.keys[place] != _FREE and boots.times[place, 0] >= 0:
        boot_ms = boots.times[place, 0]
    return (head[_H_EXPORT_NS] // 1_000_000 - boot_ms) & 0xFFFFFFFF


@uncounted
def _uptime_at_export(head: Any, boots: Any, program: Any, start: Any) -> Any:
    """The same by what the first record of a set states itself, else by what was announced."""
    return uptime_of(program, start, head[_H_EXPORT_NS], _uptime_since_boot(head, boots))


@uncounted
def _program_of(entry: Any, head: Any, slot_keys: Any, slot_held: Any, any_age: Any) -> Any:
    """The program of a set; -1 for a template, or data whose template is unknown or too old."""
    if entry[_S_ID] >= _RECORD_SET:
        return entry[_S_ID] - _RECORD_SET
    if entry[_S_ID] < _FIRST_DATA_SET:
        return -1
    place = find_slot(slot_keys, head[_H_SOURCE] << 16 | entry[_S_ID])
    if slot_keys[place] == _FREE or (head[_H_ARRIVAL_NS] > slot_held[place, 1] and any_age == 0):
        return -1
    return slot_held[place, 0]


@uncounted
def _fill_work(
    item: Any, entry: Any, head: Any, sampling: Any, number: Any, rows: Any, progress: Any
) -> None:
    """Where the records of a work item are, and what their datagram says of all of them."""
    item[_W_HEAD] = entry[_S_HEAD]
    item[_W_START] = entry[_S_START]
    item[_W_END] = entry[_S_END]
    rate = head[_H_SAMPLING]
    if rate == 0:
        rate = sampling[item[_W_SAMPLING], 0]
    item[_W_RATE] = rate if rate != 0 else sampling[item[_W_WIDE], 0]
    item[_W_ANCHOR] = head[_H_UPTIME_MS]
    item[_W_PROGRAM] = number
    item[_W_ROW] = progress[NEXT_ROW]
    item[_W_ROWS] = rows
    progress[NEXT_WORK] += 1
    progress[NEXT_ROW] += rows


@uncounted
def _begin_datagram(number: Any, protocol: Any, flows: Any, progress: Any) -> None:
    """Note what was counted before the first set of a datagram."""
    if progress[HEAD] == number + 1:
        return
    progress[HEAD] = number + 1
    progress[HEAD_WORK] = progress[NEXT_WORK]
    progress[HEAD_ROW] = progress[NEXT_ROW]
    progress[HEAD_FLOWS] = flows[protocol, 0]
    progress[HEAD_OPTIONS] = flows[protocol, 1]


@uncounted_kernel
def discard_datagram(head: Any, flows: Any, records: Any, progress: Any) -> None:
    """Take back what was found in a malformed IPFIX message (RFC 7011 section 9.1)."""
    progress[NEXT_WORK] = progress[HEAD_WORK]
    progress[NEXT_ROW] = progress[HEAD_ROW]
    flows[0] = progress[HEAD_FLOWS]
    flows[1] = progress[HEAD_OPTIONS]
    records[head] = UNCERTAIN
    progress[DISCARDED] = head + 1
    if progress[ROLLED_ROW] == 0:
        progress[ROLLED_ROW] = progress[HEAD_ROW] + 1


@uncounted_kernel
def resolve(
    sets: Any,
    heads: Any,
    slot_keys: Any,
    slot_held: Any,
    programs: Any,
    segments: Any,
    sampling_of: Any,
    exporter_of: Any,
    wide_of: Any,
    sampling: Any,
    boots: Any,
    work: Any,
    records: Any,
    flows: Any,
    drops: Any,
    counts: Any,
    base: Any,
    lengths: Any,
    progress: Any,
) -> Any:
    """Turn sets into work from ``progress`` on; the program of the set it stopped at.

    -1 is a template or data without one; at the end ``progress[NEXT_SET]`` is the sets' number. It
    counts into ``records``, ``flows`` (protocols, 2: flows, options), ``drops``, ``counts``.
    """
    while progress[NEXT_SET] < sets.shape[0]:
        entry = sets[progress[NEXT_SET]]
        head = heads[entry[_S_HEAD]]
        if progress[DISCARDED] == entry[_S_HEAD] + 1:
            progress[NEXT_SET] += 1
            continue
        _begin_datagram(entry[_S_HEAD], head[_H_PROTOCOL], flows, progress)
        number = _program_of(entry, head, slot_keys, slot_held, progress[ANY_AGE])
        if number < 0:
            return -1
        program = programs[number]
        if program[_P_KIND] > _OPTIONS:
            return number
        found, rows, cut = count_records(
            program, segments, entry[_S_START], entry[_S_END], base, lengths
        )
        if cut:
            drop(head, _RECORD_BEYOND_SET, 1, drops, counts)
            records[entry[_S_HEAD]] += UNCERTAIN
            if cut == OVERRUN and head[_H_PROTOCOL] == _IPFIX:
                discard_datagram(entry[_S_HEAD], flows[head[_H_PROTOCOL]], records, progress)
                continue
        options = program[_P_KIND] > _WALKED
        records[entry[_S_HEAD]] += found * (1 + _OPTION) if options else found
        flows[head[_H_PROTOCOL], 1 if options else 0] += found
        if rows > 0 and not options:
            item = work[progress[NEXT_WORK]]
            item[_W_SAMPLING] = sampling_of[head[_H_SOURCE]]
            item[_W_WIDE] = wide_of[exporter_of[head[_H_SOURCE]]]
            _fill_work(item, entry, head, sampling, number, rows, progress)
            if item[_W_ANCHOR] < 0:
                item[_W_ANCHOR] = _uptime_at_export(head, boots, program, entry[_S_START])
        progress[NEXT_SET] += 1
    return -1


class SlotTable:
    """Which program decodes the data sets of a template number of a source.

    Or any number, not negative, of any 16 bits of a source. ``held`` int64 (capacity, 2) has the
    number, -1 for none, and the arrival time after which it is no longer used.
    """

    __slots__ = ("_used", "held", "keys")

    def __init__(self) -> None:
        self._reset(1024)

    def _reset(self, capacity: int) -> None:
        self.keys: Int64s = np.full(capacity, _FREE, np.int64)
        self.held: Int64s = np.full((capacity, 2), -1, np.int64)
        self._used = 0

    def put(self, source: int, template_id: int, program: int, until: int = ALWAYS) -> None:
        """Set the program of a template number; -1 takes it away."""
        key = source << 16 | template_id
        place = int(find_slot(self.keys, key))
        if self.keys[place] == _FREE:
            if 2 * (self._used + 1) > len(self.keys):
                self._grow()
                place = int(find_slot(self.keys, key))
            self.keys[place] = key
            self._used += 1
        self.held[place] = program, until

    def renew(self, source: int, template_id: int, until: int) -> None:
        """Set until when a number that is known counts."""
        self.held[int(find_slot(self.keys, source << 16 | template_id)), 1] = until

    def _grow(self) -> None:
        used = self.held[:, 0] >= 0
        keys, held = self.keys[used], self.held[used]
        self._reset(2 * len(self.keys) if 4 * len(keys) > len(self.keys) else len(self.keys))
        for key, row in zip(keys.tolist(), held, strict=True):
            place = int(find_slot(self.keys, key))
            self.keys[place], self.held[place] = key, row
        self._used = len(keys)
