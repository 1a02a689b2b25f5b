"""What ``lldpctl -f json`` prints on a machine: which port of which neighbour is at each port.

The output does not say whose it is: the file's name does, without ``.json`` and ``.lldp``. Both of
its forms are read: ``json``, in which names are keys and a single entry stands for itself, and
``json0``, in which everything is a list. https://lldpd.github.io
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap
from typing import Any, cast

from sensorium.topology.inventory.model import DamagedError, Device, DeviceKind, Inventory
from sensorium.topology.inventory.neighbours import Neighbour, told

_KINDS = {"Router": DeviceKind.ROUTER, "Bridge": DeviceKind.SWITCH, "Station": DeviceKind.HOST}


def recognises(document: Any) -> bool:
    """Whether a JSON document is lldpctl's."""
    return isinstance(document, dict) and "lldp" in document


def read(document: Any, name: str) -> Inventory:
    """The neighbours of the machine called ``name``.

    DamagedError for what has ports in a place where lldpctl has none.
    """
    if any(isinstance(o, dict) and o and "interface" not in o for o in _listed(document["lldp"])):
        raise DamagedError(
            "has neighbours by LLDP in another form than lldpctl's",
            "export them with: lldpctl -f json > HOST.json",
        )
    return told(Device(name), starmap(_neighbour, _interfaces(document["lldp"])))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _interfaces(lldp: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for outer in _listed(lldp):
        for item in _listed(outer.get("interface") if isinstance(outer, dict) else None):
            if not isinstance(item, dict):
                continue
            if isinstance(item.get("name"), str):
                yield item["name"], item
                continue
            for port, entry in item.items():
                if isinstance(entry, dict):
                    yield str(port), entry


def _neighbour(port: str, entry: dict[str, Any]) -> Neighbour:
    for chassis in _listed(entry.get("chassis")):
        if not isinstance(chassis, dict):
            continue
        name, body = _value(chassis.get("name")), cast("Any", chassis)
        if not name and "id" not in chassis and len(chassis) == 1:
            name, body = next(iter(chassis.items()))
        if not isinstance(body, dict):
            continue
        addresses = tuple(sorted(filter(None, map(_value, _listed(body.get("mgmt-ip"))))))
        if name or addresses:
            return Neighbour(port, name, _port(entry), addresses, _kind(body))
    return Neighbour(port, "")


def _kind(chassis: dict[str, Any]) -> DeviceKind:
    enabled = {
        _value(c.get("type"))
        for c in _listed(chassis.get("capability"))
        if isinstance(c, dict) and c.get("enabled") is True
    }
    return next((kind for name, kind in _KINDS.items() if name in enabled), DeviceKind.UNKNOWN)


def _port(entry: dict[str, Any]) -> str:
    for port in _listed(entry.get("port")):
        if isinstance(port, dict):
            found = [p for p in _listed(port.get("id")) if isinstance(p, dict)]
            named = [p for p in found if _value(p.get("type")) in {"ifname", "ifalias", "local"}]
            if named:
                return _value(named[0])
            return _value(port.get("descr")) or _value(found[0] if found else None)
    return ""


def _value(given: Any) -> str:
    for one in _listed(given):
        text = one.get("value") if isinstance(one, dict) else one
        if isinstance(text, str) and text.strip():
            return text.strip()
    return ""
