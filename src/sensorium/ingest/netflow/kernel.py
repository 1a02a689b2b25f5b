"""The decode kernel: runs each piece of work's program over its records, into the columns.

A set's records stay in the first-level cache while each operation goes over all of them, and
each column is written front to back. Nothing here checks bounds: :mod:`resolve` has proved that
every record lies in its set, every set in the slab, and every row in the columns.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.records import next_record, reverse_set
from sensorium.ingest.netflow.steps import finish
from sensorium.ingest.netflow.values import run_operation, usable_width
from sensorium.ingest.netflow.wire import store_u8, store_u16, store_u32, store_u64

_H_PROTOCOL = at.H_PROTOCOL
_H_DOMAIN = at.H_DOMAIN
_H_SEQUENCE = at.H_SEQUENCE
_H_EXPORT_NS = at.H_EXPORT_NS
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
_P_KIND = at.P_KIND
_P_LENGTH = at.P_LENGTH
_P_FIELDS = at.P_FIELDS
_P_FIELDS_END = at.P_FIELDS_END
_P_OPS = at.P_OPS
_P_OPS_END = at.P_OPS_END
_P_REVERSE_OPS_END = at.P_REVERSE_OPS_END
_P_STEPS = at.P_STEPS
_O_KIND = at.O_KIND
_O_FIELD = at.O_FIELD
_O_OFFSET = at.O_OFFSET
_O_WIDTH = at.O_WIDTH
_O_COLUMN = at.O_COLUMN
_O_SIZE = at.O_SIZE
_FIXED = at.FIXED
_ICMP_CODE = at.ICMP_CODE
_TYPE = at.TYPE
_TIME_RECEIVED = at.TIME_RECEIVED
_SAMPLER_ADDRESS = at.SAMPLER_ADDRESS
_DOMAIN = at.DOMAIN
_SEQUENCE = at.SEQUENCE


@njit(cache=True, nogil=True)
def _write_head(head: Any, columns: Any, row: Any, rows: Any) -> None:
    """The columns that are the same for all records of a datagram."""
    kinds = columns[_TYPE] + row
    received = columns[_TIME_RECEIVED] + 8 * row
    sampler = columns[_SAMPLER_ADDRESS] + 16 * row
    domains = columns[_DOMAIN] + 4 * row
    sequences = columns[_SEQUENCE] + 4 * row
    high = head[_H_ADDRESS_HIGH]
    low = head[_H_ADDRESS_LOW]
    for i in range(rows):
        store_u8(kinds + i, head[_H_PROTOCOL])
    for i in range(rows):
        store_u64(received + 8 * i, head[_H_ARRIVAL_NS])
    for i in range(rows):
        store_u64(sampler + 16 * i, high)
        store_u64(sampler + 16 * i + 8, low)
    for i in range(rows):
        store_u32(domains + 4 * i, head[_H_DOMAIN])
    for i in range(rows):
        store_u32(sequences + 4 * i, head[_H_SEQUENCE])


@njit(cache=True, nogil=True)
def _clear_row(columns: Any, sizes: Any, row: Any) -> None:
    for index in range(columns.shape[0]):
        if columns[index] != 0:
            place = columns[index] + sizes[index] * row
            if sizes[index] == 16:
                store_u64(place, 0)
                store_u64(place + 8, 0)
            elif sizes[index] == 8:
                store_u64(place, 0)
            elif sizes[index] == 4:
                store_u32(place, 0)
            elif sizes[index] == 2:
                store_u16(place, 0)
            else:
                store_u8(place, 0)


@njit(cache=True, nogil=True)
def _run_record(
    operations: Any,
    first: Any,
    last: Any,
    where: Any,
    columns: Any,
    row: Any,
    export_ns: Any,
    anchor: Any,
) -> None:
    """Run operations on one record whose fields stand ``where`` the walk has found them."""
    for index in range(first, last):
        operation = operations[index]
        field = operation[_O_FIELD]
        size = operation[_O_SIZE]
        width = where[field, 1]
        if usable_width(operation[_O_KIND], width):
            run_operation(
                operation[_O_KIND],
                where[field, 0],
                0,
                width,
                columns[operation[_O_COLUMN]] + size * row,
                size,
                1,
                export_ns,
                anchor,
                columns[_ICMP_CODE] + row,
            )


@njit(cache=True, nogil=True)
def _decode_walked(
    item: Any,
    program: Any,
    operations: Any,
    fields: Any,
    columns: Any,
    sizes: Any,
    where: Any,
    export_ns: Any,
    anchor: Any,
) -> None:
    """Records that vary in length or have two directions: one after the other."""
    start = item[_W_START]
    row = item[_W_ROW]
    last_row = row + item[_W_ROWS]
    while row < last_row:
        start = next_record(
            fields, program[_P_FIELDS], program[_P_FIELDS_END], start, item[_W_END], where
        )
        _clear_row(columns, sizes, row)
        _run_record(
            operations, program[_P_OPS], program[_P_OPS_END], where, columns, row, export_ns, anchor
        )
        row += 1
        if reverse_set(program, where):
            _clear_row(columns, sizes, row)
            _run_record(
                operations,
                program[_P_OPS_END],
                program[_P_REVERSE_OPS_END],
                where,
                columns,
                row,
                export_ns,
                anchor,
            )
            row += 1


@njit(cache=True, nogil=True)
def execute(
    work: Any,
    heads: Any,
    programs: Any,
    operations: Any,
    fields: Any,
    sampling: Any,
    keys: Any,
    rates: Any,
    columns: Any,
    sizes: Any,
    where: Any,
) -> None:
    """Decode all work. ``columns`` are addresses of the columns' first rows, 0 where unused."""
    for index in range(work.shape[0]):
        item = work[index]
        head = heads[item[_W_HEAD]]
        program = programs[item[_W_PROGRAM]]
        row = item[_W_ROW]
        rows = item[_W_ROWS]
        export_ns = head[_H_EXPORT_NS]
        anchor = max(item[_W_ANCHOR], 0)
        if program[_P_KIND] == _FIXED:
            for step in range(program[_P_OPS], program[_P_OPS_END]):
                operation = operations[step]
                size = operation[_O_SIZE]
                run_operation(
                    operation[_O_KIND],
                    item[_W_START] + operation[_O_OFFSET],
                    program[_P_LENGTH],
                    operation[_O_WIDTH],
                    columns[operation[_O_COLUMN]] + size * row,
                    size,
                    rows,
                    export_ns,
                    anchor,
                    columns[_ICMP_CODE] + row,
                )
        else:
            _decode_walked(
                item, program, operations, fields, columns, sizes, where, export_ns, anchor
            )
        _write_head(head, columns, row, rows)
        finish(
            columns,
            row,
            rows,
            program[_P_STEPS],
            export_ns,
            item[_W_ANCHOR] >= 0,
            item[_W_RATE],
            sampling[item[_W_SAMPLING]],
            keys,
            rates,
        )
