"""A walk over SNMP of the LLDP-MIB, of the interfaces, or of both in one file.

``snmpwalk -v2c -On -c COMMUNITY HOST 1.0.8802.1.1.2`` tells of neighbours (IEEE 802.1AB-2005),
``... 1.3.6.1.2.1.31.1.1.1.1`` (ifName) and ``... 1.3.6.1.2.1.2.2.1.2`` (ifDescr) of the names that
the numbers in flows stand for (RFC 2863). The machine's own name is in the first
(lldpLocSysName) or in sysName; where it is in neither, the file's name says it, without its suffix.
"""

from __future__ import annotations

import re

from sensorium.topology.inventory.model import Cable, Device, Inventory, Port

_LINE = re.compile(
    r'^\.?1\.(0\.8802\.1\.1\.2\.1\.[\d.]+|3\.6\.1\.2\.1\.[\d.]+) = (?:[\w-]+: )?"?(.*?)"?\s*$',
    re.M,
)
_LLDP, _MIB2 = "0.8802.1.1.2.1.", "3.6.1.2.1."
_LOCAL_NAME, _SYS_NAME = _LLDP + "3.3.0", _MIB2 + "1.5.0"
_LOCAL_PORT = _LLDP + "3.7.1.3."
_REMOTE_PORT, _REMOTE_NAME = _LLDP + "4.1.1.7.", _LLDP + "4.1.1.9."
_IF_NAME, _IF_DESCR = _MIB2 + "31.1.1.1.1.", _MIB2 + "2.2.1.2."


def recognises(text: str) -> bool:
    """Whether a text has a line of such a walk."""
    return any(
        key.startswith((_LLDP, _IF_NAME, _IF_DESCR, _SYS_NAME)) for key, _ in _LINE.findall(text)
    )


def read(text: str, name: str) -> Inventory:
    """The neighbours and interfaces of the machine that was asked."""
    values = dict(_LINE.findall(text))
    own = (values.get(_LOCAL_NAME) or values.get(_SYS_NAME) or name).strip().lower()
    devices, cables, nameless = {own: Device(own)}, [], 0
    for index in sorted(_below(values, _REMOTE_PORT) | _below(values, _REMOTE_NAME)):
        other = values.get(_REMOTE_NAME + index, "").strip().lower()
        parts = index.split(".")  # time mark, local port, neighbour
        if not other or len(parts) != 3:
            nameless += 1
            continue
        devices[other] = Device(other)
        port = values.get(_LOCAL_PORT + parts[1], parts[1])
        cables.append(Cable(own, port, other, values.get(_REMOTE_PORT + index, ""), "snmp"))
    left_out = {"snmp neighbours without a name": nameless} if nameless else {}
    return Inventory(devices, tuple(cables), (), left_out, _ports(values, own))


def _below(values: dict[str, str], prefix: str) -> set[str]:
    return {key.removeprefix(prefix) for key in values if key.startswith(prefix)}


def _ports(values: dict[str, str], own: str) -> tuple[Port, ...]:
    found = []
    for index in sorted(_below(values, _IF_NAME) | _below(values, _IF_DESCR)):
        said = [values.get(_IF_NAME + index, "").strip(), values.get(_IF_DESCR + index, "").strip()]
        names = list(dict.fromkeys(filter(None, said)))
        if names and index.isdecimal():
            found.append(Port(own, names[0], int(index), tuple(names[1:]), "snmp"))
    return tuple(found)
