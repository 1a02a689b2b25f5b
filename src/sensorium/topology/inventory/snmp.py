"""A walk over SNMP of the LLDP-MIB, of the interfaces, or of both in one file.

``snmpwalk -v2c -On -c COMMUNITY HOST 1.0.8802.1.1.2`` tells of neighbours (IEEE 802.1AB-2005),
``... 1.3.6.1.2.1.31.1.1.1.1`` (ifName) and ``... 1.3.6.1.2.1.2.2.1.2`` (ifDescr) of the names that
the numbers in flows stand for (RFC 2863), ``... 1.3.6.1.4.1.9.9.23.1.2.1`` of a Cisco's neighbours
by CDP. The machine's own name is in the first (lldpLocSysName) or in sysName; where it is in
neither, the file's name says it, without its suffix.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

from sensorium.topology.inventory import cdp
from sensorium.topology.inventory.joining import together
from sensorium.topology.inventory.model import (
    Cable,
    DamagedError,
    Device,
    DeviceKind,
    Inventory,
    Port,
)
from sensorium.topology.inventory.neighbours import plain_name, told
from sensorium.topology.inventory.walk import Values, is_walk, values_of

_LLDP, _MIB2 = "0.8802.1.1.2.1.", "3.6.1.2.1."
_LLDP_V2 = "3.111.2.802.1.1.13."
_LOCAL_NAME, _SYS_NAME = _LLDP + "3.3.0", _MIB2 + "1.5.0"
_LOCAL_CAPABILITIES = _LLDP + "3.6.0"
_LOCAL_PORT, _LOCAL_ADDRESS = _LLDP + "3.7.1.", _LLDP + "3.8.1."
_REMOTE, _REMOTE_ADDRESS = _LLDP + "4.1.1.", _LLDP + "4.2.1."
_REMOTE_PORT, _REMOTE_NAME, _REMOTE_CAPABILITIES = (_REMOTE + n for n in ("7.", "9.", "12."))
_IF_NAME, _IF_DESCR = _MIB2 + "31.1.1.1.1.", _MIB2 + "2.2.1.2."
_READ: Final = (
    _LOCAL_NAME,
    _SYS_NAME,
    _LOCAL_CAPABILITIES,
    _LOCAL_PORT,
    _LOCAL_ADDRESS,
    _REMOTE,
    _REMOTE_ADDRESS,
    _IF_NAME,
    _IF_DESCR,
    _LLDP_V2,
    cdp.CACHE,
)

_LOCAL_PORT_COLUMNS: Final = ("2.", "3.", "4.")
_REMOTE_PORT_COLUMNS: Final = ("6.", "7.", "8.")
"""Of a port: what its id is, the id, and its description."""
_NAMES: Final = frozenset({"1", "5", "7"})
"""Kinds of ids that are names: the interface's alias, its name, and what its owner calls it."""
_CAPABILITIES: Final = ((4, DeviceKind.ROUTER), (2, DeviceKind.SWITCH), (7, DeviceKind.HOST))
"""Bits of LldpSystemCapabilitiesMap, counted from the first byte's highest."""
_ADDRESS_LENGTHS: Final = {"1": 4, "2": 16}
"""By the address family's number (IANA); others are no IP addresses."""


def recognises(text: str) -> bool:
    """Whether a text is a walk, of whatever."""
    return is_walk(text)


def read(text: str, name: str) -> Inventory:
    """The neighbours and interfaces of the machine that was asked.

    DamagedError for a walk that is not whole, or of nothing that is read here.
    """
    values, left_out = values_of(text, _READ)
    tables = {key[: len(_LLDP_V2)] for key in values if key.startswith((_LLDP_V2, _REMOTE))}
    if tables == {_LLDP_V2}:
        raise DamagedError("is a walk of LLDP-V2-MIB", "walk 1.0.8802.1.1.2 (LLDP-MIB) instead")
    if not values and not left_out:
        raise DamagedError(
            "is a walk of nothing that tells of links",
            "walk 1.0.8802.1.1.2 (LLDP-MIB) and 1.3.6.1.2.1.31.1.1.1.1 (ifName)",
        )
    own = plain_name(_text(values, _LOCAL_NAME) or _text(values, _SYS_NAME)) or name
    ports = _ports(values, own)
    by_lldp = _by_lldp(values, own)
    called = {str(port.number): port.name for port in ports}
    by_cdp = told(Device(own), cdp.neighbours(values, called), "cdp")
    return together([by_lldp, by_cdp, Inventory({}, left_out=left_out, ports=ports)])


def _by_lldp(values: Values, own: str) -> Inventory:
    kind = _kind(values, _LOCAL_CAPABILITIES)
    devices = {own: Device(own, kind, _addresses(values, _LOCAL_ADDRESS, 0).get("", ()))}
    managed = _addresses(values, _REMOTE_ADDRESS, 3)
    cables, nameless = [], 0
    for index in sorted(_below(values, _REMOTE_PORT) | _below(values, _REMOTE_NAME)):
        addresses = managed.get(index, ())
        other = plain_name(_text(values, _REMOTE_NAME + index)) or min(addresses, default="")
        parts = index.split(".")  # time mark, local port, neighbour
        if not other or len(parts) != 3:
            nameless += 1
            continue
        kind = _kind(values, _REMOTE_CAPABILITIES + index)
        devices[other] = Device(other, kind, addresses)
        port = _port(values, _LOCAL_PORT, _LOCAL_PORT_COLUMNS, parts[1])
        port = port or _text(values, _IF_NAME + parts[1]) or parts[1]
        other_port = _port(values, _REMOTE, _REMOTE_PORT_COLUMNS, index)
        cables.append(Cable(own, port, other, other_port, "snmp"))
    left_out = {"snmp neighbours without a name": nameless} if nameless else {}
    return Inventory(devices, tuple(cables), (), left_out)


def _below(values: Values, prefix: str) -> set[str]:
    return {key.removeprefix(prefix) for key in values if key.startswith(prefix)}


def _octets(said: str) -> bytes:
    return bytes(int(part, 16) for part in said.split() if re.fullmatch("[0-9A-Fa-f]{2}", part))


def _text(values: Values, key: str) -> str:
    """A value as text, empty where it is none; what has a NUL, say, is printed in hexadecimal."""
    kind, said = values.get(key, ("", ""))
    if kind != "Hex-STRING":
        return said.strip()
    text = _octets(said).rstrip(b"\0").decode("utf-8", "replace")
    return text.strip() if text.isprintable() and "\ufffd" not in text else ""


def _hexadecimal(values: Values, key: str) -> str:
    kind, said = values.get(key, ("", ""))
    return _octets(said).hex(":") if kind == "Hex-STRING" else said.strip()


def _port(values: Values, table: str, columns: tuple[str, str, str], index: str) -> str:
    """What a port is called: by its id where that is a name, else by its description."""
    which, identity, description = (table + column + index for column in columns)
    kind = _text(values, which)
    name = _text(values, identity) if kind in _NAMES or not kind else ""
    return name or _text(values, description) or _hexadecimal(values, identity)


def _kind(values: Values, key: str) -> DeviceKind:
    """What a device is for, by the capabilities that are enabled."""
    kind, said = values.get(key, ("", ""))
    octets = _octets(said) if kind in {"Hex-STRING", "BITS"} else said.encode("latin-1", "replace")
    bits = octets[0] if octets else 0
    return next((kind for bit, kind in _CAPABILITIES if bits << bit & 0x80), DeviceKind.UNKNOWN)


def _addresses(values: Values, table: str, before: int) -> dict[str, tuple[str, ...]]:
    """Management addresses, by the numbers that stand before them: they are part of the index."""
    found: dict[str, set[str]] = {}
    for key in _below(values, table):
        parts = key.split(".")[1:]  # the column comes first
        if len(parts) <= before:
            continue
        family, address = parts[before], parts[before + 1 :]
        length = _ADDRESS_LENGTHS.get(family)
        # Some agents leave the length out.
        if length is not None and len(address) == length + 1 and address[0] == str(length):
            address = address[1:]
        if len(address) == length and all(part.isdecimal() and int(part) < 256 for part in address):
            index = ".".join(parts[:before])
            found.setdefault(index, set()).add(str(ip_address(bytes(map(int, address)))))
    return {index: tuple(sorted(addresses)) for index, addresses in found.items()}


def _ports(values: Values, own: str) -> tuple[Port, ...]:
    found = []
    for index in sorted(_below(values, _IF_NAME) | _below(values, _IF_DESCR)):
        said = [_text(values, _IF_NAME + index), _text(values, _IF_DESCR + index)]
        names = list(dict.fromkeys(filter(None, said)))
        if names and index.isdecimal():
            found.append(Port(own, names[0], int(index), tuple(names[1:]), "snmp"))
    return tuple(found)
