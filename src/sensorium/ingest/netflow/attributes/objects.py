"""Values and records as objects that JSON can hold: what is too rare or too rich for a kernel.

Options data, the lists of RFC 6313, real numbers and integers of more than 64 bits.
"""

from __future__ import annotations

import ipaddress
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sensorium.ingest.netflow.attributes.naming import Learned, is_shown, named_fields
from sensorium.ingest.netflow.elements import VARIABLE_LENGTH
from sensorium.ingest.netflow.exporters.sampling import split_records
from sensorium.ingest.netflow.registry.lookup import Information, Type, information
from sensorium.ingest.netflow.template import Template

_SEMANTICS: Final = {
    0: "noneOf",
    1: "exactlyOneOf",
    2: "oneOrMoreOf",
    3: "allOf",
    4: "ordered",
    255: "undefined",
}
"""RFC 6313 section 4.4; the IANA registry "IPFIX Structured Data Types Semantics"."""

_DEEPEST: Final = 8
_NTP_UNIX: Final = 2_208_988_800
_WITH_ENTERPRISE: Final = 20
_TAGS: Final = 6
_SPACE: Final = 0x20
_HTTP_HOST: Final = b"\x03\0\0\x50\x34\x02"


class MalformedListError(ValueError):
    """The bytes of a list do not fit what its head says."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a value's meaning depends on: its source's templates at the time, and its elements."""

    template: Callable[[int], Template | None]
    learned: Learned


def _real(data: bytes) -> float | str:
    (value,) = struct.unpack(">f" if len(data) == 4 else ">d", data)
    if math.isfinite(value):
        return float(value)
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _ntp(data: bytes, mask: int) -> int:
    seconds, fraction = struct.unpack(">II", data)
    fraction &= mask
    if not seconds and not fraction:
        return 0
    era = 1 << 32 if seconds < _NTP_UNIX else 0
    return int((seconds + era - _NTP_UNIX) * 10**9 + (fraction * 10**9 >> 32))


def _string(data: bytes) -> str:
    text = data.rstrip(b"\0")
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _ipv6(data: bytes) -> str:
    address = ipaddress.IPv6Address(data)
    return f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)


def _application(data: bytes) -> str | None:
    enterprise = data[0] == _WITH_ENTERPRISE and len(data) > 5
    rest = data[5:] if enterprise else data[1:]
    if len(rest) > 8:
        return None
    middle = f"..{int.from_bytes(data[1:5], 'big')}" if enterprise else ""
    return f"{data[0]}{middle}..{int.from_bytes(rest, 'big')}"


def _extracted(data: bytes) -> str:
    if len(data) < _TAGS or data[0] >= _SPACE:
        return _string(data)
    text = _string(data[_TAGS:])
    if data[:_TAGS] == _HTTP_HOST:
        return text
    return f"{_application(data[:4])}/{int.from_bytes(data[4:_TAGS], 'big')}:{text}"


def _boolean(data: bytes) -> bool | int:
    return {1: True, 2: False}.get(data[0], data[0])


_PLAIN: Final[dict[Type, tuple[range, Callable[[bytes], Any]]]] = {
    Type.UNSIGNED: (range(65536), lambda data: int.from_bytes(data, "big")),
    Type.SIGNED: (range(1, 9), lambda data: int.from_bytes(data, "big", signed=True)),
    Type.FLOAT: (range(4, 9, 4), _real),
    Type.BOOLEAN: (range(1, 2), _boolean),
    Type.MAC: (range(6, 7), lambda data: data.hex(":")),
    Type.STRING: (range(65536), _string),
    Type.NTP_MICROSECONDS: (range(8, 9), lambda data: _ntp(data, 0xFFFFF800) // 1000),
    Type.NTP_NANOSECONDS: (range(8, 9), lambda data: _ntp(data, 0xFFFFFFFF)),
    Type.IPV4: (range(4, 5), lambda data: str(ipaddress.IPv4Address(data))),
    Type.IPV6: (range(16, 17), _ipv6),
    Type.APPLICATION_ID: (range(2, 14), _application),
    Type.ACL_ID: (range(12, 13), lambda data: data.hex("-", 4)),
    Type.SUB_APPLICATION_VALUE: (range(65536), _extracted),
}


def value_of(known: Information, data: bytes, context: Context, depth: int = 0) -> Any:
    """A value as JSON has it; hexadecimal where the type cannot have its length.

    MalformedListError for a list that does not fit its own head.
    """
    if Type.BASIC_LIST <= known.type <= Type.MULTI_LIST:
        if depth == _DEEPEST:
            return data.hex()
        return _LISTS[known.type](data, context, depth + 1)
    lengths, read = _PLAIN.get(known.type, (range(0), bytes.hex))
    value = read(data) if len(data) in lengths else None
    return data.hex() if value is None else value


def record_object(
    template: Template, values: list[bytes], context: Context, depth: int = 0
) -> dict[str, Any]:
    """A record by its elements' names."""
    return {
        found.name: value_of(found, values[index], context, depth)
        for index, field, found in named_fields(template, context.learned)
        if is_shown(field, found, as_sent=depth == 0)
    }


def _take(data: bytes, at: int, count: int) -> tuple[bytes, int]:
    if at + count > len(data):
        raise MalformedListError("a list ends inside a value")
    return data[at : at + count], at + count


def _length_at(data: bytes, at: int) -> tuple[int, int]:
    head, at = _take(data, at, 1)
    if head[0] < 255:
        return head[0], at
    long, at = _take(data, at, 2)
    return int.from_bytes(long, "big"), at


def _semantic(data: bytes) -> str:
    return _SEMANTICS.get(data[0], f"unassigned-{data[0]}")


def _basic_list(data: bytes, context: Context, depth: int) -> dict[str, Any]:
    """RFC 6313 section 4.5.1."""
    head, at = _take(data, 0, 5)
    number, length = struct.unpack(">HH", head[1:])
    enterprise = 0
    if number & 0x8000:
        four, at = _take(data, at, 4)
        enterprise, number = int.from_bytes(four, "big"), number & 0x7FFF
    known = information(enterprise, number, context.learned)
    values = []
    while at < len(data) and length:
        count = length
        if length == VARIABLE_LENGTH:
            count, at = _length_at(data, at)
        value, at = _take(data, at, count)
        values.append(value_of(known, value, context, depth))
    return {"semantic": _semantic(head), "element": known.name, "values": values}


def _records(number: int, data: bytes, context: Context, depth: int) -> dict[str, Any]:
    """Records of another template; as octets where it is unknown."""
    template = context.template(number)
    if template is None:
        return {"template": number, "octets": data.hex()}
    records, _ = split_records(template, data)
    found = [record_object(template, values, context, depth) for values in records]
    return {"template": number, "records": found}


def _template_list(data: bytes, context: Context, depth: int) -> dict[str, Any]:
    """RFC 6313 section 4.5.2."""
    head, at = _take(data, 0, 3)
    number = int.from_bytes(head[1:], "big")
    return {"semantic": _semantic(head), **_records(number, data[at:], context, depth)}


def _multi_list(data: bytes, context: Context, depth: int) -> dict[str, Any]:
    """RFC 6313 section 4.5.3."""
    head, at = _take(data, 0, 1)
    lists = []
    while at < len(data):
        start, at = _take(data, at, 4)
        number, length = struct.unpack(">HH", start)
        if length < 4:
            raise MalformedListError("a list is shorter than its own head")
        body, at = _take(data, at, length - 4)
        lists.append(_records(number, body, context, depth))
    return {"semantic": _semantic(head), "lists": lists}


_LISTS: Final = {
    Type.BASIC_LIST: _basic_list,
    Type.TEMPLATE_LIST: _template_list,
    Type.MULTI_LIST: _multi_list,
}


def forgiving_object(template: Template, values: list[bytes], context: Context) -> dict[str, Any]:
    """A record by its elements' names; its lists as octets if one of them cannot be read."""
    try:
        return record_object(template, values, context)
    except MalformedListError:
        return record_object(template, values, context, _DEEPEST)
