"""The decode kernel: runs each piece of work's program over its records, into the columns.

Records of one program are taken a few hundred at a time, from as many sets as it takes, and each
operation goes over all of them before the next: they stay in the second-level cache, the columns
are written front to back, and what to do is decided once for hundreds of values.

Nothing here checks bounds: :mod:`resolve` has proved that
every record lies in its set, every set in the slab, and every row in the columns.
"""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted, uncounted_kernel
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.operations import run_operation, run_varying
from sensorium.ingest.netflow.records import next_record, reverse_set, uptime_of
from sensorium.ingest.netflow.steps import BY_BOOT_TIME, BY_HEADER, UNKNOWN, finish
from sensorium.ingest.netflow.wire import lane, set_lane, store_u8, store_u32, store_u64

_H_PROTOCOL = at.H_PROTOCOL
_H_DOMAIN = at.H_DOMAIN
_H_SEQUENCE = at.H_SEQUENCE
_H_EXPORT_NS = at.H_EXPORT_NS
_H_UPTIME_MS = at.H_UPTIME_MS
_H_ARRIVAL_NS = at.H_ARRIVAL_NS
_H_ADDRESS_HIGH = at.H_ADDRESS_HIGH
_H_ADDRESS_LOW = at.H_ADDRESS_LOW
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
_P_LENGTH = at.P_LENGTH
_P_SEGMENTS = at.P_SEGMENTS
_P_SEGMENTS_END = at.P_SEGMENTS_END
_P_OPS = at.P_OPS
_P_OPS_END = at.P_OPS_END
_P_REVERSE_OPS_END = at.P_REVERSE_OPS_END
_P_STEPS = at.P_STEPS
_P_BOOT = at.P_BOOT
_O_KIND = at.O_KIND
_O_SEGMENT = at.O_SEGMENT
_O_OFFSET = at.O_OFFSET
_O_WIDTH = at.O_WIDTH
_O_COLUMN = at.O_COLUMN
_O_SIZE = at.O_SIZE
_LANES = at.LANES
_FIXED = at.FIXED
_ICMP_CODE = at.ICMP_CODE
_TYPE = at.TYPE
_TIME_RECEIVED = at.TIME_RECEIVED
_SAMPLER_ADDRESS = at.SAMPLER_ADDRESS
_DOMAIN = at.DOMAIN
_SEQUENCE = at.SEQUENCE


@uncounted
def _write_head(head: Any, columns: Any, row: Any, rows: Any) -> None:
    """The columns that are the same for all records of a datagram."""
    kinds = columns[_TYPE] + row
    received = columns[_TIME_RECEIVED] + 8 * row
    sampler = columns[_SAMPLER_ADDRESS] + 16 * row
    domains = columns[_DOMAIN] + 4 * row
    sequences = columns[_SEQUENCE] + 4 * row
    # Read before the loops: stores might alias the head, which would keep them scalar.
    protocol = head[_H_PROTOCOL]
    arrival = head[_H_ARRIVAL_NS]
    high = head[_H_ADDRESS_HIGH]
    low = head[_H_ADDRESS_LOW]
    domain = head[_H_DOMAIN]
    sequence = head[_H_SEQUENCE]
    for i in range(rows):
        store_u8(kinds + i, protocol)
    for i in range(rows):
        store_u64(received + 8 * i, arrival)
    for i in range(rows):
        store_u64(sampler + 16 * i, high)
        store_u64(sampler + 16 * i + 8, low)
    for i in range(rows):
        store_u32(domains + 4 * i, domain)
    for i in range(rows):
        store_u32(sequences + 4 * i, sequence)


@uncounted
def _run(
    operations: Any,
    first: Any,
    last: Any,
    columns: Any,
    base: Any,
    lengths: Any,
    row: Any,
    export_ns: Any,
    anchor: Any,
    n: Any,
) -> None:
    """Run a program's operations, one after the other, each on all lanes."""
    codes = columns[_ICMP_CODE]
    for index in range(first, last):
        operation = operations[index]
        kind = operation[_O_KIND]
        segment = operation[_O_SEGMENT]
        target = columns[operation[_O_COLUMN]]
        size = operation[_O_SIZE]
        width = operation[_O_WIDTH]
        if width < 0:
            run_varying(
                kind,
                base + 8 * _LANES * segment,
                lengths + 8 * _LANES * segment,
                target,
                size,
                row,
                n,
                export_ns,
                anchor,
                codes,
            )
        else:
            run_operation(
                kind,
                base + 8 * _LANES * segment,
                operation[_O_OFFSET],
                width,
                target,
                size,
                row,
                n,
                export_ns,
                anchor,
                codes,
            )


@uncounted
def _keep_reversed(
    program: Any, base: Any, lengths: Any, row: Any, export_ns: Any, anchor: Any, n: Any
) -> Any:
    """Move the records that have a reverse direction to the first lanes; how many they are."""
    segments = program[_P_SEGMENTS_END] - program[_P_SEGMENTS]
    kept = 0
    for place in range(n):
        if reverse_set(program, base, place):
            for segment in range(segments):
                first = _LANES * segment
                set_lane(base, first + kept, lane(base, first + place))
                set_lane(lengths, first + kept, lane(lengths, first + place))
            set_lane(row, kept, lane(row, place) + 1)
            set_lane(export_ns, kept, lane(export_ns, place))
            set_lane(anchor, kept, lane(anchor, place))
            kept += 1
    return kept


@uncounted
def _fill(
    item: Any,
    program: Any,
    segments: Any,
    start: Any,
    row: Any,
    export: Any,
    base: Any,
    lengths: Any,
    rows: Any,
    export_ns: Any,
    anchor: Any,
    n: Any,
) -> Any:
    """Put records of a set into lanes from ``n`` on; where it stopped, and lanes in use."""
    last = item[_W_ROW] + item[_W_ROWS]
    since = max(item[_W_ANCHOR], 0)
    length = program[_P_LENGTH]
    if program[_P_KIND] == _FIXED:
        count = min(last - row, _LANES - n)
        for i in range(count):
            set_lane(base, n + i, start + length * i)
            set_lane(rows, n + i, row + i)
            set_lane(export_ns, n + i, export)
            set_lane(anchor, n + i, since)
        if program[_P_BOOT] >= 0:
            for i in range(count):
                set_lane(anchor, n + i, uptime_of(program, start + length * i, export, since))
        return start + length * count, row + count, n + count
    while row < last and n < _LANES:
        set_lane(anchor, n, uptime_of(program, start, export, since))
        start = next_record(program, segments, start, item[_W_END], base, lengths, n)
        set_lane(rows, n, row)
        set_lane(export_ns, n, export)
        row += 2 if reverse_set(program, base, n) else 1
        n += 1
    return start, row, n


@uncounted
def _anchored(item: Any, head: Any) -> Any:
    """What the uptimes of a piece of work count from."""
    if head[_H_UPTIME_MS] >= 0:
        return BY_HEADER
    return BY_BOOT_TIME if item[_W_ANCHOR] >= 0 else UNKNOWN


@uncounted
def _flush(
    work: Any,
    heads: Any,
    program: Any,
    operations: Any,
    sampling: Any,
    keys: Any,
    rates: Any,
    columns: Any,
    base: Any,
    lengths: Any,
    row: Any,
    export_ns: Any,
    anchor: Any,
    pieces: Any,
    n: Any,
    used: Any,
) -> None:
    """Decode the records in the lanes and finish their rows."""
    first_operation = program[_P_OPS]
    # Forward, then reverse, with one call: what is called twice is compiled twice.
    for last_operation in (program[_P_OPS_END], program[_P_REVERSE_OPS_END]):
        _run(
            operations, first_operation, last_operation, columns,
            base, lengths, row, export_ns, anchor, n,
        )  # fmt: skip
        first_operation = program[_P_OPS_END]
        if first_operation == program[_P_REVERSE_OPS_END]:
            break
        n = _keep_reversed(program, base, lengths, row, export_ns, anchor, n)
    for index in range(used):
        item = work[pieces[index, 0]]
        head = heads[item[_W_HEAD]]
        first = pieces[index, 1]
        rows = pieces[index, 2] - first
        _write_head(head, columns, first, rows)
        finish(
            columns,
            first,
            rows,
            program[_P_STEPS],
            head[_H_EXPORT_NS],
            _anchored(item, head),
            item[_W_RATE],
            sampling[item[_W_SAMPLING]],
            sampling[item[_W_WIDE]],
            keys,
            rates,
        )


@uncounted_kernel
def execute(
    work: Any,
    order: Any,
    heads: Any,
    programs: Any,
    operations: Any,
    segments: Any,
    sampling: Any,
    keys: Any,
    rates: Any,
    columns: Any,
    base: Any,
    lengths: Any,
    row: Any,
    export_ns: Any,
    anchor: Any,
    pieces: Any,
) -> None:
    """Decode all work, in an ``order`` that keeps the work of one program together.

    ``columns`` are addresses of the columns' first values, 0 where unused; what follows them is
    the workspace (see :mod:`lanes`).
    """
    n = 0
    used = 0
    turn = -1
    current = -1
    program = programs[0]
    item = work[0]
    start = next_row = last_row = export = 0
    while True:
        if next_row == last_row:
            turn += 1
            if turn < order.shape[0]:
                item = work[order[turn]]
                start = item[_W_START]
                next_row = item[_W_ROW]
                last_row = next_row + item[_W_ROWS]
                export = heads[item[_W_HEAD], _H_EXPORT_NS]
        done = turn == order.shape[0]
        if done or item[_W_PROGRAM] != current or _LANES in (n, used):
            if n > 0:
                _flush(
                    work, heads, program, operations, sampling, keys, rates, columns,
                    base, lengths, row, export_ns, anchor, pieces, n, used,
                )  # fmt: skip
            if done:
                return
            n = 0
            used = 0
            current = item[_W_PROGRAM]
            program = programs[current]
        pieces[used, 0] = order[turn]
        pieces[used, 1] = next_row
        start, next_row, n = _fill(
            item, program, segments, start, next_row, export,
            base, lengths, row, export_ns, anchor, n,
        )  # fmt: skip
        pieces[used, 2] = next_row
        used += 1
