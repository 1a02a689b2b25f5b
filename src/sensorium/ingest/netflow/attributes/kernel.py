"""The kernel that writes a slab's attributes: the elements that fill no column, as text by name.

Work is taken in the order of its rows, since an Arrow map's pairs lie one row after the other.
Slabs without such elements never come here.
"""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted, uncounted_kernel
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.attributes.text import TEXT_ROOM, is_slow, put_text
from sensorium.ingest.netflow.records import next_record, reverse_set
from sensorium.ingest.netflow.registry.lookup import Type
from sensorium.ingest.netflow.values import load_unsigned
from sensorium.ingest.netflow.wire import lane, native_u64, set_lane, store_u32, store_u64

_W_START = at.W_START
_W_END = at.W_END
_W_ROW = at.W_ROW
_W_ROWS = at.W_ROWS
_W_PROGRAM = at.W_PROGRAM
_P_KIND = at.P_KIND
_P_LENGTH = at.P_LENGTH
_P_ATTRIBUTES = at.P_ATTRIBUTES
_P_ATTRIBUTES_END = at.P_ATTRIBUTES_END
_P_NAMES_LENGTH = at.P_NAMES_LENGTH
_A_TYPE = at.A_TYPE
_A_SEGMENT = at.A_SEGMENT
_A_OFFSET = at.A_OFFSET
_A_WIDTH = at.A_WIDTH
_A_NAME = at.A_NAME
_A_NAME_LENGTH = at.A_NAME_LENGTH
_LANES = at.LANES
_FIXED = at.FIXED
_OCTETS = int(Type.OCTETS)
_STRING = int(Type.STRING)
_FLOAT = int(Type.FLOAT)
_ROOM = TEXT_ROOM

# How far the kernel has come: it stops where room runs out, and goes on with more.
TURN = 0
ROW = 1
START = 2
PAIRS = 3
KEYS = 4
VALUES = 5
SLOW = 6
STATE = 7

# The most pairs, characters of names and of values, and slow values that there is room for.
MOST_PAIRS = 0
MOST_KEYS = 1
MOST_VALUES = 2
MOST_SLOW = 3

# A value that Python writes: the pair it belongs to, what it is, where its bytes are.
V_PAIR = 0
V_ATTRIBUTE = 1
V_START = 2
V_WIDTH = 3
V_TURN = 4
V_ROW = 5
V_BITS = 6  # a real number's bytes as an integer
SLOW_WIDTH = 7


@uncounted
def _put_name(target: Any, source: Any, length: Any) -> Any:
    """Copy a name eight bytes at a time; there is room beyond both ends."""
    for index in range(0, length, 8):
        store_u64(target + index, native_u64(source + index))
    return target + length


@uncounted
def _write_record(
    first: Any,
    program: Any,
    attributes: Any,
    names: Any,
    base: Any,
    lengths: Any,
    key_ends: Any,
    keys: Any,
    value_ends: Any,
    values: Any,
    slow: Any,
    state: Any,
) -> None:
    """Append the pairs of the record in the first lane; ``first`` is where its set's begin."""
    for index in range(program[_P_ATTRIBUTES], program[_P_ATTRIBUTES_END]):
        attribute = attributes[index]
        segment = _LANES * attribute[_A_SEGMENT]
        source = (lane(base, segment) if segment >= 0 else first) + attribute[_A_OFFSET]
        width = attribute[_A_WIDTH]
        kind = attribute[_A_TYPE]
        if width < 0:
            width = lane(lengths, segment)
            source -= width
            if width == 0 and kind not in (_STRING, _OCTETS):
                continue
        if is_slow(kind, width):
            entry = slow[state[SLOW]]
            entry[V_PAIR] = state[PAIRS]
            entry[V_ATTRIBUTE] = index
            entry[V_START] = source
            entry[V_WIDTH] = width
            entry[V_TURN] = state[TURN]
            entry[V_ROW] = state[ROW]
            entry[V_BITS] = load_unsigned(source, width) if kind == _FLOAT else 0
            state[SLOW] += 1
        else:
            state[VALUES] = put_text(values + state[VALUES], kind, source, width) - values
        name = names + attribute[_A_NAME]
        state[KEYS] = _put_name(keys + state[KEYS], name, attribute[_A_NAME_LENGTH]) - keys
        state[PAIRS] += 1
        store_u32(key_ends + 4 * state[PAIRS], state[KEYS])
        store_u32(value_ends + 4 * state[PAIRS], state[VALUES])


@uncounted
def _has_room(program: Any, width: Any, most: Any, state: Any) -> Any:
    """Whether two rows of a record of so many bytes fit in."""
    pairs = 2 * (program[_P_ATTRIBUTES_END] - program[_P_ATTRIBUTES])
    return (
        state[PAIRS] + pairs < most[MOST_PAIRS]
        and state[KEYS] + 2 * program[_P_NAMES_LENGTH] < most[MOST_KEYS]
        and state[VALUES] + _ROOM * pairs + 4 * width < most[MOST_VALUES]
        and state[SLOW] + pairs < most[MOST_SLOW]
    )


@uncounted
def _skip(item: Any, row_ends: Any, state: Any) -> None:
    """Rows without attributes end where they begin."""
    last = item[_W_ROW] + item[_W_ROWS]
    while state[ROW] < last:
        state[ROW] += 1
        store_u32(row_ends + 4 * state[ROW], state[PAIRS])


@uncounted_kernel
def write_attributes(
    work: Any,
    programs: Any,
    attributes: Any,
    segments: Any,
    names: Any,
    base: Any,
    lengths: Any,
    row_ends: Any,
    key_ends: Any,
    keys: Any,
    value_ends: Any,
    values: Any,
    slow: Any,
    most: Any,
    state: Any,
) -> Any:
    """Write the pairs of all work from ``state`` on; whether it came to the end.

    ``names``, ``row_ends``, ``key_ends``, ``keys``, ``value_ends`` and ``values`` are addresses:
    the names' text, and the buffers of an Arrow map of strings, int32 offsets and characters.
    ``slow`` int64 (``most[MOST_SLOW]``, 7) gets the values that are left out here.
    """
    while state[TURN] < work.shape[0]:
        item = work[state[TURN]]
        program = programs[item[_W_PROGRAM]]
        if state[START] == 0:
            state[ROW] = item[_W_ROW]
            state[START] = item[_W_START]
        if program[_P_ATTRIBUTES] == program[_P_ATTRIBUTES_END]:
            _skip(item, row_ends, state)
        last = item[_W_ROW] + item[_W_ROWS]
        while state[ROW] < last:
            start = state[START]
            if program[_P_KIND] == _FIXED:
                set_lane(base, 0, start)
                after = start + program[_P_LENGTH]
                rows = 1
            else:
                after = next_record(program, segments, start, item[_W_END], base, lengths, 0)
                rows = 2 if reverse_set(program, base, 0) else 1
            if not _has_room(program, after - start, most, state):
                return False
            for _ in range(rows):
                _write_record(
                    item[_W_START], program, attributes, names, base, lengths,
                    key_ends, keys, value_ends, values, slow, state,
                )  # fmt: skip
                state[ROW] += 1
                store_u32(row_ends + 4 * state[ROW], state[PAIRS])
            state[START] = after
        state[TURN] += 1
        state[START] = 0
    return True
