"""NAPALM's ``get_lldp_neighbors`` and ``get_lldp_neighbors_detail`` as JSON.

A list of neighbours by port; Nornir keeps it under the getter's name. Whose it is says the file's
name. https://napalm.readthedocs.io/en/latest/base.html
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

_GETTERS = ("lldp_neighbors_detail", "lldp_neighbors")


def recognises(document: Any) -> bool:
    """Whether a JSON document is an answer of one of the two getters."""
    found = _ports(document)
    rows = [row for listed in found.values() for row in listed]
    return bool(rows) and all(
        isinstance(row, dict) and ("remote_system_name" in row or {"hostname", "port"} <= set(row))
        for row in rows
    )


def read(document: Any, name: str) -> Inventory:
    """The neighbours of the machine called ``name``."""
    return told(Device(name), _neighbours(_ports(document)))


def _ports(document: Any) -> dict[str, list[Any]]:
    """The lists by port; of a machine's two answers the detailed one."""
    if not isinstance(document, dict):
        return {}
    for getter in _GETTERS:
        for key in (getter, f"get_{getter}"):
            if isinstance(document.get(key), dict):
                return _ports(document[key])
    whole = all(isinstance(listed, list) for listed in document.values())
    return document if whole else {}


def _neighbours(ports: dict[str, list[Any]]) -> Iterator[Neighbour]:
    for port, listed in ports.items():
        for row in entries(listed):
            yield Neighbour(
                port,
                text(row, "remote_system_name", "hostname"),
                port_name(text(row, "remote_port", "port"), text(row, "remote_port_description")),
                (),
                kind_of(row.get("remote_system_enable_capab")),
            )
