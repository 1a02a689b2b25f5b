"""Find where a field ends, eight bytes at a time, and what a short one says.

The trick is Mycroft's: of a word whose searched bytes have been made zero, ``(w - 0x01..) & ~w &
0x80..`` marks the zero bytes, exactly so up to the first.
"""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog.instants import is_digit
from sensorium.ingest.syslog.memory import byte, lowest_byte, word
from sensorium.ingest.syslog.octets import BAR, CLOSE, COLON, EQUALS, OPEN, SPACE

_ONES: Final = 0x0101010101010101
_HIGHS: Final = -0x7F7F7F7F7F7F7F80
_SPACES: Final = SPACE * _ONES
_COLONS: Final = COLON * _ONES
_OPENS: Final = OPEN * _ONES
_CLOSES: Final = CLOSE * _ONES
_EQUALS: Final = EQUALS * _ONES
_BARS: Final = BAR * _ONES
_BELOW_33: Final = 33 * _ONES


@inner
def zeros(value: int) -> int:
    """The high bit of each byte that is zero; exact up to the first."""
    return (value - _ONES) & ~value & _HIGHS


@inner
def short_word(data: int, start: int, end: int) -> int:
    """Up to eight bytes as a number, the first lowest."""
    value = 0
    for k in range(end - start):
        value |= byte(data, start + k) << (8 * k)
    return value


@inner
def token_end(data: int, at: int, end: int) -> int:
    """The position of the next space, or ``end``."""
    i = at
    while end - i >= 8:
        found = zeros(word(data, i) ^ _SPACES)
        if found != 0:
            return i + lowest_byte(found)
        i += 8
    while i < end and byte(data, i) != SPACE:
        i += 1
    return i


@inner
def blank_end(data: int, at: int, end: int) -> int:
    """The position of the next space or control character, or ``end``."""
    i = at
    while end - i >= 8:
        eight = word(data, i)
        found = (eight - _BELOW_33) & ~eight & _HIGHS
        if found != 0:
            return i + lowest_byte(found)
        i += 8
    while i < end and byte(data, i) > SPACE:
        i += 1
    return i


@inner
def word_end(data: int, at: int, end: int) -> int:
    """The position of the next space, control character, ``=`` or ``|``, or ``end``."""
    i = at
    while end - i >= 8:
        eight = word(data, i)
        found = zeros(eight ^ _EQUALS) | zeros(eight ^ _BARS)
        found |= (eight - _BELOW_33) & ~eight & _HIGHS
        if found != 0:
            return i + lowest_byte(found)
        i += 8
    while i < end and byte(data, i) > SPACE and byte(data, i) not in (EQUALS, BAR):
        i += 1
    return i


@inner
def spaces_end(data: int, at: int, end: int) -> int:
    """The position of the next byte that is no space, or ``end``."""
    while at < end and byte(data, at) == SPACE:
        at += 1
    return at


@inner
def skip_bom(data: int, at: int, end: int) -> int:
    """The position after a UTF-8 byte order mark, if one stands at ``at``."""
    if (
        end - at >= 3
        and byte(data, at) == 0xEF
        and byte(data, at + 1) == 0xBB
        and byte(data, at + 2) == 0xBF
    ):
        return at + 3
    return at


@inner
def tag_end(data: int, at: int, end: int) -> int:
    """The position of the next ``:``, ``[``, space or control character, or ``end``."""
    i = at
    while end - i >= 8:
        eight = word(data, i)
        blank = (eight - _BELOW_33) & ~eight & _HIGHS
        found = zeros(eight ^ _COLONS) | zeros(eight ^ _OPENS) | blank
        if found != 0:
            return i + lowest_byte(found)
        i += 8
    while i < end and byte(data, i) > SPACE and byte(data, i) != COLON and byte(data, i) != OPEN:
        i += 1
    return i


@inner
def bracket_end(data: int, at: int, end: int) -> int:
    """The position of the next ``]``, space or control character, or ``end``."""
    i = at
    while end - i >= 8:
        eight = word(data, i)
        found = zeros(eight ^ _CLOSES) | ((eight - _BELOW_33) & ~eight & _HIGHS)
        if found != 0:
            return i + lowest_byte(found)
        i += 8
    while i < end and byte(data, i) > SPACE and byte(data, i) != CLOSE:
        i += 1
    return i


@inner
def number_end(data: int, at: int, end: int, longest: int) -> int:
    """Where the digits at ``at`` end, of which no more than ``longest`` are looked at."""
    i = at
    while i < end and i < at + longest and is_digit(byte(data, i)):
        i += 1
    return i
