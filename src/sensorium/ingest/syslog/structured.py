"""Structured data of RFC 5424 section 6.3, as kernels: check and measure it, then copy it out.

``[id name="value"][id2]`` becomes attributes ``id.name`` = ``value`` and ``id2`` = empty. In a
value ``\\"``, ``\\\\`` and ``\\]`` lose their backslash; other backslashes stay.
"""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog.memory import byte, copy, position, put_byte, put_position
from sensorium.ingest.syslog.octets import CLOSE, EQUALS, ESCAPE, OPEN, QUOTE, SPACE
from sensorium.ingest.syslog.search import spaces_end

# The RFC allows 32. Real senders use more; without a bound, one id of 30 kB repeated for each
# of its parameters would make a gigabyte of one datagram.
LONGEST_NAME: Final = 64


@inner
def name_end(data: int, at: int, end: int) -> int:
    """The position after the SD-NAME at ``at``; ``at`` if there is none of lawful length."""
    i = at
    while i < end and byte(data, i) > SPACE and byte(data, i) != EQUALS and byte(data, i) != CLOSE:
        if byte(data, i) == QUOTE:
            return at
        i += 1
    return at if i - at > LONGEST_NAME else i


@inner
def value_end(data: int, at: int, end: int) -> int:
    """The position of the quote that ends a value; -1 where none does."""
    i = at
    while i < end and byte(data, i) != QUOTE:
        if byte(data, i) == ESCAPE and i + 1 < end:
            escaped = byte(data, i + 1)
            if escaped in (QUOTE, ESCAPE, CLOSE):
                i += 1
        i += 1
    return -1 if i >= end else i


@inner
def bare_end(data: int, at: int, end: int) -> int:
    """The position after a value without quotes (ESXi) at ``at``; -1 where there is none."""
    i = at
    while i < end and byte(data, i) > SPACE and byte(data, i) not in (CLOSE, QUOTE):
        i += 1
    return i if i > at and i < end and byte(data, i) in (SPACE, CLOSE) else -1


@inner
def _parameter(data: int, at: int, end: int) -> tuple[int, int]:
    """The position after the SD-PARAM at ``at`` and the length of its name; -1 if none.

    A space before the value, and a value without quotes, are read as they are meant.
    """
    i = name_end(data, at, end)
    # A parameter begins after a space.
    if i == at or i + 1 >= end or byte(data, at - 1) != SPACE or byte(data, i) != EQUALS:
        return -1, 0
    value = spaces_end(data, i + 1, end)
    if value < end and byte(data, value) == QUOTE:
        closing = value_end(data, value + 1, end)
        return closing + 1 if closing >= 0 else -1, i - at
    return bare_end(data, i + 1, end), i - at


@inner
def measure(data: int, at: int, end: int) -> tuple[int, int, int]:
    """Check structured data at ``at``: its end, its entries and their keys' bytes.

    The end is -1 where it is malformed.
    """
    entries = keys = 0
    i = at
    while i < end and byte(data, i) == OPEN:
        first = i + 1
        i = name_end(data, first, end)
        id_length, parameters = i - first, 0
        if id_length == 0:
            return -1, 0, 0
        i = spaces_end(data, i, end)
        while i < end and byte(data, i) != CLOSE:
            i, name_length = _parameter(data, i, end)
            if i < 0:
                return -1, 0, 0
            keys += id_length + 1 + name_length
            parameters += 1
            i = spaces_end(data, i, end)
        if i >= end:
            return -1, 0, 0
        keys += id_length if parameters == 0 else 0
        entries += max(parameters, 1)
        i += 1
    if i < end and byte(data, i) != SPACE:
        return -1, 0, 0
    return i, entries, keys


@inner
def _unescape(data: int, at: int, values: int, value_at: int) -> tuple[int, int]:
    """Copy a checked value; the position of its closing quote, and after what was written."""
    i = at
    while byte(data, i) != QUOTE:
        if byte(data, i) == ESCAPE:
            escaped = byte(data, i + 1)
            if escaped in (QUOTE, ESCAPE, CLOSE):
                i += 1
        put_byte(values, value_at, byte(data, i))
        value_at += 1
        i += 1
    return i, value_at


@inner
def copy_out(
    data: int,
    at: int,
    end: int,
    entry: int,
    keys: int,
    key_ends: int,
    values: int,
    value_ends: int,
) -> int:
    """Write the entries of checked structured data from ``entry`` on; the number after the last.

    The last four are addresses. ``key_ends`` and ``value_ends`` are Arrow offsets: entry ``e``
    begins at ``[e]`` and ends at ``[e + 1]``.
    """
    i = at
    while i < end:
        first = i + 1
        i = name_end(data, first, end)
        id_length = i - first
        i = spaces_end(data, i, end)
        bare = byte(data, i) == CLOSE
        while bare or byte(data, i) != CLOSE:
            key_at, value_at = position(key_ends, entry), position(value_ends, entry)
            copy(keys + key_at, data + first, id_length)
            key_at += id_length
            if not bare:
                name = i
                i = name_end(data, name, end)
                put_byte(keys, key_at, 46)
                copy(keys + key_at + 1, data + name, i - name)
                key_at += 1 + i - name
                value = spaces_end(data, i + 1, end)
                if byte(data, value) == QUOTE:
                    i, value_at = _unescape(data, value + 1, values, value_at)
                    i += 1
                else:
                    i = bare_end(data, value, end)
                    copy(values + value_at, data + value, i - value)
                    value_at += i - value
                i = spaces_end(data, i, end)
            entry += 1
            put_position(key_ends, entry, key_at)
            put_position(value_ends, entry, value_at)
            if bare:
                break
        i += 1
    return entry
