"""Writing down where the parts of a message stand, as functions that kernels call."""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.memory import position, put_position, put_total, put_word, total

_KEY_LENGTHS: Final = np.array([len(name) for name in layout.EXTRAS], np.int64)
_WORDS: Final = layout.EXTRA_WIDTH // 2


@inner
def field(row: int, column: int, start: int, end: int) -> None:
    """Say where a field stands."""
    put_position(row, column, start)
    put_position(row, column + 1, end)


@inner
def count(totals: int, index: int, more: int) -> None:
    """Add to one of the TOTALS."""
    put_total(totals, index, total(totals, index) + more)


@inner
def extra(row: int, extras: int, column: int, start: int, end: int, totals: int) -> None:
    """Say where one of the EXTRAS stands, in the message's row of them."""
    if position(row, layout.ODD) == 0:
        put_position(row, layout.ODD, 1)
        for i in range(_WORDS):
            put_word(extras, i * 8, 0)
    field(extras, column, start, end)
    count(totals, layout.ENTRIES, 1)
    count(totals, layout.KEY_BYTES, _KEY_LENGTHS[column >> 1])
    count(totals, layout.VALUE_BYTES, end - start)
