"""From log records to Arrow columns: one pass that copies each text once, to where it stays."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.memory import byte, position, put_byte, put_position, total
from sensorium.ingest.otlp import records
from sensorium.ingest.otlp.logs_scan import pair_of, value_of
from sensorium.ingest.otlp.strings import append, append_pairs
from sensorium.ingest.otlp.texts import KEYS
from sensorium.ingest.otlp.texts import WIDTH as TEXTS_WIDTH
from sensorium.ingest.otlp.wire import LENGTH, address, field

HOST: Final = 0
APP: Final = 1
PROC: Final = 2
BODY: Final = 3
LEVEL: Final = 4
KEY: Final = 5
VALUE: Final = 6

# Texts that are written often, one after the other; where each begins and how long it is.
WORDS: Final = np.frombuffer(
    b"truefalsetrace_idspan_idevent.namedropped_attributes_count________", np.uint8
)
_TRUE: Final = (0, 4)
_FALSE: Final = (4, 5)
_TRACE: Final = (9, 8)
_SPAN: Final = (17, 7)
_EVENT: Final = (24, 10)
_DROPPED: Final = (34, 24)


@inner
def _append_int(outputs: int, column: int, n: int, value: int) -> None:
    """Write a number in decimal as string number ``n``."""
    offsets = total(outputs, 2 * column)
    at = position(offsets, n)
    target = total(outputs, 2 * column + 1) + at
    written = 0
    if value < 0:
        put_byte(target, 0, 45)
        written = 1
    # The least int64 has no positive twin: digits are taken from the negative side.
    left = value if value < 0 else -value
    digits, rest = 1, left
    while rest <= -10:
        rest = -((-rest) // 10) if rest > -9223372036854775807 else -922337203685477580
        digits += 1
    for i in range(digits):
        tens = -((-left) // 10) if left > -9223372036854775807 else -922337203685477580
        put_byte(target, written + digits - 1 - i, 48 + (tens * 10 - left))
        left = tens
    put_position(offsets, n + 1, at + written + digits)


@inner
def _append_hex(outputs: int, column: int, n: int, source: int, length: int) -> None:
    """Write bytes in hexadecimal as string number ``n``."""
    offsets = total(outputs, 2 * column)
    at = position(offsets, n)
    target = total(outputs, 2 * column + 1) + at
    for i in range(length):
        value = byte(source, i)
        high, low = value >> 4, value & 15
        put_byte(target, 2 * i, high + (48 if high < 10 else 87))
        put_byte(target, 2 * i + 1, low + (48 if low < 10 else 87))
    put_position(offsets, n + 1, at + 2 * length)


@inner
def _attributes(
    data: int, row: int, outputs: int, pair: int, words: int, first: Any, pairs: Any
) -> int:
    """Write a record's attributes from pair ``pair`` on; the number after the last."""
    rendered = total(row, records.RENDERED)
    at = total(row, records.AT)
    end = at + total(row, records.AT + 1)
    while at < end:
        number, kind, size, at = field(data, at, end)
        if kind != LENGTH or number not in (5, 6):
            continue
        if number == 5:
            what, _, _, _ = value_of(data, at - size, at)
            rendered += what not in (records.EMPTY, records.TEXT)
            continue
        key, length, what, found, value_length, _ = pair_of(data, at - size, at)
        if what >= records.DOUBLE:
            for i in range(first[rendered], first[rendered + 1]):
                append(outputs, KEY, pair, pairs[i, 0], pairs[i, 1])
                append(outputs, VALUE, pair, pairs[i, 2], pairs[i, 3])
                pair += 1
            rendered += 1
            continue
        append(outputs, KEY, pair, data + key, length)
        if what == records.TEXT:
            append(outputs, VALUE, pair, data + found, value_length)
        elif what == records.BOOL:
            text, letters = _TRUE if found else _FALSE
            append(outputs, VALUE, pair, words + text, letters)
        elif what == records.INT:
            _append_int(outputs, VALUE, pair, found)
        else:
            append(outputs, VALUE, pair, data, 0)
        pair += 1
    return pair


@inner
def _own(data: int, row: int, outputs: int, pair: int, words: int) -> int:
    """Write what else a record says of itself as pairs; the number after the last."""
    if total(row, records.TRACE + 1):
        append(outputs, KEY, pair, words + _TRACE[0], _TRACE[1])
        _append_hex(outputs, VALUE, pair, data + total(row, records.TRACE), 16)
        pair += 1
    if total(row, records.SPAN + 1):
        append(outputs, KEY, pair, words + _SPAN[0], _SPAN[1])
        _append_hex(outputs, VALUE, pair, data + total(row, records.SPAN), 8)
        pair += 1
    length = total(row, records.EVENT + 1)
    if length:
        append(outputs, KEY, pair, words + _EVENT[0], _EVENT[1])
        append(outputs, VALUE, pair, data + total(row, records.EVENT), length)
        pair += 1
    if total(row, records.DROPPED):
        append(outputs, KEY, pair, words + _DROPPED[0], _DROPPED[1])
        _append_int(outputs, VALUE, pair, total(row, records.DROPPED))
        pair += 1
    return pair


@kernel
def fill(
    body: Any,
    table: Any,
    count: int,
    first_row: Any,
    rows: Any,
    text: Any,
    parts: Any,
    words: Any,
    nameless: Any,
    first: Any,
    pairs: Any,
    outputs: Any,
    ends: Any,
) -> int:
    """Fill the text columns with the records that are kept; how many there were.

    ``first_row`` is by entry; ``rows``, ``text`` and ``parts`` are Texts'. ``nameless`` (2,) is
    the address and length of what stands for a host that is not said. ``pairs`` (m, 4) are
    addresses and lengths of the rendered keys and values, those of value ``i`` from ``first[i]``
    to ``first[i + 1]``.
    """
    data, row, out = address(body), address(table), address(outputs)
    texts, parts_at, ends_at = address(text), address(parts), address(ends)
    words_at = address(words)
    done, pair = 0, 0
    for _ in range(count):
        scope = total(row, records.SCOPE)
        if scope >= 0:
            named = address(rows) + first_row[scope] * 8 * TEXTS_WIDTH
            if total(named, 1):
                append(out, HOST, done, texts + total(named, 0), total(named, 1))
            else:
                append(out, HOST, done, nameless[0], nameless[1])
            append(out, APP, done, texts + total(named, 2), total(named, 3))
            append(out, PROC, done, texts + total(named, 4), total(named, 5))
            start, length = total(row, records.LEVEL), total(row, records.LEVEL + 1)
            append(out, LEVEL, done, data + start, length)
            of_body = total(row, records.BODY_RENDERED)
            if of_body >= 0:
                one = first[of_body]
                append(out, BODY, done, pairs[one, 2], pairs[one, 3])
            else:
                start, length = total(row, records.BODY), total(row, records.BODY + 1)
                append(out, BODY, done, data + start, length)
            pair = _attributes(data, row, out, pair, words_at, first, pairs)
            pair = _own(data, row, out, pair, words_at)
            pair = append_pairs(out, KEY, pair, texts, named + 8 * KEYS, parts_at)
            put_position(ends_at, done + 1, pair)
            done += 1
        row += 8 * records.WIDTH
    return done
