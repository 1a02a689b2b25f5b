"""Attributes as text: numbers, addresses, lists and strings, written by one kernel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import kernel, uncounted
from sensorium.ingest.memory import put_byte, put_position, put_word, total
from sensorium.ingest.packet import attributes as kinds
from sensorium.ingest.packet.words import u8, u16, u32

_NUMBER = kinds.NUMBER_KIND
_PAIR = kinds.PAIR
_IPV4 = kinds.IPV4
_IPV6 = kinds.IPV6
_MAC = kinds.MAC
_LIST = kinds.LIST
_LABELS_LIST = kinds.LABELS_LIST
_COMMUNITIES = kinds.COMMUNITIES
_AS_PATH = kinds.AS_PATH
_STRING = kinds.STRING
_WORD = kinds.WORD
_E_NAME = kinds.E_NAME
_E_KIND = kinds.E_KIND
_E_VALUE = kinds.E_VALUE
_E_COUNT = kinds.E_COUNT
_ENTRY_BYTES = 8 * kinds.ENTRY_WIDTH

_NAME_LENGTHS = kinds.NAME_LENGTHS
_NAME_TEXT = kinds.NAME_TEXT
_NAME_WORDS = kinds.NAME_ROOM // 8

_ZERO, _LETTER = 48, 87  # "0", and "a" less ten
_BLANK, _DOT, _COLON, _BACKSLASH, _X, _OPEN, _CLOSE = (ord(c) for c in " .:\\x{}")
_AS_SET = 1

_SPELT = np.frombuffer("".join(f"{word:<9}" for word in kinds.SPELT).encode(), np.uint8)
_MANY = np.frombuffer(b"multiple ", np.uint8)
_WORD_ROOM = 9


# Words of eight bytes: a text, and in the last byte its length. What is written beyond the text is
# written over by what follows, and SPARE bytes stand after the last.
SPARE = 8
_LENGTH_AT = 56


def _words(texts: Iterable[str]) -> npt.NDArray[np.int64]:
    written = [text.encode().ljust(7, b"\0") + bytes([len(text)]) for text in texts]
    return np.frombuffer(b"".join(written), np.int64)


_SMALL = _words(str(number) for number in range(1000))
_THREE = _words(f"{number:03}" for number in range(1000))
_OCTETS = _words(f"{number:02x}:" for number in range(256))


@uncounted
def _digits(text: Any, to: Any, value: Any) -> Any:
    """An unsigned number in decimal; a negative int64 stands for one above its range."""
    if 0 <= value < 1000:
        word = _SMALL[value]
        put_word(text, to, word)
        return to + (word >> _LENGTH_AT)
    if 0 <= value < 1_000_000:
        word = _SMALL[value // 1000]
        put_word(text, to, word)
        to += word >> _LENGTH_AT
        put_word(text, to, _THREE[value % 1000])
        return to + 3
    return _many_digits(text, to, value)


@uncounted
def _many_digits(text: Any, to: Any, value: Any) -> Any:
    rest = np.uint64(value)
    ten = np.uint64(10)
    length = 1
    above = rest // ten
    while above > np.uint64(0):
        length += 1
        above //= ten
    for index in range(length):
        put_byte(text, to + length - 1 - index, _ZERO + int(rest % ten))
        rest //= ten
    return to + length


@uncounted
def _hex(text: Any, to: Any, value: Any, digits: Any) -> Any:
    """The last so many hexadecimal digits, in lower case."""
    for index in range(digits):
        digit = value >> (4 * (digits - 1 - index)) & 15
        put_byte(text, to + index, digit + (_ZERO if digit < 10 else _LETTER))
    return to + digits


@uncounted
def _ipv4(text: Any, to: Any, data: Any, at: Any) -> Any:
    for index in range(4):
        if index:
            put_byte(text, to, _DOT)
            to += 1
        to = _digits(text, to, u8(data, at + index))
    return to


@uncounted
def _ipv6(text: Any, to: Any, data: Any, at: Any) -> Any:
    """RFC 5952: the first of the longest runs of two or more zero groups is left out."""
    longest = 1
    first = 8
    run = 0
    for group in range(8):
        run = run + 1 if u16(data, at + 2 * group) == 0 else 0
        if run > longest:
            longest = run
            first = group - run + 1
    group = 0
    while group < 8:
        if group == first:
            put_byte(text, to, _COLON)
            put_byte(text, to + 1, _COLON)
            to += 2
            group += longest
            continue
        if group and group != first + longest:
            put_byte(text, to, _COLON)
            to += 1
        value = u16(data, at + 2 * group)
        digits = 1 + (value > 0xF) + (value > 0xFF) + (value > 0xFFF)
        to = _hex(text, to, value, digits)
        group += 1
    return to


@uncounted
def _mac(text: Any, to: Any, data: Any, at: Any) -> Any:
    for index in range(6):
        put_word(text, to + 3 * index, _OCTETS[u8(data, at + index)])
    return to + 17


@uncounted
def _list(text: Any, to: Any, data: Any, at: Any, count: Any, kind: Any) -> Any:
    for index in range(count):
        if index:
            put_byte(text, to, _BLANK)
            to += 1
        value = u32(data, at + 4 * index)
        if kind == _COMMUNITIES:
            to = _digits(text, to, value >> 16)
            put_byte(text, to, _COLON)
            to = _digits(text, to + 1, value & 0xFFFF)
        else:
            to = _digits(text, to, value >> 12 if kind == _LABELS_LIST else value)
    return to


@uncounted
def _as_path(text: Any, to: Any, data: Any, at: Any, count: Any) -> Any:
    """Segments that are whole: ``65001 65002 {65003 65004}``, sets in braces.

    ``count`` is of 32-bit words, of which two begin a segment: its kind and its length.
    """
    last = at + 4 * count
    start = to
    while at < last:
        in_set = u32(data, at) == _AS_SET
        length = u32(data, at + 4)
        at += 8
        for index in range(length):
            if to > start:
                put_byte(text, to, _BLANK)
                to += 1
            if in_set and index == 0:
                put_byte(text, to, _OPEN)
                to += 1
            to = _digits(text, to, u32(data, at + 4 * index))
            if in_set and index == length - 1:
                put_byte(text, to, _CLOSE)
                to += 1
        at += 4 * length
    return to


@uncounted
def _string(text: Any, to: Any, data: Any, at: Any, count: Any) -> Any:
    r"""Bytes that are no printable ASCII, and the backslash, are written as ``\x5c``."""
    for index in range(count):
        byte = u8(data, at + index)
        if 0x20 <= byte < 0x7F and byte != _BACKSLASH:
            put_byte(text, to, byte)
            to += 1
        else:
            put_byte(text, to, _BACKSLASH)
            put_byte(text, to + 1, _X)
            to = _hex(text, to + 2, byte, 2)
    return to


@uncounted
def _word(text: Any, to: Any, value: Any) -> Any:
    for index in range(_WORD_ROOM):
        letter = _SPELT[_WORD_ROOM * value + index]
        if letter != _BLANK:
            put_byte(text, to, letter)
            to += 1
    return to


@uncounted
def _multiple(text: Any, to: Any, value: Any) -> Any:
    for letter in _MANY:
        put_byte(text, to, letter)
        to += 1
    return _digits(text, to, value)


@uncounted
def _put_name(text: Any, to: Any, name: Any) -> Any:
    """Write a name, and more bytes up to NAME_ROOM."""
    for index in range(_NAME_WORDS):
        put_word(text, to + 8 * index, _NAME_TEXT[_NAME_WORDS * name + index])
    return to + _NAME_LENGTHS[name]


@uncounted
def _put_value(text: Any, to: Any, data: Any, entry: Any) -> Any:
    """Write the value of the entry at an address."""
    kind, value, count = total(entry, _E_KIND), total(entry, _E_VALUE), total(entry, _E_COUNT)
    if kind == _NUMBER:
        to = _digits(text, to, value)
    elif kind == _PAIR:
        to = _digits(text, to, value >> 32 & 0xFFFFFFFF)
        put_byte(text, to, _COLON)
        to = _digits(text, to + 1, value & 0xFFFFFFFF)
    elif kind == _IPV4:
        to = _ipv4(text, to, data, value)
    elif kind == _IPV6:
        to = _ipv6(text, to, data, value)
    elif kind == _MAC:
        to = _mac(text, to, data, value)
    elif kind in (_LIST, _LABELS_LIST, _COMMUNITIES):
        to = _list(text, to, data, value, count, kind)
    elif kind == _AS_PATH:
        to = _as_path(text, to, data, value, count)
    elif kind == _STRING:
        to = _string(text, to, data, value, count)
    elif kind == _WORD:
        to = _word(text, to, value)
    else:
        to = _multiple(text, to, value)
    return to


@kernel
def write(data: Any, table: Any, names: Any, values: Any) -> None:
    """Write the names and the values of entries as Arrow's strings.

    ``data`` is the address of the slab's first byte; ``names`` and ``values`` int64 (2,) are those
    of the strings' bytes and of their int32 offsets. Names have NAME_ROOM bytes to spare, and
    values SPARE.
    """
    name_text, name_ends = names[0], names[1]
    text, ends = values[0], values[1]
    name_to = to = 0
    put_position(name_ends, 0, 0)
    put_position(ends, 0, 0)
    for i in range(table.shape[0]):
        entry = table.ctypes.data + i * _ENTRY_BYTES
        name_to = _put_name(name_text, name_to, total(entry, _E_NAME))
        put_position(name_ends, i + 1, name_to)
        to = _put_value(text, to, data, entry)
        put_position(ends, i + 1, to)
