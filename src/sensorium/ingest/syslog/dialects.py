"""What senders put into the RFC 3164 format beside it, as kernels over the slab's bytes.

Cisco IOS, IOS XR, NX-OS, ASA, AireOS and APIC (sequence numbers, clock marks, uptimes, tasks,
``%FAC-SEV-MNEM`` as in Cisco's "System Message Format"), RouterOS topics. Each is read only where
it fits from end to end: what does not stays text. Positions are in the slab.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.instants import (
    clock_at,
    is_digit,
)
from sensorium.ingest.syslog.marks import extra, field
from sensorium.ingest.syslog.memory import byte, position, put_position, word
from sensorium.ingest.syslog.months import month_at, year_at
from sensorium.ingest.syslog.octets import (
    COLON,
    COMMA,
    DASH,
    DOLLAR,
    HASH,
    OPEN,
    PERCENT,
    POINT,
    SLASH,
    SPACE,
    STAR,
)
from sensorium.ingest.syslog.search import short_word, spaces_end, tag_end, token_end, zeros
from sensorium.ingest.syslog.stamps import zone_after

_LONGEST_NUMBER: Final = 10
_ZEROS: Final = 48 * 0x0101010101010101
_COLONS: Final = COLON * 0x0101010101010101
_ABOVE_NINE: Final = 0x7676767676767676
_HIGHS: Final = -0x7F7F7F7F7F7F7F80


def _word_of(text: bytes) -> tuple[int, int]:
    """A prefix of up to seven bytes as a word, and the mask of its bytes."""
    return int.from_bytes(text, "little"), (1 << (8 * len(text))) - 1


_LAST, _FIVE = _word_of(b"last ")
_ALL: Final = -1
_MESSAGE: Final = int.from_bytes(b"message ", "little")
_REPEATED: Final = int.from_bytes(b"repeated", "little")
# Severities as letters, the most severe first (Sx300, Sx500).
_LETTERS: Final = np.array(list(b"MACEWNID"), np.uint8)
_INFO: Final = int.from_bytes(b"info", "little")
_ERROR: Final = int.from_bytes(b"error", "little")
_DEBUG: Final = int.from_bytes(b"debug", "little")
_WARNING: Final = int.from_bytes(b"warning", "little")
_CRITICAL: Final = int.from_bytes(b"critical", "little")


@inner
def _starts(data: int, at: int, end: int, wanted: int, mask: int) -> bool:
    """Whether eight bytes are there and begin as ``wanted``."""
    return end - at >= 8 and (word(data, at) & mask) == wanted


@inner
def _number_end(data: int, at: int, end: int, longest: int) -> int:
    i = at
    while i < end and i < at + longest and is_digit(byte(data, i)):
        i += 1
    return i


@inner
def _uptime_end(data: int, at: int, end: int) -> int:
    """Where an uptime such as ``1d02h`` or ``00:00:46`` ends, before a colon; ``at`` if none."""
    i = at
    if clock_at(data, at, end) >= 0:
        i = at + 8
    else:
        letters = 0
        while i < end and i < at + 16:
            digits = _number_end(data, i, end, 4)
            if digits == i or digits >= end:
                break
            unit = byte(data, digits)
            if unit not in (121, 119, 100, 104):  # y w d h
                break
            i = digits + 1
            letters += 1
        if letters < 2:
            return at
    if end - i >= 2 and byte(data, i) == COLON and byte(data, i + 1) == SPACE:
        return i
    return at


@inner
def node_end(data: int, at: int, end: int) -> int:
    """Where an IOS XR node (``RP/0/RSP0/CPU0``) ends that a time follows; ``at`` if none."""
    i, slashes = at, 0
    while i < end and byte(data, i) > SPACE and byte(data, i) != COLON:
        slashes += byte(data, i) == SLASH
        i += 1
    if slashes == 0 or i + 1 >= end or byte(data, i) != COLON:
        return at
    dated = month_at(data, i + 1, end) > 0
    if not dated and end - i > 6 and byte(data, i + 5) == SPACE:
        dated = year_at(data, i + 1, end) > 0 and month_at(data, i + 6, end) > 0
    return i if dated else at


@inner
def _name_end(data: int, at: int, end: int) -> int:
    """Where an origin-id ends, before a colon and a space; ``at`` if there is none.

    It may be an IPv6 address.
    """
    i = token_end(data, at, end) - 1
    if i <= at or i + 1 >= end or byte(data, i) != COLON:
        return at
    if byte(data, at) in (PERCENT, STAR, POINT, COLON):
        return at
    for k in range(at, i):
        if byte(data, k) <= SPACE or byte(data, k) == OPEN:
            return at
    return i


@inner
def may_be_dated(data: int, at: int, end: int) -> bool:
    """Whether what stands at ``at`` may be what Cisco puts before its tag: a number, a mark, a
    task, a month. Few texts begin so, and one look at eight bytes tells.
    """
    if end - at < 8:
        return False
    eight = word(data, at)
    first = eight & 255
    if is_digit(first):
        digits = eight ^ _ZEROS
        long_number = ((digits + _ABOVE_NINE) | digits) & _HIGHS == 0
        return long_number or byte(data, at + 4) == SPACE or zeros(eight ^ _COLONS) != 0
    if first in (STAR, POINT):
        return True
    return eight >> 24 & 255 == SPACE and month_at(data, at, end) > 0


@inner
def origin_is_dated(data: int, at: int, end: int) -> bool:
    """Whether there is an origin-id at ``at`` that a Cisco header may follow."""
    name = _name_end(data, at, end)
    return name > at and may_be_dated(data, name + 2, end)


@inner
def _task_end(data: int, at: int, end: int) -> int:
    """Where the task of ``*spamApTask1: `` ends, as AireOS has it; ``at`` if there is none."""
    if at + 1 >= end or byte(data, at) != STAR or not 65 <= byte(data, at + 1) & 0xDF <= 90:
        return at
    i = tag_end(data, at + 1, end)
    return i if end - i >= 2 and byte(data, i) == COLON and byte(data, i + 1) == SPACE else at


@inner
def lead_in(
    data: int, at: int, end: int, unnumbered: bool, row: int, extras: int, totals: int
) -> tuple[int, bool]:
    """Pass over what Cisco puts before the time: where the time must stand, and whether any was.

    An origin stands after a number, or first where ``unnumbered``: what looks so may be a tag.

    Whatever is there is noted, so the caller MUST undo it (:func:`forget`) where no time follows.
    """
    i, origin = at, False
    if i < end and byte(data, i) == COLON:
        i = spaces_end(data, i + 1, end)
    # After a colon, an origin is one without a number too.
    first = i if i == at else -1
    for _ in range(4):
        number = _number_end(data, i, end, _LONGEST_NUMBER)
        colon = number > i and end - number >= 2 and byte(data, number) == COLON
        if colon and byte(data, number + 1) == SPACE:
            extra(row, extras, layout.SEQUENCE, i, number, totals)
            i = spaces_end(data, number + 1, end)
            continue
        if origin or (i == first and not unnumbered) or _uptime_end(data, i, end) > i:
            break
        name = _name_end(data, i, end)
        if name == i:
            break
        field(row, layout.HOST, i, name)
        origin = True
        i = spaces_end(data, name + 1, end)
    node = node_end(data, i, end)
    if node == i and not origin:
        word_end = token_end(data, i, end)
        node = node_end(data, word_end + 1, end) if word_end + 1 < end else i
        if node > word_end + 1:
            field(row, layout.HOST, i, word_end)
            i = word_end + 1
        else:
            node = i
    if node > i:
        extra(row, extras, layout.NODE, i, node, totals)
        i = node + 1
    task = _task_end(data, i, end)
    if task > i:
        field(row, layout.PROC, i + 1, task)
        i = spaces_end(data, task + 1, end)
    if i < end and (byte(data, i) == STAR or byte(data, i) == POINT):
        extra(row, extras, layout.CLOCK, i, i + 1, totals)
        i += 1
    return i, i > at


@inner
def uptime(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Note an uptime that stands instead of a time; where it ends, ``at`` if there is none."""
    i = _uptime_end(data, at, end)
    if i > at:
        extra(row, extras, layout.UPTIME, at, i, totals)
    return i


@inner
def forget(row: int) -> None:
    """Undo what :func:`lead_in` noted."""
    put_position(row, layout.ODD, 0)
    field(row, layout.HOST, 0, 0)
    field(row, layout.PROC, 0, 0)


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
def virtual_device(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Note the VDC that NX-OS puts before its tag, ``%$ VDC-1 %$ ``; where the tag begins."""
    if end - at < 8 or byte(data, at) != PERCENT or byte(data, at + 1) != DOLLAR:
        return at
    if byte(data, at + 2) != SPACE:
        return at
    i = token_end(data, at + 3, end)
    closed = end - i >= 4 and byte(data, i + 1) == PERCENT and byte(data, i + 2) == DOLLAR
    if i == at + 3 or not closed or byte(data, i + 3) != SPACE:
        return at
    if tag_parts(data, i + 4, end, row)[2] == i + 4:
        return at
    extra(row, extras, layout.NODE, at + 3, i, totals)
    return i + 4


@inner
def numbered_tag(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Note a Cisco tag after a process, with a sequence number before it (EOS); the text after."""
    i, number = at, _number_end(data, at, end, _LONGEST_NUMBER)
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
    stop = _number_end(data, i + 1, end, _LONGEST_NUMBER)
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


@inner
def topics(data: int, at: int, end: int, row: int, extras: int, totals: int) -> int:
    """Note RouterOS topics such as ``system,info,account`` at ``at``; where the text begins.

    They are words of small letters, digits, ``-`` and ``!`` with commas between, one of them a
    level; the first is the application. ``at`` where there are none.
    """
    i, first, begin, level = at, 0, at, False
    while i < end:
        c = byte(data, i)
        if c in (COMMA, SPACE):
            if i == begin:
                return at
            level |= _is_level(data, begin, i)
            if c == SPACE:
                break
            first = i if first == 0 else first
            begin = i + 1
        elif not (97 <= c <= 122 or is_digit(c) or c in (DASH, 33)):
            return at
        i += 1
    if i >= end or first == 0 or not level:
        return at
    extra(row, extras, layout.TOPICS, at, i, totals)
    field(row, layout.APP, at, first)
    return i + 1


@inner
def _is_level(data: int, start: int, end: int) -> bool:
    """Whether a word is ``info``, ``error``, ``debug``, ``warning`` or ``critical``."""
    if not 4 <= end - start <= 8:
        return False
    return short_word(data, start, end) in (_INFO, _ERROR, _DEBUG, _WARNING, _CRITICAL)
