"""What Cisco's IOS, IOS XR, NX-OS, ASA and AireOS put before the time and its tag, as kernels.

Sequence numbers, origin-ids, nodes, tasks, clock marks and uptimes, as in Cisco's "System Message
Format". Each is read only where it fits from end to end: what does not stays text.
"""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.instants import clock_at, is_digit, two_digits
from sensorium.ingest.syslog.marks import extra, field
from sensorium.ingest.syslog.memory import byte, put_position, word
from sensorium.ingest.syslog.months import month_at, year_at
from sensorium.ingest.syslog.octets import COLON, OPEN, PERCENT, POINT, SLASH, SPACE, STAR
from sensorium.ingest.syslog.search import number_end, spaces_end, tag_end, token_end, zeros

_LONGEST_NUMBER: Final = 10
_ZEROS: Final = 48 * 0x0101010101010101
_COLONS: Final = COLON * 0x0101010101010101
_ABOVE_NINE: Final = 0x7676767676767676
_HIGHS: Final = -0x7F7F7F7F7F7F7F80


@inner
def _uptime_end(data: int, at: int, end: int) -> int:
    """Where an uptime such as ``1d02h``, ``00:00:46`` or ``00:46`` ends, before a colon; ``at`` if
    none. Two numbers alone are one only before a tag: ``20:46: text`` may be anything.
    """
    i = at
    if clock_at(data, at, end) >= 0:
        i = at + 8
    elif end - at > 7 and byte(data, at + 2) == COLON and byte(data, at + 7) == PERCENT:
        minutes = min(two_digits(data, at), two_digits(data, at + 3))
        i = at + 5 if minutes >= 0 else at
    else:
        letters = 0
        while i < end and i < at + 16:
            digits = number_end(data, i, end, 4)
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
        number = number_end(data, i, end, _LONGEST_NUMBER)
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
            if word_end > i:
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
