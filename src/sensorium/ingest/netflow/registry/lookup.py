"""What an information element is called and what its bytes mean.

``iana.txt``, ``vendors.txt`` and ``ntop.txt`` beside this file are tables of facts with their
sources; they are read once, when the first template comes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files

from sensorium.ingest.netflow.elements import REVERSE_PEN
from sensorium.model.signals import FLOWS

CERT_PEN = 6871
_CERT_REVERSE = 0x4000
_CISCO_PEN = 9
_NTOP_PEN = 35632
_NTOP_BASE = 57472
_USABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_ENTERPRISE_BIT = 0x8000
V9_SCOPE = 0xFFFFFFFF
"""Stands for the enterprise of NetFlow v9's scope types, which are no elements (a reserved one)."""
FLAGS, MORE_FLAGS, ROUTER, EXTRA_PACKETS = 0x10000, 0x10001, 0x10002, 0x10003
"""Of the same enterprise, and no numbers that a template can have: of NetFlow v7 and v8 only."""

_SCOPES = {1: "system", 2: "interface", 3: "line_card", 4: "netflow_cache", 5: "template"}


class Type(IntEnum):
    """How an element's bytes are read: RFC 7012's abstract data types, and a few of our own.

    Integers of any width are one type here, since their length is in the template.
    """

    OCTETS = 0
    UNSIGNED = 1
    SIGNED = 2
    FLOAT = 3
    BOOLEAN = 4
    MAC = 5
    STRING = 6
    NTP_MICROSECONDS = 7
    NTP_NANOSECONDS = 8
    IPV4 = 9
    IPV6 = 10
    BASIC_LIST = 11
    TEMPLATE_LIST = 12
    MULTI_LIST = 13
    APPLICATION_ID = 14
    """Classification engine, enterprise where it says one, and selector (RFC 6759)."""
    ACL_ID = 15
    """Three words of four bytes, as the ASA's documents write them."""
    V5_SAMPLING_MODE = 16
    """The two bits above NetFlow v5's sampling interval."""
    SUB_APPLICATION_VALUE = 17
    """Cisco AVC: application (4 bytes), sub-application (2), and what was found in its packets."""


DATA_TYPES = {
    "octetArray": Type.OCTETS,
    **dict.fromkeys(
        ("unsigned8", "unsigned16", "unsigned32", "unsigned64", "unsigned256"), Type.UNSIGNED
    ),
    **dict.fromkeys(("signed8", "signed16", "signed32", "signed64"), Type.SIGNED),
    **dict.fromkeys(("float32", "float64"), Type.FLOAT),
    "boolean": Type.BOOLEAN,
    "macAddress": Type.MAC,
    "string": Type.STRING,
    # Seconds and milliseconds are plain integers on the wire; the other two are NTP timestamps.
    **dict.fromkeys(("dateTimeSeconds", "dateTimeMilliseconds"), Type.UNSIGNED),
    "dateTimeMicroseconds": Type.NTP_MICROSECONDS,
    "dateTimeNanoseconds": Type.NTP_NANOSECONDS,
    "ipv4Address": Type.IPV4,
    "ipv6Address": Type.IPV6,
    "basicList": Type.BASIC_LIST,
    "subTemplateList": Type.TEMPLATE_LIST,
    "subTemplateMultiList": Type.MULTI_LIST,
}
"""RFC 7012's abstract data types by their names (section 3.1)."""
_TYPES = {
    **DATA_TYPES,
    "aclId": Type.ACL_ID,
    "subApplicationValue": Type.SUB_APPLICATION_VALUE,
}
_NUMBERS = frozenset(
    {Type.UNSIGNED, Type.SIGNED, Type.FLOAT, Type.NTP_MICROSECONDS, Type.NTP_NANOSECONDS}
)
_APPLICATION_ID = 95
_HEADER = ("sys_uptime", "flow_records", "aggregation")
"""What the headers of NetFlow v1, v5, v7 and v8 say that is no information element."""

BY_NUMBER = (
    Type.OCTETS,
    *(Type.UNSIGNED,) * 4,
    *(Type.SIGNED,) * 4,
    *(Type.FLOAT,) * 2,
    Type.BOOLEAN,
    Type.MAC,
    Type.STRING,
    *(Type.UNSIGNED,) * 2,
    Type.NTP_MICROSECONDS,
    Type.NTP_NANOSECONDS,
    Type.IPV4,
    Type.IPV6,
    Type.BASIC_LIST,
    Type.TEMPLATE_LIST,
    Type.MULTI_LIST,
    Type.UNSIGNED,
)
"""The IANA registry "IPFIX Information Element Data Types", by number (RFC 5610 section 3.1)."""


@dataclass(frozen=True, slots=True)
class Information:
    """An element's name and type."""

    name: str
    type: Type


Key = tuple[int, int]
"""An element: enterprise number (0 is IANA) and number."""


@cache
def _known() -> dict[Key, Information]:
    """All elements of both tables."""
    folder = files("sensorium.ingest.netflow.registry")
    found: dict[Key, Information] = {}
    for table in ("iana.txt", "vendors.txt", "ntop.txt"):
        enterprise = 0
        for line in folder.joinpath(table).read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                enterprise = int(line[1:-1])
            elif line and not line.startswith("#"):
                element, name, kind = line.split()
                found[enterprise, int(element)] = Information(name, _TYPES[kind])
    found[0, _APPLICATION_ID] = Information("applicationId", Type.APPLICATION_ID)
    found[V9_SCOPE, FLAGS] = found[V9_SCOPE, MORE_FLAGS] = Information("flags", Type.UNSIGNED)
    found[V9_SCOPE, ROUTER] = Information("router_sc", Type.IPV4)
    found[V9_SCOPE, EXTRA_PACKETS] = Information("extra_packets", Type.UNSIGNED)
    for scope, name in _SCOPES.items():
        found[V9_SCOPE, scope] = Information(f"scope_{name}", Type.UNSIGNED)
    return found


def canonical(enterprise: int, number: int) -> Key:
    """The element that a field is: Cisco's own have no enterprise number in NetFlow v9."""
    if not enterprise and _ENTERPRISE_BIT <= number < 2 * _ENTERPRISE_BIT:
        return _CISCO_PEN, number ^ _ENTERPRISE_BIT
    return enterprise, number


def _reversed(forward: Information) -> Information:
    name = forward.name
    return Information("reverse" + name[:1].upper() + name[1:], forward.type)


def information(
    enterprise: int, number: int, learned: Mapping[Key, Information] | None = None
) -> Information:
    """An element's name and type.

    What nobody has named is octets, called by its numbers. Cisco's own elements have no enterprise
    number in NetFlow v9, only the bit that would announce one; ntop's are counted from a base.
    ``learned`` are definitions of a person's, and those that the exporter has sent itself, which
    count for what no registry knows (RFC 5610). RFC 5103 section 6.1 and 6.2.
    """
    known = learned.get((enterprise, number)) if learned else None
    if known is None:
        known = _known().get((enterprise, number))
    if known is None and enterprise == REVERSE_PEN:
        return _reversed(information(0, number, learned))
    if known is None and enterprise == CERT_PEN and number & _CERT_REVERSE:
        forward = _known().get((CERT_PEN, number ^ _CERT_REVERSE))
        known = forward and _reversed(forward)
    if known is None:
        known = _known().get(canonical(enterprise, number))
    if known is None and not enterprise:
        known = _known().get((_NTOP_PEN, number - _NTOP_BASE))
    if known is not None:
        return known
    if enterprise == V9_SCOPE:
        return Information(f"scope_{number}", Type.UNSIGNED)
    if enterprise:
        return Information(f"enterprise-{enterprise}-{number}", Type.OCTETS)
    return Information(f"element-{number}", Type.OCTETS)


@cache
def _types_by_name() -> dict[str, Type]:
    found: dict[str, Type] = {}
    for name in _HEADER:
        found[name] = Type.UNSIGNED
    for element in _known().values():
        found.setdefault(element.name, element.type)
        backward = _reversed(element)
        found.setdefault(backward.name, backward.type)
    return found


def type_of_name(name: str) -> Type | None:
    """The type of an element by its name, also where a number follows it (``selectorId_2``)."""
    types = _types_by_name()
    found = types.get(name)
    if found is None:
        plain, _, number = name.rpartition("_")
        found = types.get(plain) if number.isdecimal() else None
    return found


def defined(name: str, kind: Type) -> Information | None:
    """An element as an exporter or a person defines it; None where its name cannot be used."""
    usable = _USABLE_NAME.fullmatch(name) and name not in FLOWS.names
    return Information(name, kind) if usable and type_of_name(name) is None else None


def is_number(kind: Type | None) -> bool:
    """Whether values of a type are numbers."""
    return kind in _NUMBERS
