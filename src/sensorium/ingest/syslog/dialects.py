"""What senders put into the RFC 3164 format beside it, as kernels over the slab's bytes.

Cisco IOS, IOS XR, NX-OS and ASA (sequence numbers, clock marks, uptimes, ``%FAC-SEV-MNEM`` as in
Cisco's "System Message Format"), FortiOS key-value lines, RouterOS topics. Each is read only
where it fits from end to end: what does not stays text. Positions are in the slab.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.instants import (
    DAY,
    NOT_A_TIME,
    SECOND,
    clock_at,
    date_at,
    ends_stamp,
    is_digit,
    iso_local,
    month_at,
    rfc3164,
    year_first,
    zone_offset,
)
from sensorium.ingest.syslog.marks import extra, field
from sensorium.ingest.syslog.memory import byte, position, put_position, word
from sensorium.ingest.syslog.octets import (
    COLON,
    COMMA,
    DASH,
    PERCENT,
    POINT,
    QUOTE,
    SLASH,
    SPACE,
    STAR,
)
from sensorium.ingest.syslog.search import tag_end, token_end

_LONGEST_NUMBER: Final = 10
_LONGEST_ZONE: Final = 5

# Hours east of UTC. The American ones are those of RFC 5322 section 4.3; names with several
# meanings in use (IST, BST, AST...) are not here: their times are read as local.
_ZONES: Final[dict[str, int]] = {
    **{"UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3},
    **{"MSK": 3, "JST": 9, "KST": 9, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7},
    **{"MDT": -6, "PST": -8, "PDT": -7},
}
_ZONE_WORDS: Final = np.array([int.from_bytes(n.encode(), "little") for n in _ZONES], np.int64)
_ZONE_SECONDS: Final = np.array([hours * 3600 for hours in _ZONES.values()], np.int64)


def _word_of(text: bytes) -> tuple[int, int]:
    """A prefix of up to seven bytes as a word, and the mask of its bytes."""
    return int.from_bytes(text, "little"), (1 << (8 * len(text))) - 1


_DATE, _FIVE = _word_of(b"date=")
_TIME, _ = _word_of(b"time=")
_TZ, _FOUR = _word_of(b'tz="')
_LAST, _ = _word_of(b"last ")
_ALL: Final = -1
_DEVNAME: Final = int.from_bytes(b"devname=", "little")
_MESSAGE: Final = int.from_bytes(b"message ", "little")
_REPEATED: Final = int.from_bytes(b"repeated", "little")
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
def _skip_spaces(data: int, at: int, end: int) -> int:
    while at < end and byte(data, at) == SPACE:
        at += 1
    return at


@inner
def _number_end(data: int, at: int, end: int, longest: int) -> int:
    i = at
    while i < end and i < at + longest and is_digit(byte(data, i)):
        i += 1
    return i


@inner
def _short_word(data: int, start: int, end: int) -> int:
    """Up to eight bytes as a number, the first lowest."""
    value = 0
    for k in range(end - start):
        value |= byte(data, start + k) << (8 * k)
    return value


@inner
def _upper_end(data: int, at: int, end: int) -> int:
    i = at
    while i < end and i <= at + _LONGEST_ZONE and 65 <= byte(data, i) <= 90:
        i += 1
    return i


@inner
def zone_after(data: int, at: int, end: int) -> tuple[int, int, bool]:
    """A zone that stands after a space at ``at``: seconds east of UTC, its end, whether known.

    NOT_A_TIME where none stands there, and where its name is not known: that is one only before a
    colon and a ``%``, as Cisco has it.
    """
    if end - at < 3 or byte(data, at) != SPACE:
        return NOT_A_TIME, at, False
    offset, i = zone_offset(data, at + 1, end)
    if offset == NOT_A_TIME:
        i = _upper_end(data, at + 1, end)
        length = i - at - 1
        if length < 3 or length > _LONGEST_ZONE or not ends_stamp(data, i, end):
            return NOT_A_TIME, at, False
        name = _short_word(data, at + 1, i)
        for k in range(len(_ZONE_WORDS)):
            if _ZONE_WORDS[k] == name:
                offset = _ZONE_SECONDS[k]
    if offset != NOT_A_TIME:
        return offset, i, True
    if end - i >= 3 and byte(data, i) == COLON and byte(data, i + 2) == PERCENT:
        return NOT_A_TIME, i, False
    return NOT_A_TIME, at, False


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
def any_stamp(data: int, at: int, end: int, arrival_ns: int, year: int) -> tuple[int, int, int]:
    """The time at ``at`` in any form: the time, where it ends, 1 if local; NOT_A_TIME if none."""
    if at < end and is_digit(byte(data, at)):
        time_ns, i, local = iso_local(data, at, end)
        if time_ns != NOT_A_TIME:
            return time_ns, i, local
        time_ns, i = year_first(data, at, end, arrival_ns)
        return time_ns, i, 1
    time_ns, i = rfc3164(data, at, end, arrival_ns, year, 0)
    return time_ns, i, 1


@inner
def _node_end(data: int, at: int, end: int) -> int:
    """Where an IOS XR node (``RP/0/RSP0/CPU0``) ends that a time follows; ``at`` if none."""
    i, slashes = at, 0
    while i < end and byte(data, i) > SPACE and byte(data, i) != COLON:
        slashes += byte(data, i) == SLASH
        i += 1
    if slashes > 0 and i + 1 < end and byte(data, i) == COLON and month_at(data, i + 1, end) > 0:
        return i
    return at


@inner
def _name_end(data: int, at: int, end: int) -> int:
    """Where an origin-id ends, before a colon and a space; ``at`` if there is none."""
    i = tag_end(data, at, end)
    first = byte(data, at) if at < end else 0
    if first in (PERCENT, STAR, POINT) or end - i < 2:
        return at
    return i if byte(data, i) == COLON and byte(data, i + 1) == SPACE else at


@inner
def lead_in(data: int, at: int, end: int, row: int, extras: int, totals: int) -> tuple[int, bool]:
    """Pass over what Cisco puts before the time: where the time must stand, and whether any was.

    Whatever is there is noted, so the caller MUST undo it (:func:`forget`) where no time follows.
    """
    i, origin = at, False
    if i < end and byte(data, i) == COLON:
        i = _skip_spaces(data, i + 1, end)
    first = i
    for _ in range(4):
        number = _number_end(data, i, end, _LONGEST_NUMBER)
        if number > i and end - number >= 2 and byte(data, number) == COLON:
            if byte(data, number + 1) != SPACE:
                break
            extra(row, extras, layout.SEQUENCE, i, number, totals)
            i = _skip_spaces(data, number + 1, end)
            continue
        if origin or i == first or _uptime_end(data, i, end) > i:
            break
        name = _name_end(data, i, end)
        if name == i:
            break
        field(row, layout.HOST, i, name)
        origin = True
        i = _skip_spaces(data, name + 1, end)
    node = _node_end(data, i, end)
    if node == i and not origin:
        word_end = token_end(data, i, end)
        node = _node_end(data, word_end + 1, end) if word_end + 1 < end else i
        if node > word_end + 1:
            field(row, layout.HOST, i, word_end)
            i = word_end + 1
        else:
            node = i
    if node > i:
        extra(row, extras, layout.NODE, i, node, totals)
        i = node + 1
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


@inner
def cisco_tag(data: int, at: int, end: int, row: int, extras: int, totals: int) -> tuple[int, int]:
    """Note the parts of ``%FAC-SUB-SEV-MNEM:`` at ``at``: where it ends, and the text after it.

    ``at, at`` where there is none.
    """
    if end - at < 7 or byte(data, at) != PERCENT:
        return at, at
    i, severity = at + 1, 0
    while i < end and byte(data, i) > SPACE and byte(data, i) != COLON:
        dashed = severity == 0 and byte(data, i) == DASH and i > at + 1 and i + 2 < end
        if dashed and 48 <= byte(data, i + 1) <= 55 and byte(data, i + 2) == DASH:
            severity = i + 1
        i += 1
    if severity == 0 or i <= severity + 2:
        return at, at
    text = i
    if text < end and byte(data, text) == SPACE:
        text += 1
    if text >= end or byte(data, text) != COLON:
        return at, at
    text += 1
    if text < end and byte(data, text) == SPACE:
        text += 1
    elif text < end:
        return at, at
    extra(row, extras, layout.CISCO_FACILITY, at + 1, severity - 1, totals)
    extra(row, extras, layout.CISCO_SEVERITY, severity, severity + 1, totals)
    extra(row, extras, layout.CISCO_MNEMONIC, severity + 2, i, totals)
    if position(row, layout.PRIORITY) == -1:
        put_position(row, layout.PRIORITY, -2 - (byte(data, severity) - 48))
    return i, text


@inner
def fortios(data: int, at: int, end: int, row: int) -> tuple[int, int]:
    """The time of ``date=2026-11-23 time=10:00:00 devname=...``, and 1 if it is local.

    NOT_A_TIME where it is none. The device's name becomes the host.
    """
    if end - at < 29 or not _starts(data, at, end, _DATE, _FIVE) or byte(data, at + 15) != SPACE:
        return NOT_A_TIME, 1
    if not _starts(data, at + 16, end, _TIME, _FIVE):
        return NOT_A_TIME, 1
    days, seconds = date_at(data, at + 5), clock_at(data, at + 21, end)
    if days < 0 or seconds < 0 or (at + 29 < end and byte(data, at + 29) != SPACE):
        return NOT_A_TIME, 1
    time_ns, local = (days * DAY + seconds) * SECOND, 1
    i = at + 29
    if _starts(data, i + 1, end, _DEVNAME, _ALL):
        start = i + 9
        quoted = start < end and byte(data, start) == QUOTE
        start += quoted
        stop = start
        while stop < end and byte(data, stop) != (QUOTE if quoted else SPACE):
            stop += 1
        if stop > start:
            field(row, layout.HOST, start, stop)
    while end - i >= 11:
        if byte(data, i) == SPACE and _starts(data, i + 1, end, _TZ, _FOUR):
            stop = i + 5
            if byte(data, stop + 5) == QUOTE:
                sign = byte(data, stop)
                hours, minutes = _two(data, stop + 1), _two(data, stop + 3)
                if sign in (43, DASH) and 0 <= hours <= 23 and 0 <= minutes <= 59:
                    offset = hours * 3600 + minutes * 60
                    time_ns -= (offset if sign == 43 else -offset) * SECOND
                    local = 0
            break
        i += 1
    return time_ns, local


@inner
def repeated(data: int, at: int, end: int, row: int, extras: int, totals: int) -> bool:
    """Note N of ``last message repeated N times`` or ``message repeated N times`` at ``at``."""
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
    # " times" and what may follow; the eighth byte is only looked at where it is there.
    if end - stop < 6 or byte(data, stop) != SPACE or byte(data, stop + 5) != 115:
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
    return _short_word(data, start, end) in (_INFO, _ERROR, _DEBUG, _WARNING, _CRITICAL)


@inner
def _two(data: int, at: int) -> int:
    tens, ones = byte(data, at) - 48, byte(data, at + 1) - 48
    return tens * 10 + ones if 0 <= tens <= 9 and 0 <= ones <= 9 else -1
