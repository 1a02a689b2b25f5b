"""The bytes of one element as canonical text, written by kernels.

Each function writes from ``target`` on and gives the address after its last character. What it may
write is bounded by :data:`TEXT_ROOM`; the caller has made sure that there is so much.
"""

from __future__ import annotations

from typing import Any, Final

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.netflow.registry.lookup import Type
from sensorium.ingest.netflow.values import load_unsigned, ntp
from sensorium.ingest.netflow.wire import load_u8, load_u16, load_u32, load_u64, store_u8

TEXT_ROOM: Final = 48
"""Characters that no value exceeds, beside two for each of its bytes."""

_OCTETS = int(Type.OCTETS)
_UNSIGNED = int(Type.UNSIGNED)
_SIGNED = int(Type.SIGNED)
_FLOAT = int(Type.FLOAT)
_BOOLEAN = int(Type.BOOLEAN)
_MAC = int(Type.MAC)
_STRING = int(Type.STRING)
_NTP_MICROSECONDS = int(Type.NTP_MICROSECONDS)
_NTP_NANOSECONDS = int(Type.NTP_NANOSECONDS)
_IPV4 = int(Type.IPV4)
_IPV6 = int(Type.IPV6)
_BASIC_LIST = int(Type.BASIC_LIST)
_MULTI_LIST = int(Type.MULTI_LIST)
_APPLICATION_ID = int(Type.APPLICATION_ID)
_ACL_ID = int(Type.ACL_ID)
_V5_SAMPLING_MODE = int(Type.V5_SAMPLING_MODE)
_SUB_APPLICATION_VALUE = int(Type.SUB_APPLICATION_VALUE)

_LONGEST = 0x7FFFFFFFFFFFFFFF
_WITH_ENTERPRISE = 20
_MICROSECOND_BITS = 0xFFFFF800
_DOT = 0x2E
_COLON = 0x3A
_DASH = 0x2D
_SLASH = 0x2F
_SPACE = 0x20
_HTTP = 3 << 24 | 80
_HTTP_HOST = 13314
_TAGS = 6


@uncounted
def put_decimal(target: Any, value: Any) -> Any:
    """An unsigned 64-bit integer, given as the int64 of the same bits."""
    digits = 1
    rest = value
    if value < 0:
        # As unsigned it is at least 2^63, whose tenth is half of it by five.
        rest = (value >> 1 & _LONGEST) // 5
        digits = 20 if rest >= 1_000_000_000_000_000_000 else 19
    else:
        limit = 10
        while digits < 19 and value >= limit:
            digits += 1
            limit *= 10
    place = target + digits
    if value < 0:
        place -= 1
        store_u8(place, 48 + value - rest * 10)
    while place > target:
        place -= 1
        quotient = rest // 10
        store_u8(place, 48 + rest - quotient * 10)
        rest = quotient
    return target + digits


@uncounted
def _nibble(value: Any) -> Any:
    return value + (48 if value < 10 else 87)


@uncounted
def put_hex(target: Any, source: Any, width: Any) -> Any:
    """Two digits for each byte."""
    for index in range(width):
        byte = load_u8(source + index)
        store_u8(target + 2 * index, _nibble(byte >> 4))
        store_u8(target + 2 * index + 1, _nibble(byte & 15))
    return target + 2 * width


@uncounted
def _put_parted(target: Any, source: Any, width: Any, each: Any, mark: Any) -> Any:
    """Hexadecimal digits with a mark after each so many bytes."""
    for first in range(0, width, each):
        if first > 0:
            store_u8(target, mark)
            target += 1
        target = put_hex(target, source + first, min(each, width - first))
    return target


@uncounted
def put_ipv4_text(target: Any, source: Any) -> Any:
    """A dotted quad."""
    for index in range(4):
        if index > 0:
            store_u8(target, _DOT)
            target += 1
        target = put_decimal(target, load_u8(source + index))
    return target


@uncounted
def _put_group(target: Any, value: Any) -> Any:
    """Up to four hexadecimal digits without leading zeros."""
    started = False
    for shift in (12, 8, 4, 0):
        nibble = value >> shift & 15
        if nibble != 0 or started or shift == 0:
            store_u8(target, _nibble(nibble))
            target += 1
            started = True
    return target


@uncounted
def _longest_zeros(source: Any) -> Any:
    """Where the first of the longest runs of zero groups begins, and its length."""
    best = 0
    length = 0
    first = 0
    run = 0
    for index in range(8):
        if load_u16(source + 2 * index) != 0:
            run = 0
            continue
        if run == 0:
            first = index
        run += 1
        if run > length:
            best = first
            length = run
    return best, length


@uncounted
def put_ipv6_text(target: Any, source: Any) -> Any:
    """RFC 5952: lower case, the longest run of zeros left out; mapped IPv4 as a dotted quad."""
    mapped = load_u64(source) == 0 and load_u32(source + 8) == 0xFFFF
    zeros, length = _longest_zeros(source)
    groups = 6 if mapped else 8
    index = 0
    while index < groups:
        if length > 1 and index == zeros:
            store_u8(target, _COLON)
            store_u8(target + 1, _COLON)
            target += 2
            index += length
            continue
        target = _put_group(target, load_u16(source + 2 * index))
        index += 1
        if index < groups and not (length > 1 and index == zeros):
            store_u8(target, _COLON)
            target += 1
    if mapped:
        store_u8(target, _COLON)
        target = put_ipv4_text(target + 1, source + 12)
    return target


@uncounted
def _sequence_length(source: Any, left: Any) -> Any:
    """Bytes of the UTF-8 character at an address, 0 if there is none (RFC 3629 section 4)."""
    lead = load_u8(source)
    if lead < 0x80:
        return 1
    length = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if lead < 0xC2 or lead > 0xF4 or left < length:
        return 0
    second = load_u8(source + 1)
    low = 0xA0 if lead == 0xE0 else 0x90 if lead == 0xF0 else 0x80
    high = 0x9F if lead == 0xED else 0x8F if lead == 0xF4 else 0xBF
    if second < low or second > high:
        return 0
    for index in range(2, length):
        if load_u8(source + index) & 0xC0 != 0x80:
            return 0
    return length


@uncounted
def put_string(target: Any, source: Any, width: Any) -> Any:
    """Text up to its padding of zeros; what is not UTF-8 is read as Latin-1, so nothing is lost."""
    while width > 0 and load_u8(source + width - 1) == 0:
        width -= 1
    place = 0
    valid = True
    while place < width:
        length = _sequence_length(source + place, width - place)
        if length == 0:
            valid = False
            break
        place += length
    for index in range(width):
        byte = load_u8(source + index)
        if valid or byte < 0x80:
            store_u8(target, byte)
            target += 1
        else:
            store_u8(target, 0xC0 | byte >> 6)
            store_u8(target + 1, 0x80 | byte & 0x3F)
            target += 2
    return target


@uncounted
def _put_signed(target: Any, source: Any, width: Any) -> Any:
    value = load_unsigned(source, width)
    if width < 8:
        value -= (value >> (8 * width - 1)) << (8 * width)
    if value < 0:
        store_u8(target, _DASH)
        return put_decimal(target + 1, -value)
    return put_decimal(target, value)


@uncounted
def _put_boolean(target: Any, value: Any) -> Any:
    """1 is true and 2 is false (RFC 7011 section 6.1.5); anything else is the number it is."""
    if value == 1:
        word = 0x74727565
    elif value == 2:
        store_u8(target, 0x66)
        target += 1
        word = 0x616C7365
    else:
        return put_decimal(target, value)
    for index in range(4):
        store_u8(target + index, word >> (24 - 8 * index) & 0xFF)
    return target + 4


@uncounted
def _put_application(target: Any, source: Any, width: Any) -> Any:
    """Engine, enterprise where the engine has one, selector: ``3..443``, ``20..9..77``."""
    engine = load_u8(source)
    target = put_decimal(target, engine)
    at = 1
    if engine == _WITH_ENTERPRISE and width > 5:
        store_u8(target, _DOT)
        store_u8(target + 1, _DOT)
        target = put_decimal(target + 2, load_u32(source + 1))
        at = 5
    store_u8(target, _DOT)
    store_u8(target + 1, _DOT)
    return put_decimal(target + 2, load_unsigned(source + at, width - at))


@uncounted
def _put_extracted(target: Any, source: Any, width: Any) -> Any:
    """A request's host as it is, anything else after whose it is: ``3..80/13315:curl/8``.

    No text begins with the number of a classification engine, so one without tags is told.
    """
    if width < _TAGS or load_u8(source) >= _SPACE:
        return put_string(target, source, width)
    part = load_u16(source + 4)
    if load_u32(source) != _HTTP or part != _HTTP_HOST:
        target = _put_application(target, source, 4)
        store_u8(target, _SLASH)
        target = put_decimal(target + 1, part)
        store_u8(target, _COLON)
        target += 1
    return put_string(target, source + _TAGS, width - _TAGS)


@uncounted
def is_slow(kind: Any, width: Any) -> Any:
    """Whether a value is one that Python writes: real numbers, lists, and wide integers."""
    if kind == _FLOAT:
        return width in (4, 8)
    return _BASIC_LIST <= kind <= _MULTI_LIST or (kind == _UNSIGNED and width > 8)


@uncounted
def _put_integer(target: Any, kind: Any, source: Any, width: Any) -> Any:
    if kind == _UNSIGNED:
        return put_decimal(target, load_unsigned(source, width))
    if kind == _SIGNED:
        return _put_signed(target, source, width)
    if kind == _NTP_NANOSECONDS:
        return put_decimal(target, ntp(source, 0xFFFFFFFF))
    return put_decimal(target, ntp(source, _MICROSECOND_BITS) // 1000)


@uncounted
def _put_address(target: Any, kind: Any, source: Any) -> Any:
    if kind == _IPV4:
        return put_ipv4_text(target, source)
    if kind == _IPV6:
        return put_ipv6_text(target, source)
    return _put_parted(target, source, 6, 1, _COLON)


@uncounted
def _put_rare(target: Any, kind: Any, source: Any, width: Any) -> Any:
    """Types of our own, and booleans."""
    if kind == _BOOLEAN and width == 1:
        return _put_boolean(target, load_u8(source))
    if kind == _V5_SAMPLING_MODE:
        return put_decimal(target, load_u16(source) >> 14)
    if kind == _SUB_APPLICATION_VALUE:
        return _put_extracted(target, source, width)
    if kind == _ACL_ID and width == 12:
        return _put_parted(target, source, width, 4, _DASH)
    if kind == _APPLICATION_ID and (
        2 <= width <= 9 or (9 < width <= 13 and load_u8(source) == _WITH_ENTERPRISE)
    ):
        return _put_application(target, source, width)
    return put_hex(target, source, width)


@uncounted
def put_text(target: Any, kind: Any, source: Any, width: Any) -> Any:
    """A value of any type that is not slow; hexadecimal where the type cannot have the width."""
    if kind == _STRING:
        return put_string(target, source, width)
    if (
        (kind == _UNSIGNED and width <= 8)
        or (kind == _SIGNED and 1 <= width <= 8)
        or (kind in (_NTP_MICROSECONDS, _NTP_NANOSECONDS) and width == 8)
    ):
        return _put_integer(target, kind, source, width)
    if (
        (kind == _IPV4 and width == 4)
        or (kind == _IPV6 and width == 16)
        or (kind == _MAC and width == 6)
    ):
        return _put_address(target, kind, source)
    return _put_rare(target, kind, source, width)
