"""Juniper's ``show lldp neighbors | display json``: every value is a list of one ``data``.

Whose it is says the file's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sensorium.topology.inventory.model import Device, Inventory
from sensorium.topology.inventory.neighbours import Neighbour, entries, port_name, text, told

_OUTER, _INNER = "lldp-neighbors-information", "lldp-neighbor-information"


def recognises(document: Any) -> bool:
    """Whether a JSON document is Junos'."""
    return isinstance(document, dict) and _OUTER in document


def read(document: Any, name: str) -> Inventory:
    """The neighbours of the machine called ``name``."""
    return told(Device(name), _neighbours(document))


def _neighbours(document: dict[str, Any]) -> Iterator[Neighbour]:
    for outer in entries(document[_OUTER]):
        for row in entries(outer.get(_INNER)):
            identity, described = _data(row, "port-id"), _data(row, "port-description")
            yield Neighbour(
                _value(row.get("lldp-local-port-id")) or _value(row.get("lldp-local-interface")),
                _data(row, "system-name"),
                port_name(identity, described),
                tuple(filter(None, (_data(row, "management-address"),))),
            )


def _data(row: dict[str, Any], what: str) -> str:
    return _value(row.get(f"lldp-remote-{what}"))


def _value(given: Any) -> str:
    if isinstance(given, str):  # compact JSON
        return given.strip()
    return next(filter(None, (text(one, "data") for one in entries(given))), "")
