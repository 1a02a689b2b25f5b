"""A walk of the LLDP-MIB over SNMP: ``snmpwalk -v2c -On -c COMMUNITY HOST 1.0.8802.1.1.2``.

IEEE 802.1AB-2005. The machine's own name is in the walk (lldpLocSysName); where it is not, the
file's name says it, without its suffix.
"""

from __future__ import annotations

import re

from sensorium.topology.inventory.model import Cable, Device, Inventory

_LINE = re.compile(r'^\.?1\.0\.8802\.1\.1\.2\.1\.([\d.]+) = (?:[\w-]+: )?"?(.*?)"?\s*$', re.M)
_LOCAL_NAME = "3.3.0"
_LOCAL_PORT = "3.7.1.3."
_REMOTE_PORT, _REMOTE_NAME = "4.1.1.7.", "4.1.1.9."


def recognises(text: str) -> bool:
    """Whether a text has a line of such a walk."""
    return _LINE.search(text) is not None


def read(text: str, name: str) -> Inventory:
    """The neighbours of the machine that was asked."""
    values = dict(_LINE.findall(text))
    own = (values.get(_LOCAL_NAME) or name).strip().lower()
    devices, cables, nameless = {own: Device(own)}, [], 0
    remote = {key.removeprefix(_REMOTE_PORT) for key in values if key.startswith(_REMOTE_PORT)}
    named = {key.removeprefix(_REMOTE_NAME) for key in values if key.startswith(_REMOTE_NAME)}
    for index in sorted(remote | named):
        other = values.get(_REMOTE_NAME + index, "").strip().lower()
        parts = index.split(".")  # time mark, local port, neighbour
        if not other or len(parts) != 3:
            nameless += 1
            continue
        devices[other] = Device(other)
        port = values.get(_LOCAL_PORT + parts[1], parts[1])
        cables.append(Cable(own, port, other, values.get(_REMOTE_PORT + index, ""), "snmp"))
    left_out = {"snmp neighbours without a name": nameless} if nameless else {}
    return Inventory(devices, tuple(cables), (), left_out)
