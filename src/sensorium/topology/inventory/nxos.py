"""NX-OS' ``show lldp neighbors detail | json`` and ``show cdp neighbors detail | json``.

A table has its rows under ``ROW_``, where a single row stands for itself. Whose it is says the
file's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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

_LLDP, _CDP = ("nbor_detail", "nbor"), ("cdp_neighbor_detail_info", "cdp_neighbor_brief_info")


def recognises(document: Any) -> bool:
    """Whether a JSON document is one of the two, with ``detail`` or without."""
    return isinstance(document, dict) and any(f"TABLE_{t}" in document for t in (*_LLDP, *_CDP))


def read(document: Any, name: str) -> Inventory:
    """The neighbours of the machine called ``name``."""
    own = Device(name)
    by_lldp = told(own, map(_lldp, _rows(document, _LLDP)))
    return together([by_lldp, told(own, map(_cdp, _rows(document, _CDP)), "cdp")])


def _rows(document: dict[str, Any], tables: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for table in tables:
        for found in entries(document.get(f"TABLE_{table}")):
            yield from entries(found.get(f"ROW_{table}"))


def _lldp(row: dict[str, Any]) -> Neighbour:
    return Neighbour(
        text(row, "l_port_id"),
        text(row, "sys_name"),
        port_name(text(row, "port_id"), text(row, "port_desc")),
        texts(row.get("mgmt_addr")),
        kind_of(row.get("enabled_capability")),
    )


def _cdp(row: dict[str, Any]) -> Neighbour:
    return Neighbour(
        text(row, "intf_id"),
        text(row, "sysname", "device_id"),
        port_name(text(row, "port_id")),
        (*texts(row.get("v4mgmtaddr")), *texts(row.get("v4addr"))),
        kind_of(row.get("capability")),
    )
