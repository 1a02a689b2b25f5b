"""The table of log records that the scan fills and the fill reads: one int64 row a record.

Field numbers are those of ``opentelemetry/proto/logs/v1/logs.proto`` (OTLP 1.x).
"""

from __future__ import annotations

from typing import Final

SCOPE: Final = 0
"""The scope's entry, or ``-1 - reason`` where the record is rejected."""
TIME: Final = 1
OBSERVED: Final = 2
SEVERITY: Final = 3
LEVEL: Final = 4
"""Where the severity's text is, and how long; so for all texts."""
BODY: Final = 6
EVENT: Final = 8
TRACE: Final = 10
SPAN: Final = 12
DROPPED: Final = 14
AT: Final = 15
"""Where the record is, and how long."""
RENDERED: Final = 17
"""The first of its values that Python renders; the body's, if it is one, comes in its turn."""
BODY_RENDERED: Final = 18
"""Which of the rendered values the body is, -1 where it is a text."""
PAIRS: Final = 19
KEY_BYTES: Final = 20
VALUE_BYTES: Final = 21
WIDTH: Final = 22

# A value that Python renders: its record, its key (start, length), kind, and what it is: the bits
# of a double, or start and length of an AnyValue.
R_RECORD: Final = 0
R_KEY: Final = 1
R_KIND: Final = 3
R_VALUE: Final = 4
R_LENGTH: Final = 5
R_WIDTH: Final = 6

EMPTY: Final = 0
TEXT: Final = 1
BOOL: Final = 2
INT: Final = 3
DOUBLE: Final = 4
NESTED: Final = 5

REASONS: Final = ("labels", "too_large")
BAD_LABELS: Final = 0
TOO_LARGE: Final = 1

IRREGULAR: Final = ("invalid_utf8", "severity", "time", "id")
INVALID_UTF8: Final = 0
BAD_SEVERITY: Final = 1
BAD_TIME: Final = 2
BAD_ID: Final = 3
"""What :func:`scan` counts of records that are kept with something replaced or left out."""
