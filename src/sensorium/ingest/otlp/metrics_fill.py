"""From points to Arrow columns: a row for each number, bucket and quantile."""

from __future__ import annotations

from typing import Any, Final

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.memory import (
    bits_of,
    put_position,
    put_total,
    total,
    word,
)
from sensorium.ingest.otlp import points
from sensorium.ingest.otlp.exponential import merged
from sensorium.ingest.otlp.points_scan import quantile_of
from sensorium.ingest.otlp.strings import append, append_pairs
from sensorium.ingest.otlp.texts import KEYS, NUMBER
from sensorium.ingest.otlp.texts import WIDTH as TEXTS_WIDTH
from sensorium.ingest.otlp.wire import LENGTH, address, field

NAME: Final = 0
KIND: Final = 1
KEY: Final = 2

STALE_MARKER: Final = 0x7FF0000000000002
"""The NaN that Prometheus takes for the end of a series (model/value, StaleNaN)."""


@inner
def _counted(count: int) -> int:
    """The bits of an unsigned count as a double."""
    if count < 0:
        return bits_of(float(count) + 18446744073709551616.0)
    return bits_of(float(count))


@inner
def _values(data: int, row: int, values: int, rows: int, counts: Any) -> None:
    """Write the ``rows`` values of one point at the address ``values``."""
    kind = total(row, points.KIND)
    if kind in (points.GAUGE, points.SUM):
        put_total(values, 0, total(row, points.VALUE))
        return
    buckets, at = total(row, points.BUCKETS), total(row, points.AT)
    done = buckets
    if kind == points.HISTOGRAM:
        below = 0
        for i in range(buckets):
            below += word(data, at + 8 * i)
            put_total(values, i, _counted(below))
    elif kind == points.EXPONENTIAL:
        merged(data, row, total(row, points.EXTRA), counts)
        for i in range(buckets):
            put_total(values, i, _counted(counts[i]))
    else:
        end, n = at + total(row, points.LENGTH), 0
        while at < end:
            number, wire, size, at = field(data, at, end)
            if number == 6 and wire == LENGTH and n < buckets:
                _, reached, _ = quantile_of(data, at - size, at)
                put_total(values, n, reached)
                n += 1
    if kind != points.SUMMARY:
        put_total(values, done, _counted(total(row, points.VALUE)))
        done += 1
    if rows - done > 1:
        put_total(values, done, total(row, points.TOTAL))
    put_total(values, rows - 1, _counted(total(row, points.VALUE)))


@inner
def _write(
    outputs: int, r: int, pair: int, row: int, text: int, parts: int, ids: int, ends: int
) -> int:
    """Write what names row ``r``; the number of the pair after its last."""
    put_total(ids, r, total(row, NUMBER))
    append(outputs, NAME, r, text + total(row, 0), total(row, 1))
    append(outputs, KIND, r, text + total(row, 2), total(row, 3))
    pair = append_pairs(outputs, KEY, pair, text, row + 8 * KEYS, parts)
    put_position(ends, r + 1, pair)
    return pair


@kernel
def fill(
    body: Any,
    table: Any,
    restarted: Any,
    first: Any,
    rows_of: Any,
    rows: Any,
    text: Any,
    parts: Any,
    outputs: Any,
    times: Any,
    ids: Any,
    values: Any,
    ends: Any,
    counts: Any,
) -> int:
    """Fill the columns with the points that have a series; how many rows there were.

    ``table`` is that of the points, ``restarted`` (bool) says which also give rows of zeros at
    their start. ``first`` and ``rows_of`` are by entry, ``rows``, ``text`` and ``parts`` are
    Texts'. ``outputs`` are the string columns' addresses, the rest columns; ``counts`` is room
    for one histogram's buckets.
    """
    data, row = address(body), address(table)
    texts, parts_at, out = address(text), address(parts), address(outputs)
    ids_at, values_at, ends_at = address(ids), address(values), address(ends)
    done, pair = 0, 0
    for p in range(len(restarted)):
        series = total(row, points.SERIES)
        if series >= 0:
            more = rows_of[series]
            for turn in range(1 - restarted[p], 2):
                at = values_at + 8 * done
                if total(row, points.STALE):
                    for j in range(more):
                        put_total(at, j, STALE_MARKER)
                elif turn == 1:
                    _values(data, row, at, more, counts)
                else:
                    for j in range(more):
                        put_total(at, j, 0)
                time = total(row, points.TIME if turn == 1 else points.STARTED)
                named = address(rows) + first[series] * 8 * TEXTS_WIDTH
                for _ in range(more):
                    pair = _write(out, done, pair, named, texts, parts_at, ids_at, ends_at)
                    times[done] = time
                    named += 8 * TEXTS_WIDTH
                    done += 1
        row += 8 * points.WIDTH
    return done
