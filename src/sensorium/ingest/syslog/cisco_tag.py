"""Cisco's tag, ``%FAC-SUB-SEV-MNEM:``, and what may stand about it, as kernels.

As in Cisco's "System Message Format", with the forms that APIC, AireOS, NX-OS, EOS, the Sx300 and
Dell's FTOS have of it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.instants import is_digit
from sensorium.ingest.syslog.marks import extra
from sensorium.ingest.syslog.memory import byte, position, put_position
from sensorium.ingest.syslog.octets import COLON, DASH, DOLLAR, HASH, OPEN, PERCENT, SPACE
from sensorium.ingest.syslog.repetition import is_repetition
from sensorium.ingest.syslog.search import number_end, tag_end, token_end
from sensorium.ingest.syslog.stamps import zone_after

_LONGEST_NUMBER: Final = 10
# Severities as letters, the most severe first (Sx300, Sx500).
_LETTERS: Final = np.array(list(b"MACEWNID"), np.uint8)


@inner
def _severity_of(mark: int) -> int:
    """The severity that a digit or a letter says; -1 where it says none."""
    if 48 <= mark <= 55:
        return mark - 48
    for k in range(len(_LETTERS)):
        if _LETTERS[k] == mark:
            return k
    return -1


@inner
def tag_parts(data: int, at: int, end: int, row: int) -> tuple[int, int, int]:
    """Of ``%FAC-SUB-SEV-MNEM:`` at ``at``: where its severity stands, where it ends, and where
    the text after it begins; ``at`` where there is none.

    A severity is a digit, or a letter where there is none. APIC has no colon but a bracket after
    the tag, and AireOS a ``#`` where a task stood before it.
    """
    mark = byte(data, at) if end - at >= 7 else 0
    if mark != PERCENT and (mark != HASH or position(row, layout.PROC + 1) == 0):
        return at, at, at
    i, severity, lettered = at + 1, 0, 0
    while i < end and byte(data, i) > SPACE and byte(data, i) != COLON:
        dashed = severity == 0 and byte(data, i) == DASH and i > at + 1 and i + 2 < end
        if dashed and byte(data, i + 2) == DASH and _severity_of(byte(data, i + 1)) >= 0:
            if is_digit(byte(data, i + 1)):
                severity = i + 1
            elif lettered == 0:
                lettered = i + 1
        i += 1
    severity = lettered if severity == 0 else severity
    if severity == 0 or i <= severity + 2:
        return at, at, at
    text = i
    if text < end and byte(data, text) == SPACE:
        text += 1
        if text < end and byte(data, text) == OPEN:
            return severity, i, text
    if text >= end or byte(data, text) != COLON:
        return at, at, at
    text += 1
    return severity, i, text + (text < end and byte(data, text) == SPACE)


@inner
def cisco_tag(data: int, at: int, end: int, row: int, extras: int, totals: int) -> tuple[int, int]:
    """Note the parts of ``%FAC-SUB-SEV-MNEM:`` at ``at``: where it ends, and the text after it.

    ``at, at`` where there is none.
    """
    severity, i, text = tag_parts(data, at, end, row)
    if text == at:
        return at, at
    extra(row, extras, layout.CISCO_FACILITY, at + 1, severity - 1, totals)
    extra(row, extras, layout.CISCO_SEVERITY, severity, severity + 1, totals)
    extra(row, extras, layout.CISCO_MNEMONIC, severity + 2, i, totals)
    if position(row, layout.PRIORITY) == -1:
        put_position(row, layout.PRIORITY, -2 - _severity_of(byte(data, severity)))
    return i, text


@inner
def tag_follows(data: int, at: int, end: int, row: int) -> bool:
    """Whether a Cisco tag or a repetition follows a time that ended at ``at``, perhaps with a
    zone.
    """
    i = zone_after(data, at, end)[1]
    if i < end and byte(data, i) == SPACE:
        i += 1
    if i + 2 >= end or byte(data, i) != COLON or byte(data, i + 1) != SPACE:
        return False
    return tag_parts(data, i + 2, end, row)[2] > i + 2 or is_repetition(data, i + 2, end)


@inner
def _device(data: int, at: int, end: int) -> tuple[int, int, int]:
    """Of ``%$ VDC-1 %$ `` (NX-OS) or ``%STKUNIT0-M:CP `` (Dell's FTOS) at ``at``: where the name
    begins and ends, and where what follows begins; ``at`` where it is neither.
    """
    if end - at < 8 or byte(data, at) != PERCENT:
        return at, at, at
    if byte(data, at + 1) != DOLLAR:
        i = token_end(data, at + 1, end)
        colon = tag_end(data, at + 1, i)
        if colon == at + 1 or i - colon < 2 or byte(data, colon) != COLON or i >= end:
            return at, at, at
        return at + 1, i, i + 1
    if byte(data, at + 2) != SPACE:
        return at, at, at
    i = token_end(data, at + 3, end)
    closed = end - i >= 4 and byte(data, i + 1) == PERCENT and byte(data, i + 2) == DOLLAR
    if i == at + 3 or not closed or byte(data, i + 3) != SPACE:
        return at, at, at
    return at + 3, i, i + 4


@inner
def tag_begins(data: int, at: int, end: int, row: int) -> bool:
    """Whether a Cisco tag stands at ``at``, perhaps with the device before it."""
    i = _device(data, at, end)[2]
    return tag_parts(data, at, end, row)[2] > at or (i > at and tag_parts(data, i, end, row)[2] > i)


@inner
def virtual_device(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Note the device that stands before a tag (:func:`_device`); where the tag begins."""
    start, stop, i = _device(data, at, end)
    if i == at or tag_parts(data, i, end, row)[2] == i:
        return at
    extra(row, extras, layout.NODE, start, stop, totals)
    return i


@inner
def numbered_tag(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Note a Cisco tag after a process, with a sequence number before it (EOS); the text after."""
    i, number = at, number_end(data, at, end, _LONGEST_NUMBER)
    if number > at and end - number > 2 and byte(data, number) == COLON:
        i = number + 2
    if i >= end or byte(data, i) != PERCENT:
        return at
    text = cisco_tag(data, i, end, row, extras, totals)[1]
    if text == i:
        return at
    if i > at:
        extra(row, extras, layout.SEQUENCE, at, number, totals)
    return text
