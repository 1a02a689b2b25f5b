"""Arista's ``show lldp neighbors | json``, with ``detail`` or without.

Whose it is says the file's name. Without ``detail`` there is a list, with it an object by port.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sensorium.topology.inventory.model import Device, Inventory
from sensorium.topology.inventory.neighbours import (
    Neighbour,
    entries,
    kind_of,
    port_name,
    text,
    told,
)


def recognises(document: Any) -> bool:
    """Whether a JSON document is EOS's."""
    return isinstance(document, dict) and isinstance(document.get("lldpNeighbors"), list | dict)


def read(document: Any, name: str) -> Inventory:
    """The neighbours of the machine called ``name``."""
    found = document["lldpNeighbors"]
    return told(Device(name), _detailed(found) if isinstance(found, dict) else _brief(found))


def _brief(found: list[Any]) -> Iterator[Neighbour]:
    for row in entries(found):
        port = port_name(text(row, "neighborPort"))
        yield Neighbour(text(row, "port"), text(row, "neighborDevice"), port)


def _detailed(found: dict[str, Any]) -> Iterator[Neighbour]:
    for port, at_port in found.items():
        listed = at_port.get("lldpNeighborInfo") if isinstance(at_port, dict) else None
        for row in entries(listed or []):
            far = row.get("neighborInterfaceInfo")
            identity = text(far, "interfaceId_v2", "interfaceId").strip('"')
            enabled = row.get("systemCapabilities")
            words = [w for w, on in enabled.items() if on] if isinstance(enabled, dict) else []
            addresses = (text(a, "address") for a in entries(row.get("managementAddresses") or []))
            yield Neighbour(
                port,
                text(row, "systemName"),
                port_name(identity, text(far, "interfaceDescription")),
                tuple(addresses),
                kind_of(words),
            )
