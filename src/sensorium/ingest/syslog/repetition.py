"""``last message repeated N times``, as a kernel."""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.marks import extra
from sensorium.ingest.syslog.memory import byte, word
from sensorium.ingest.syslog.octets import SPACE
from sensorium.ingest.syslog.search import number_end

_LONGEST_NUMBER: Final = 10
_ALL: Final = -1
_LAST: Final = int.from_bytes(b"last ", "little")
_FIVE: Final = (1 << 40) - 1
_MESSAGE: Final = int.from_bytes(b"message ", "little")
_REPEATED: Final = int.from_bytes(b"repeated", "little")


@inner
def _starts(data: int, at: int, end: int, wanted: int, mask: int) -> bool:
    """Whether eight bytes are there and begin as ``wanted``."""
    return end - at >= 8 and (word(data, at) & mask) == wanted


@inner
def repeated(data: int, at: int, end: int, row: int, extras: int, totals: int) -> bool:
    """Note N of ``last message repeated N times`` or ``message repeated N times`` at ``at``.

    NX-OS has ``time``, whatever N is.
    """
    start, stop = _repeated_at(data, at, end)
    if stop > start:
        extra(row, extras, layout.REPEATED, start, stop, totals)
    return stop > start


@inner
def _repeated_at(data: int, at: int, end: int) -> tuple[int, int]:
    i = at + 5 if _starts(data, at, end, _LAST, _FIVE) else at
    if not (_starts(data, i, end, _MESSAGE, _ALL) and _starts(data, i + 8, end, _REPEATED, _ALL)):
        return 0, 0
    i += 16
    if i >= end or byte(data, i) != SPACE:
        return 0, 0
    stop = number_end(data, i + 1, end, _LONGEST_NUMBER)
    if end - stop < 5 or byte(data, stop) != SPACE:
        return 0, 0
    four = byte(data, stop + 1) == 116 and byte(data, stop + 2) == 105
    if not (four and byte(data, stop + 3) == 109 and byte(data, stop + 4) == 101):
        return 0, 0
    return i + 1, stop


@inner
def is_repetition(data: int, at: int, end: int) -> bool:
    """Whether ``last message repeated N times`` stands where a host would."""
    start, stop = _repeated_at(data, at, end)
    return stop > start and byte(data, at) == 108
