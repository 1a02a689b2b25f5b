"""The table of data points that the scan fills and the fill reads: one int64 row a point.

Field numbers are those of ``opentelemetry/proto/metrics/v1/metrics.proto`` (OTLP 1.x).
"""

from __future__ import annotations

from typing import Final

GAUGE: Final = 5
SUM: Final = 7
HISTOGRAM: Final = 9
EXPONENTIAL: Final = 10
SUMMARY: Final = 11
"""A metric's kinds, numbered as the fields that hold their points."""

DELTA: Final = 1
CUMULATIVE: Final = 2

# A metric's traits in one number, as its entry has them.
TEMPORALITY_SHIFT: Final = 8
MONOTONIC_SHIFT: Final = 16
# A series' traits: whether the point has a sum, and how many buckets or quantiles.
HAS_SUM: Final = 1
BUCKETS_SHIFT: Final = 1

SERIES: Final = 0
"""The series' entry, or ``-1 - reason`` where the point is rejected."""
KIND: Final = 1
TIME: Final = 2
STARTED: Final = 3
"""When counting began, Unix ns, 0 where the point does not say."""
STALE: Final = 4
VALUE: Final = 5
"""The bits of a double; a count for histograms and summaries."""
TOTAL: Final = 6
"""The bits of the sum of a histogram or summary."""
AT: Final = 7
LENGTH: Final = 8
"""Where the (positive) bucket counts are in the body; for a summary, where the point is."""
BUCKETS: Final = 9
"""Bucket bounds or quantiles kept."""
OFFSET: Final = 10
SCALE: Final = 11
NEGATIVE_AT: Final = 12
NEGATIVE_LENGTH: Final = 13
NEGATIVE_OFFSET: Final = 14
ZERO: Final = 15
EXTRA: Final = 16
"""Where in the scratch an exponential histogram's shape is: see SHAPE."""
RESOURCE: Final = 17
"""Which of the request's resources the point is of."""
WIDTH: Final = 18

SHAPE: Final = 6
"""Effective scale, first index and number of positive and of negative buckets, threshold's bits."""

REASONS: Final = (
    "no_name",
    "temporality",
    "no_value",
    "time",
    "buckets",
    "too_many_buckets",
    "unpacked",
    "labels",
    "too_large",
)
NO_NAME: Final = 0
BAD_TEMPORALITY: Final = 1
NO_VALUE: Final = 2
BAD_TIME: Final = 3
BAD_BUCKETS: Final = 4
TOO_MANY_BUCKETS: Final = 5
UNPACKED: Final = 6
BAD_LABELS: Final = 7
TOO_LARGE: Final = 8
