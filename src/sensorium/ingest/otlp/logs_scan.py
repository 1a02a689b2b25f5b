"""An ExportLogsServiceRequest, walked once: every record to a row of the table of records."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.memory import put_total, total
from sensorium.ingest.otlp import records
from sensorium.ingest.otlp.entries import RESOURCE, SCOPE, entry_of
from sensorium.ingest.otlp.wire import FIXED64, LENGTH, VARINT, address, field, mend

RESOURCES: Final = 0
SCOPES: Final = 1
RECORDS: Final = 2
COUNTS: Final = 3
"""What :func:`count` counts."""

MALFORMED: Final = -1
_INT_TEXT: Final = 20
_BOOL_TEXT: Final = 5
_IDS_TEXT: Final = 32


@kernel
def count(body: Any, size: int, counts: Any) -> bool:
    """Count into ``counts`` (COUNTS,) what a request holds; False where it is malformed."""
    data, at = address(body), 0
    while at < size:
        number, kind, value, at = field(data, at, size)
        if at < 0:
            return False
        if number != 1 or kind != LENGTH:
            continue
        counts[RESOURCES] += 1
        inside = at - value
        while inside < at:
            number, kind, value, inside = field(data, inside, at)
            if inside < 0:
                return False
            if number != 2 or kind != LENGTH:
                continue
            counts[SCOPES] += 1
            deeper = inside - value
            while deeper < inside:
                number, kind, value, deeper = field(data, deeper, inside)
                if deeper < 0:
                    return False
                counts[RECORDS] += number == 2 and kind == LENGTH
    return True


@inner
def value_of(data: int, at: int, end: int) -> tuple[int, int, int, bool]:
    """An AnyValue's kind, value and length, and whether it is well-formed.

    A text's value is where it begins, a double's its bits. NESTED stands for lists, maps and
    bytes; their value is where the AnyValue itself begins.
    """
    what, found, length, start = records.EMPTY, 0, 0, at
    while at < end:
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return records.EMPTY, 0, 0, False
        if number == 1 and kind == LENGTH:
            what, found, length = records.TEXT, at - value, value
        elif number == 2 and kind == VARINT:
            what, found = records.BOOL, value
        elif number == 3 and kind == VARINT:
            what, found = records.INT, value
        elif number == 4 and kind == FIXED64:
            what, found = records.DOUBLE, value
        elif 5 <= number <= 7 and kind == LENGTH:
            what, found, length = records.NESTED, start, end - start
    return what, found, length, True


@inner
def pair_of(data: int, at: int, end: int) -> tuple[int, int, int, int, int, bool]:
    """A KeyValue: where its key is and how long, then its value as :func:`value_of` has it."""
    key, size, what, found, length = at, 0, records.EMPTY, 0, 0
    while at < end:
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return key, 0, what, found, length, False
        if number == 1 and kind == LENGTH:
            key, size = at - value, value
        elif number == 2 and kind == LENGTH:
            what, found, length, well = value_of(data, at - value, at)
            if not well:
                return key, 0, what, found, length, False
    return key, size, what, found, length, True


@inner
def _more(row: int, keys: int, values: int) -> None:
    """One more pair with this many bytes."""
    put_total(row, records.PAIRS, total(row, records.PAIRS) + 1)
    put_total(row, records.KEY_BYTES, total(row, records.KEY_BYTES) + keys)
    put_total(row, records.VALUE_BYTES, total(row, records.VALUE_BYTES) + values)


@inner
def _render(
    state: Any, rendered: Any, key: int, size: int, what: int, found: int, length: int
) -> None:
    """Leave a value to Python; counts it even where there is no room for it."""
    if state[2] < len(rendered):
        rendered[state[2], records.R_RECORD] = state[0]
        rendered[state[2], records.R_KEY] = key
        rendered[state[2], records.R_KEY + 1] = size
        rendered[state[2], records.R_KIND] = what
        rendered[state[2], records.R_VALUE] = found
        rendered[state[2], records.R_LENGTH] = length
    state[2] += 1


@inner
def _scan_pair(
    data: int, at: int, end: int, row: int, state: Any, rendered: Any, irregular: Any
) -> bool:
    key, size, what, found, length, well = pair_of(data, at, end)
    if not well:
        return False
    irregular[records.INVALID_UTF8] += mend(data, key, key + size) > 0
    if what == records.TEXT:
        irregular[records.INVALID_UTF8] += mend(data, found, found + length) > 0
        _more(row, size, length)
    elif what == records.BOOL:
        _more(row, size, _BOOL_TEXT)
    elif what == records.INT:
        _more(row, size, _INT_TEXT)
    elif what == records.EMPTY:
        _more(row, size, 0)
    else:
        _render(state, rendered, key, size, what, found, length)
    return True


@inner
def _scan_body(
    data: int, at: int, end: int, row: int, state: Any, rendered: Any, irregular: Any
) -> bool:
    what, found, length, well = value_of(data, at, end)
    if not well:
        return False
    put_total(row, records.BODY_RENDERED, -1)
    put_total(row, records.BODY + 1, 0)
    if what == records.TEXT:
        irregular[records.INVALID_UTF8] += mend(data, found, found + length) > 0
        put_total(row, records.BODY, found)
        put_total(row, records.BODY + 1, length)
    elif what != records.EMPTY:
        put_total(row, records.BODY_RENDERED, state[2])
        _render(state, rendered, -1, 0, what, found, length)
    return True


@inner
def _text(data: int, row: int, column: int, start: int, length: int, irregular: Any) -> None:
    irregular[records.INVALID_UTF8] += mend(data, start, start + length) > 0
    put_total(row, column, start)
    put_total(row, column + 1, length)


@inner
def _time(row: int, column: int, value: int, irregular: Any) -> None:
    """Beyond the year 2262 there are no times that int64 nanoseconds can hold."""
    irregular[records.BAD_TIME] += value < 0
    put_total(row, column, max(value, 0))


@inner
def _id(row: int, column: int, start: int, length: int, wanted: int, irregular: Any) -> None:
    if length == wanted:
        put_total(row, column, start)
        put_total(row, column + 1, length)
    else:
        irregular[records.BAD_ID] += length > 0


@inner
def _scan_record(  # noqa: PLR0912  one branch a field
    data: int, at: int, end: int, row: int, state: Any, rendered: Any, irregular: Any
) -> bool:
    put_total(row, records.AT, at)
    put_total(row, records.AT + 1, end - at)
    put_total(row, records.RENDERED, state[2])
    put_total(row, records.BODY_RENDERED, -1)
    while at < end:
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return False
        if kind == FIXED64:
            if number == 1:
                _time(row, records.TIME, value, irregular)
            elif number == 11:
                _time(row, records.OBSERVED, value, irregular)
        elif kind == VARINT:
            if number == 2:
                irregular[records.BAD_SEVERITY] += not 0 <= value <= 24
                put_total(row, records.SEVERITY, value if 0 <= value <= 24 else 0)
            elif number == 7:
                put_total(row, records.DROPPED, value & 0xFFFFFFFF)
        elif kind == LENGTH:
            start = at - value
            if number == 6:
                if not _scan_pair(data, start, at, row, state, rendered, irregular):
                    return False
            elif number == 5:
                if not _scan_body(data, start, at, row, state, rendered, irregular):
                    return False
            elif number == 3:
                _text(data, row, records.LEVEL, start, value, irregular)
            elif number == 12:
                _text(data, row, records.EVENT, start, value, irregular)
            elif number == 9:
                _id(row, records.TRACE, start, value, 16, irregular)
            elif number == 10:
                _id(row, records.SPAN, start, value, 8, irregular)
    return True


@inner
def _own_pairs(row: int) -> None:
    """Count the pairs that a record's own fields make."""
    for column, name in ((records.TRACE, 8), (records.SPAN, 7)):
        if total(row, column + 1):
            _more(row, name, _IDS_TEXT)
    if total(row, records.EVENT + 1):
        _more(row, 10, total(row, records.EVENT + 1))
    if total(row, records.DROPPED):
        _more(row, 24, _INT_TEXT)


@inner
def _scan_scope(
    data: int, at: int, end: int, resource: int, entries: int, state: Any, rendered: Any,
    irregular: Any,
) -> bool:  # fmt: skip
    first, last = at, at
    inside = at
    while inside < end:
        number, kind, value, inside = field(data, inside, end)
        if number == 1 and kind == LENGTH:
            first, last = inside - value, inside
    scope = entry_of(entries, SCOPE, resource, 0, data + first, last - first, data, 0)
    while at < end:
        number, kind, value, at = field(data, at, end)
        if number == 2 and kind == LENGTH:
            row = state[1] + state[0] * records.WIDTH * 8
            put_total(row, records.SCOPE, scope)
            if not _scan_record(data, at - value, at, row, state, rendered, irregular):
                return False
            _own_pairs(row)
            state[0] += 1
    return True


@kernel
def scan(body: Any, size: int, numbers: Any, table: Any, rendered: Any, irregular: Any) -> int:
    """Fill ``table`` (records * WIDTH, zeroed) and ``rendered`` (n, R_WIDTH).

    The body is one that :func:`count` found well. Returns how many values are to be rendered;
    where there are more than ``rendered`` has room for, it must be called again with more.
    MALFORMED where a record is. Texts that are no UTF-8 are mended where they stand.
    """
    # The record's number, where the table is, the rendered value's number.
    state = np.zeros(3, np.int64)
    state[1] = address(table)
    data, entries, at = address(body), address(numbers), 0
    while at < size:
        number, kind, value, at = field(data, at, size)
        if number != 1 or kind != LENGTH:
            continue
        begin = at - value
        first, last, inside = at, at, begin
        while inside < at:
            number, kind, value, inside = field(data, inside, at)
            if number == 1 and kind == LENGTH:
                first, last = inside - value, inside
        resource = entry_of(entries, RESOURCE, 0, 0, data + first, last - first, data, 0)
        inside = begin
        while inside < at:
            number, kind, value, inside = field(data, inside, at)
            if number != 2 or kind != LENGTH:
                continue
            start = inside - value
            if not _scan_scope(data, start, inside, resource, entries, state, rendered, irregular):
                return MALFORMED
    return int(state[2])
