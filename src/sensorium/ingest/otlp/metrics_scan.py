"""An ExportMetricsServiceRequest, walked once: every point to a row of the table of points."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.memory import put_total, total
from sensorium.ingest.otlp import points
from sensorium.ingest.otlp.entries import METRIC, RESOURCE, SCOPE, entry_of
from sensorium.ingest.otlp.points_scan import (
    scan_exponential,
    scan_histogram,
    scan_number,
    scan_summary,
)
from sensorium.ingest.otlp.wire import LENGTH, VARINT, address, field

RESOURCES: Final = 0
SCOPES: Final = 1
METRICS: Final = 2
POINTS: Final = 3
WORDS: Final = 4
COUNTS: Final = 5
"""What :func:`count` counts; WORDS is the scratch that points need, in words of eight bytes."""


@inner
def _is_data(number: int, kind: int) -> bool:
    single = number in (points.GAUGE, points.SUM, points.SUMMARY)
    return kind == LENGTH and (single or number in (points.HISTOGRAM, points.EXPONENTIAL))


@inner
def _count_points(data: int, at: int, end: int, metric_kind: int, counts: Any) -> bool:
    while at < end:
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return False
        if number != 1 or kind != LENGTH:
            continue
        counts[POINTS] += 1
        if metric_kind == points.EXPONENTIAL:
            counts[WORDS] += points.SHAPE
        elif metric_kind == points.SUMMARY:
            inside = at - value
            while inside < at:
                number, _, _, inside = field(data, inside, at)
                if inside < 0:
                    return False
                counts[WORDS] += number == 6
    return True


@inner
def _count_scope(data: int, at: int, end: int, counts: Any) -> bool:
    counts[SCOPES] += 1
    while at < end:
        number, kind, value, at = field(data, at, end)
        if at < 0:
            return False
        if number != 2 or kind != LENGTH:
            continue
        counts[METRICS] += 1
        inside = at - value
        while inside < at:
            number, kind, size, inside = field(data, inside, at)
            if inside < 0:
                return False
            if _is_data(number, kind) and not _count_points(
                data, inside - size, inside, number, counts
            ):
                return False
    return True


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
            number, kind, length, inside = field(data, inside, at)
            if inside < 0:
                return False
            if (
                number == 2
                and kind == LENGTH
                and not _count_scope(data, inside - length, inside, counts)
            ):
                return False
    return True


@inner
def _last(data: int, at: int, end: int, wanted: int) -> tuple[int, int]:
    """Where the content of the last field ``wanted`` that has a length begins and ends."""
    first, last = at, at
    while at < end:
        number, kind, value, at = field(data, at, end)
        if number == wanted and kind == LENGTH:
            first, last = at - value, at
    return first, last


@inner
def _traits(data: int, at: int, end: int, metric_kind: int) -> int:
    """A metric's kind, temporality and whether it is monotonic, in one number."""
    temporality, monotonic = 0, 0
    while at < end:
        number, kind, value, at = field(data, at, end)
        if number == 2 and kind == VARINT:
            temporality = value & 0xFF if 0 <= value < 0xFF else 0xFF
        elif number == 3 and kind == VARINT:
            monotonic = value != 0
    if metric_kind in (points.GAUGE, points.SUMMARY):
        temporality = monotonic = 0
    elif metric_kind != points.SUM:
        monotonic = 0
    return (
        metric_kind | temporality << points.TEMPORALITY_SHIFT | monotonic << points.MONOTONIC_SHIFT
    )


@inner
def _scan_point(
    data: int, at: int, end: int, row: int, table: int, metric: int, kind: int, limits: Any,
    scratch: int,
) -> int:  # fmt: skip
    most = limits[0]
    if kind == points.HISTOGRAM:
        return scan_histogram(data, at, end, row, table, metric, most)
    if kind == points.EXPONENTIAL:
        return scan_exponential(data, at, end, row, table, metric, most, limits[1], scratch)
    if kind == points.SUMMARY:
        return scan_summary(data, at, end, row, table, metric, most, scratch)
    return scan_number(data, at, end, row, table, metric)


@inner
def _scan_metric(  # noqa: PLR0912  one branch a field
    data: int, at: int, end: int, scope: int, table: int, limits: Any, state: Any
) -> int:
    """All points of a metric; -1 where one is malformed. ``state``: see :func:`scan`."""
    name_at, name_end = _last(data, at, end, 1)
    unit_at, unit_end = _last(data, at, end, 3)
    metric_kind, first, last = 0, 0, 0
    while at < end:
        number, kind, value, at = field(data, at, end)
        if _is_data(number, kind):
            metric_kind, first, last = number, at - value, at
    if metric_kind == 0:
        return 0
    traits = _traits(data, first, last, metric_kind)
    temporality = traits >> points.TEMPORALITY_SHIFT & 0xFF
    temporal = metric_kind not in (points.GAUGE, points.SUMMARY)
    reason = -1
    if name_end == name_at:
        reason = points.NO_NAME
    elif temporal and temporality not in (points.DELTA, points.CUMULATIVE):
        reason = points.BAD_TEMPORALITY
    metric = -1
    if reason < 0:
        size, unit = name_end - name_at, unit_end - unit_at
        metric = entry_of(table, METRIC, scope, traits, data + name_at, size, data + unit_at, unit)
    while first < last:
        number, kind, value, first = field(data, first, last)
        if number != 1 or kind != LENGTH:
            continue
        row = state[1] + state[0] * points.WIDTH * 8
        state[0] += 1
        put_total(row, points.KIND, metric_kind)
        put_total(row, points.RESOURCE, state[3])
        put_total(row, points.EXTRA, state[2])
        if reason >= 0:
            put_total(row, points.SERIES, -1 - reason)
            continue
        at = first - value
        if _scan_point(data, at, first, row, table, metric, metric_kind, limits, state[2]) < 0:
            return -1
        if total(row, points.TIME) < 0 or total(row, points.STARTED) < 0:
            put_total(row, points.SERIES, -1 - points.BAD_TIME)
        if metric_kind == points.EXPONENTIAL:
            state[2] += 8 * points.SHAPE
        elif metric_kind == points.SUMMARY:
            state[2] += 8 * max(total(row, points.BUCKETS), 0)
    return 0


@inner
def _scan_scope(
    data: int, at: int, end: int, resource: int, table: int, limits: Any, state: Any
) -> int:
    first, last = _last(data, at, end, 1)
    scope = entry_of(table, SCOPE, resource, 0, data + first, last - first, data, 0)
    while at < end:
        number, kind, value, at = field(data, at, end)
        if (
            number == 2
            and kind == LENGTH
            and _scan_metric(data, at - value, at, scope, table, limits, state) < 0
        ):
            return -1
    return 0


@kernel
def scan(
    body: Any, size: int, numbers: Any, table: Any, resources: Any, scratch: Any, limits: Any
) -> bool:
    """Fill ``table`` (points * WIDTH, zeroed) and ``resources`` (the entry of each).

    The body is one that :func:`count` found well; ``numbers`` is the table of entries with room
    for all it counted, ``limits`` the most buckets and the finest scale. False where a point is
    malformed.
    """
    # The point's number, where the points are, where scratch goes on, and the resource's number.
    state = np.zeros(4, np.int64)
    state[1], state[2], state[3] = address(table), address(scratch), -1
    data, entries, at = address(body), address(numbers), 0
    while at < size:
        number, kind, value, at = field(data, at, size)
        if number != 1 or kind != LENGTH:
            continue
        inside = at - value
        first, last = _last(data, inside, at, 1)
        resource = entry_of(entries, RESOURCE, 0, 0, data + first, last - first, data, 0)
        state[3] += 1
        resources[state[3]] = resource
        while inside < at:
            number, kind, length, inside = field(data, inside, at)
            if (
                number == 2
                and kind == LENGTH
                and _scan_scope(data, inside - length, inside, resource, entries, limits, state) < 0
            ):
                return False
    return True
