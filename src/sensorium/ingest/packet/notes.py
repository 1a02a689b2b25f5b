"""Noting attributes: what they are and where their values lie, to be written as text afterwards.

A row has an attribute once: what comes first counts. There is room for all that a row may have.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.memory import put_total, total
from sensorium.ingest.packet import attributes as kinds
from sensorium.ingest.packet.words import u32

_NUMBER = kinds.NUMBER_KIND
_PAIR = kinds.PAIR
_IPV4 = kinds.IPV4
_IPV6 = kinds.IPV6
_E_NAME = kinds.E_NAME
_E_KIND = kinds.E_KIND
_E_VALUE = kinds.E_VALUE
_E_COUNT = kinds.E_COUNT
_ENTRY_BYTES = 8 * kinds.ENTRY_WIDTH
_N_TABLE = kinds.N_TABLE
_N_USED = kinds.N_USED
_N_SEEN = kinds.N_SEEN
_N_UNWANTED = kinds.N_UNWANTED
_BITS = kinds.BITS
_N_NAMES = kinds.N_NAMES
_N_TEXT = kinds.N_TEXT
_NAME_LENGTHS = kinds.NAME_LENGTHS
_VALUE_ROOM = kinds.VALUE_ROOM
_ITEM_ROOM = kinds.ITEM_ROOM


@uncounted
def note(out: Any, name: Any, kind: Any, value: Any, count: Any) -> None:
    """Note an attribute that the row wants and does not have yet."""
    bit = np.int64(1) << (name & 31)
    seen = total(out, _N_SEEN + (name >> 5))
    if seen & bit:
        return
    put_total(out, _N_SEEN + (name >> 5), seen | bit)
    used = total(out, _N_USED)
    entry = total(out, _N_TABLE) + _ENTRY_BYTES * used
    put_total(entry, _E_NAME, name)
    put_total(entry, _E_KIND, kind)
    put_total(entry, _E_VALUE, value)
    put_total(entry, _E_COUNT, count)
    put_total(out, _N_USED, used + 1)
    put_total(out, _N_NAMES, total(out, _N_NAMES) + _NAME_LENGTHS[name])
    put_total(out, _N_TEXT, total(out, _N_TEXT) + _VALUE_ROOM + _ITEM_ROOM * count)


@uncounted
def begin_row(out: Any) -> None:
    """The row that comes has no attributes yet."""
    for index in range(_BITS):
        put_total(out, _N_SEEN + index, total(out, _N_UNWANTED + index))


@uncounted
def number(out: Any, name: Any, value: Any) -> None:
    """An attribute that is a number."""
    note(out, name, _NUMBER, value, 0)


@uncounted
def pair(out: Any, name: Any, first: Any, second: Any) -> None:
    """An attribute that is two 32-bit numbers."""
    note(out, name, _PAIR, first << 32 | second, 0)


@uncounted
def address(out: Any, name: Any, data: Any, at: Any, size: Any) -> None:
    """An attribute that is an address of 4 or 16 bytes; mapped IPv4 is IPv4."""
    if size == 4:
        note(out, name, _IPV4, at, 0)
    elif u32(data, at) == 0 and u32(data, at + 4) == 0 and u32(data, at + 8) == 0xFFFF:
        note(out, name, _IPV4, at + 12, 0)
    else:
        note(out, name, _IPV6, at, 0)
