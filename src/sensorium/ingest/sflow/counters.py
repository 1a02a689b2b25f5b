"""Counter samples into values: which series, and what it counts."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import kernel, uncounted
from sensorium.ingest.packet.words import u8, u32, u64
from sensorium.ingest.sflow import layout as at
from sensorium.ingest.sflow import structures as st
from sensorium.ingest.sflow.interning import intern
from sensorium.ingest.sflow.reasons import CODE, Drop
from sensorium.ingest.sflow.structures import STRUCTURES
from sensorium.ingest.sflow.tally import drop

Int64s = npt.NDArray[np.int64]

KEY_WIDTH = 5
"""Words of a block's key: agent, type and index of the data source, structure, what tells it."""

_RECORD_CUT = CODE[Drop.RECORD_CUT]
_UNKNOWN_COUNTER_RECORD = CODE[Drop.UNKNOWN_COUNTER_RECORD]
_BAD_COUNTER_RECORD = CODE[Drop.BAD_COUNTER_RECORD]
_TOO_MANY_SERIES = CODE[Drop.TOO_MANY_SERIES]

_H_AGENT = at.H_AGENT
_S_HEAD = at.S_HEAD
_S_KIND = at.S_KIND
_S_START = at.S_START
_S_END = at.S_END
_S_RECORDS = at.S_RECORDS
_S_SOURCE_TYPE = at.S_SOURCE_TYPE
_S_SOURCE_INDEX = at.S_SOURCE_INDEX
_COUNTERS = at.COUNTERS
_WORD = st.WORD
_LONG = st.LONG
_FLOAT = st.FLOAT
_BIT_0 = st.BIT_0
_ONE = st.ONE
_SIGNED = st.SIGNED
_FIRST_WORD = st.FIRST_WORD
_WHOLE_RECORD = st.WHOLE_RECORD
_FIRST_STRING = st.FIRST_STRING
_POSITION = st.POSITION

_UNKNOWN = 0xFFFFFFFF
_UNKNOWN_SIGNED = 0x7FFFFFFF  # and, below zero, as much
_HASH_START = -3750763034362895579  # FNV-1a's offset basis and prime, as int64
_HASH_PRIME = 1099511628211

# The structures as the kernel reads them.
_MOST_FORMAT = 4096
_BY_FORMAT = np.full(_MOST_FORMAT, -1, np.int64)
_LEAST = np.array([s.least for s in STRUCTURES], np.int64)
_TOLD_BY = np.array([s.told_by for s in STRUCTURES], np.int64)
_LISTS = np.array([len(s.lists) for s in STRUCTURES], np.int64)
_LISTED_FROM = np.array([s.listed_from for s in STRUCTURES], np.int64)
_ENDS = np.cumsum([len(s.fields) for s in STRUCTURES]).astype(np.int64)
_OFFSET = np.array([f.offset for s in STRUCTURES for f in s.fields], np.int64)
_END = np.array([f.end for s in STRUCTURES for f in s.fields], np.int64)
_READ = np.array([f.read for s in STRUCTURES for f in s.fields], np.int64)
_SCALE = np.array([f.scale for s in STRUCTURES for f in s.fields], np.float64)
_items = {item.name for structure in STRUCTURES for item in structure.lists}
_records = {s.format: i for i, s in enumerate(STRUCTURES) if s.name not in _items}
for _format, _index in _records.items():
    if _format < _MOST_FORMAT:
        _BY_FORMAT[_format] = _index
_OTHERS = np.array([pair for pair in _records.items() if pair[0] >= _MOST_FORMAT], np.int64)

# A block: the record of one structure of one data source, whose fields' series follow each other.
B_FIRST: int = 0  # its first series
B_PLACE: int = 1  # where its first record lies in the slab, and how long it is
B_LENGTH: int = 2
BLOCK_WIDTH: int = 3
_B_FIRST, _B_PLACE, _B_LENGTH = B_FIRST, B_PLACE, B_LENGTH


class Values(NamedTuple):
    """Values found: ``series`` int64, ``datagram`` int64 and ``value`` float64, each (room,)."""

    series: Int64s
    datagram: Int64s
    value: npt.NDArray[np.float64]


@uncounted
def _structure_of(kind: Any) -> Any:
    """The number of the structure of a format, -1 where it is not read."""
    if kind < _MOST_FORMAT:
        return _BY_FORMAT[kind]
    for other in range(_OTHERS.shape[0]):
        if _OTHERS[other, 0] == kind:
            return _OTHERS[other, 1]
    return -1


@uncounted
def _first_string(data: Any, start: Any) -> Any:
    """Bytes of the string that a record begins with, its length and padding among them."""
    return 4 + ((u32(data, start) + 3) & -4)


@uncounted
def _least(data: Any, start: Any, length: Any, structure: Any) -> Any:
    """Bytes that a record of so many has to have; its string is only looked for where it fits."""
    least = _LEAST[structure]
    if _TOLD_BY[structure] == _FIRST_STRING and length >= least:
        least += _first_string(data, start) - 4
    return least


@uncounted
def _told(data: Any, start: Any, length: Any, structure: Any, position: Any) -> Any:
    """What tells a record from others of its structure and data source."""
    if _TOLD_BY[structure] == _FIRST_WORD:
        return u32(data, start)
    if _TOLD_BY[structure] == _POSITION:
        return position
    state = np.int64(0)
    if _TOLD_BY[structure] in (_WHOLE_RECORD, _FIRST_STRING):
        if _TOLD_BY[structure] == _FIRST_STRING:
            length = _first_string(data, start)
        state = np.int64(_HASH_START)
        for index in range(length):
            state = (state ^ u8(data, start + index)) * np.int64(_HASH_PRIME)
    return state


@uncounted
def _value(data: Any, place: Any, read: Any, floats: Any) -> Any:
    """A field's value, and whether it is known."""
    if read == _LONG:
        value = u64(data, place)
        return np.float64(np.uint64(value)), value != -1
    if read == _ONE:
        return 1.0, True
    word = u32(data, place)
    if read == _WORD:
        return np.float64(word), word != _UNKNOWN
    if read == _FLOAT:
        floats[0] = word
        number = np.float64(floats.view(np.float32)[0])
        return number, number >= 0 and number < np.inf
    if read == _SIGNED:
        signed = word - (word >> 31 << 32)
        return np.float64(signed), abs(signed) != _UNKNOWN_SIGNED
    return np.float64(word >> (read - _BIT_0) & 1), word != _UNKNOWN


@uncounted
def _block(
    data: Any,
    start: Any,
    length: Any,
    structure: Any,
    position: Any,
    blocks: Any,
    table: Any,
    key: Any,
    most: Any,
) -> Any:
    """The number of a record's block, a new one if need be; -1 if its series have no room.

    ``table`` int64 (blocks + 1, BLOCK_WIDTH): the row after the last block has the next series.
    """
    fields = _ENDS[structure] - (_ENDS[structure - 1] if structure else 0)
    known = blocks.known[0]
    key[3] = structure
    key[4] = _told(data, start, length, structure, position)
    number = intern(blocks, key, table[known, _B_FIRST] + fields <= most)
    if number == known:
        table[known, _B_PLACE] = start
        table[known, _B_LENGTH] = length
        table[known + 1, _B_FIRST] = table[known, _B_FIRST] + fields
    return number


@uncounted
def _values(
    data: Any,
    start: Any,
    length: Any,
    structure: Any,
    first: Any,
    datagram: Any,
    values: Any,
    used: Any,
    floats: Any,
) -> Any:
    """Append the values of a record's fields; how many there are then."""
    field = _ENDS[structure - 1] if structure else 0
    for index in range(_ENDS[structure] - field):
        if _END[field + index] > length:
            continue
        place = start + _OFFSET[field + index]
        value, known = _value(data, place, _READ[field + index], floats)
        if known:
            values.series[used] = first + index
            values.datagram[used] = datagram
            values.value[used] = value * _SCALE[field + index]
            used += 1
    return used


@uncounted
def _record(
    data: Any,
    start: Any,
    length: Any,
    structure: Any,
    position: Any,
    blocks: Any,
    table: Any,
    key: Any,
    most: Any,
    datagram: Any,
    values: Any,
    used: Any,
    floats: Any,
) -> Any:
    """Append a record's values; how many there are then, or -1 if its series have no room."""
    block = _block(data, start, length, structure, position, blocks, table, key, most)
    if block < 0:
        return -1
    if _TOLD_BY[structure] == _FIRST_STRING:
        string = _first_string(data, start)
        start, length = start + string, length - string
    first = table[block, _B_FIRST]
    return _values(data, start, length, structure, first, datagram, values, used, floats)


@uncounted
def _listed(
    data: Any,
    place: Any,
    last: Any,
    structure: Any,
    blocks: Any,
    table: Any,
    key: Any,
    most: Any,
    datagram: Any,
    values: Any,
    used: Any,
    floats: Any,
    agent: Any,
    counts: Any,
) -> Any:
    """Append the values of a record's lists, from ``place`` on; how many there are then."""
    for item in range(structure + 1, structure + 1 + _LISTS[structure]):
        size = _LEAST[item]
        count = u32(data, place) if last - place >= 4 else -1
        place += 4
        if count < 0 or count > (last - place) // size:
            drop(counts, agent, _BAD_COUNTER_RECORD)
            return used
        for position in range(count):
            added = _record(
                *(data, place, size, item, position, blocks, table, key, most),
                *(datagram, values, used, floats),
            )
            if added < 0:
                drop(counts, agent, _TOO_MANY_SERIES)
            else:
                used = added
            place += size
    return used


@kernel
def read_counters(
    data: Any,
    samples: Any,
    heads: Any,
    blocks: Any,
    table: Any,
    most: Any,
    values: Any,
    tally: Any,
) -> Any:
    """Read the counter samples of a slab into ``values``, which has room; how many there are."""
    used = 0
    key = np.zeros(KEY_WIDTH, np.int64)
    floats = np.zeros(1, np.uint32)
    counts = tally.ctypes.data
    for i in range(samples.shape[0]):
        sample = samples[i]
        if sample[_S_KIND] != _COUNTERS:
            continue
        datagram = sample[_S_HEAD]
        agent = heads[datagram, _H_AGENT]
        key[0], key[1], key[2] = agent, sample[_S_SOURCE_TYPE], sample[_S_SOURCE_INDEX]
        start, last = sample[_S_START], sample[_S_END]
        for _ in range(sample[_S_RECORDS]):
            if last - start < 8 or u32(data, start + 4) > last - start - 8:
                drop(counts, agent, _RECORD_CUT)
                break
            kind, length = u32(data, start), u32(data, start + 4)
            start += 8
            structure = _structure_of(kind)
            if structure < 0:
                drop(counts, agent, _UNKNOWN_COUNTER_RECORD)
            elif length < _least(data, start, length, structure):
                drop(counts, agent, _BAD_COUNTER_RECORD)
            else:
                added = _record(
                    *(data, start, length, structure, 0, blocks, table, key, most),
                    *(datagram, values, used, floats),
                )
                if added < 0:
                    drop(counts, agent, _TOO_MANY_SERIES)
                else:
                    used = added
                if _LISTS[structure]:
                    used = _listed(
                        *(data, start + _LISTED_FROM[structure], start + length, structure),
                        *(blocks, table, key, most, datagram, values, used, floats, agent, counts),
                    )
            start = min(start + ((length + 3) & -4), last)
    return used
