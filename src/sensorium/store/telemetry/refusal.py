"""Why a write failed: whether that is about the store, or about the very rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sensorium.store.telemetry.connection import one_line

_TOO_MUCH: Final = 241
"""The engine's MEMORY_LIMIT_EXCEEDED."""

_CONTENT: Final = frozenset(
    {
        6,  # CANNOT_PARSE_TEXT
        *(25, 26, 27),  # CANNOT_PARSE_ESCAPE_SEQUENCE, _QUOTED_STRING, _INPUT_ASSERTION_FAILED
        *(33, 36, 38, 41),  # CANNOT_READ_ALL_DATA, BAD_ARGUMENTS, CANNOT_PARSE_DATE, _DATETIME
        *(69, 70, 72),  # ARGUMENT_OUT_OF_BOUND, CANNOT_CONVERT_TYPE, CANNOT_PARSE_NUMBER
        *(117, 128, 131, 153),  # INCORRECT_DATA, TOO_LARGE_ARRAY_SIZE, _STRING_SIZE, division
        *(190, 321, 349),  # SIZES_OF_ARRAYS_DONT_MATCH, VALUE_IS_OUT_OF_RANGE, CANNOT_INSERT_NULL
        395,  # FUNCTION_THROW_IF_VALUE_IS_NON_ZERO
        407,  # DECIMAL_OVERFLOW
        469,  # VIOLATED_CONSTRAINT
        *(675, 676),  # CANNOT_PARSE_IPV4, _IPV6
    }
)
"""ClickHouse's numbers (``ErrorCodes.cpp``) of errors that a value can be the cause of, as where an
operator gave a table a constraint."""

_VIEW: Final = re.compile(r"while pushing to view (\S+?)[.:]? ")


class Cause(Enum):
    """What a write failed for."""

    LOST = "lost"
    """Nobody is there: nothing else would be written either."""
    STORE = "store"
    """A table, a right, too many parts: it may go away, and other rows fare no better."""
    SIZE = "size"
    """These rows take more memory at once than one insert may have."""
    CONTENT = "content"
    """A value among these rows."""
    VIEW = "view"
    """A materialized view that somebody put on the table cannot compute with these rows."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A write that failed, the engine's words on one line, and the view that it failed for."""

    cause: Cause
    reason: str
    view: str = ""

    @property
    def is_about_rows(self) -> bool:
        """Whether a part of the rows may be taken where all of them are not."""
        return self.cause in (Cause.SIZE, Cause.CONTENT)


def failure_of(error: Exception) -> Failure:
    """Tell what ``error`` is about: one of the driver's, of Arrow's, or an OSError.

    A full disk comes as OSError, from the file that the driver hands to the engine.
    """
    from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

    if isinstance(error, OperationalError | OSError):
        cause = Cause.LOST
    elif not isinstance(error, ClickHouseError):
        cause = Cause.CONTENT
    else:
        if found := _VIEW.search(str(error)):
            return Failure(Cause.VIEW, one_line(error), found[1])
        cause = _cause_of(getattr(error, "code", None))
    return Failure(cause, one_line(error))


def _cause_of(code: int | None) -> Cause:
    if code == _TOO_MUCH:
        return Cause.SIZE
    return Cause.CONTENT if code in _CONTENT else Cause.STORE
