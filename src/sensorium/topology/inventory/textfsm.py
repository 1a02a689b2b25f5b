"""``show lldp neighbors`` and ``show cdp neighbors`` as ntc-templates' TextFSM reads them.

A list of rows as JSON, as Netmiko, Nornir and Ansible give it. Names of columns are in capitals or
not, and differ by template and by its age. Whose it is says the file's name.
https://github.com/networktocode/ntc-templates
"""

from __future__ import annotations

from typing import Any, Final

from sensorium.topology.inventory.joining import together
from sensorium.topology.inventory.model import Device, Inventory
from sensorium.topology.inventory.neighbours import (
    Neighbour,
    entries,
    kind_of,
    port_name,
    text,
    texts,
    told,
)

_LOCAL: Final = ("local_interface", "local_port", "local_intf")
_NAME: Final = (
    "neighbor_name",
    "neighbor",
    "destination_host",
    "dest_host",
    "system_name",
    "remote_system_name",
)
_PORT: Final = (
    "neighbor_port_id",
    "remote_port_id",
    "remote_port",
    "port_id",
    "neighbor_interface",
)
_DESCRIPTION: Final = ("neighbor_interface", "neighbor_port_description", "remote_port_desc")
_ADDRESS: Final = ("mgmt_address", "mgmt_ip_address", "management_ip", "mgmt_ip", "interface_ip")


def recognises(document: Any) -> bool:
    """Whether a JSON document is a list of rows that name a port and a neighbour each."""
    if not isinstance(document, list) or not document:
        return False
    rows = [_lower(row) for row in entries(document)]
    return len(rows) == len(document) and all(
        not set(_LOCAL).isdisjoint(row) and not set(_NAME).isdisjoint(row) for row in rows
    )


def read(document: Any, name: str) -> Inventory:
    """The neighbours of the machine called ``name``."""
    rows = [_lower(row) for row in entries(document)]
    by_cdp = [row for row in rows if "platform" in row and "chassis_id" not in row]
    by_lldp = [row for row in rows if row not in by_cdp] if by_cdp else rows
    own = Device(name)
    return together(
        [told(own, map(_neighbour, by_lldp)), told(own, map(_neighbour, by_cdp), "cdp")]
    )


def _lower(row: dict[str, Any]) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in row.items()}


def _neighbour(row: dict[str, Any]) -> Neighbour:
    return Neighbour(
        text(row, *_LOCAL),
        text(row, *_NAME),
        port_name(text(row, *_PORT), text(row, *_DESCRIPTION)),
        tuple(address for key in _ADDRESS for address in texts(row.get(key))),
        kind_of(row.get("capabilities")),
    )
