"""Who is next to one machine, whatever printed it: one list of neighbours, one inventory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sensorium.topology.inventory.joining import joined
from sensorium.topology.inventory.model import Cable, Device, DeviceKind, Inventory
from sensorium.topology.inventory.naming import is_address

_MAC: Final = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}", re.I)
_SERIAL: Final = re.compile(r"\([^()]*\)$")
_NOBODY: Final = frozenset({"", "-", "--", "n/a", "null", "none", "not advertised"})
_ROUTERS: Final = frozenset({"R", "ROUTER"})
_SWITCHES: Final = frozenset({"B", "BRIDGE", "SWITCH"})
_HOSTS: Final = frozenset({"STATION", "HOST"})


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What is at a port of the machine that was asked. All but the port may be unknown."""

    port: str
    name: str
    other_port: str = ""
    addresses: tuple[str, ...] = ()
    kind: DeviceKind = DeviceKind.UNKNOWN


def told(own: Device, neighbours: Iterable[Neighbour], source: str = "lldp") -> Inventory:
    """A cable to each neighbour; one without a name goes by an address where it has one."""
    devices, cables, nameless = {own.name: own}, [], 0
    for one in neighbours:
        addresses = tuple(sorted({a for a in one.addresses if is_address(a)}))
        name = plain_name(one.name) or next(iter(addresses), "")
        if not name:
            nameless += 1
            continue
        devices[name] = joined(devices.get(name), Device(name, one.kind, addresses))
        cables.append(Cable(own.name, one.port, name, one.other_port, source))
    left_out = {f"{source} neighbours without a name": nameless} if nameless else {}
    return Inventory(devices, tuple(cables), (), left_out)


def plain_name(text: str) -> str:
    """A device's name in lower case, without a serial number behind it; empty where it is none."""
    name = _SERIAL.sub("", text.strip()).strip().rstrip(".").lower()
    return "" if name in _NOBODY else name


def port_name(identity: str, description: str = "") -> str:
    """What a port is called: by its id, or by its description where the id is a MAC address."""
    known = "" if identity.strip().lower() in _NOBODY else identity.strip()
    return description.strip() or known if not known or _MAC.fullmatch(known) else known


def kind_of(capabilities: Any) -> DeviceKind:
    """What a device is for, by its capabilities: words or letters, in a text or a list.

    An ``S`` says nothing: it is a station in LLDP and a switch in CDP.
    """
    said = capabilities if isinstance(capabilities, list) else [capabilities]
    text = " ".join(word for word in said if isinstance(word, str))
    words = {w.upper() if len(w) > 1 else w for w in re.split(r"[\s,/]+", text)}
    for known, kind in (
        (_ROUTERS, DeviceKind.ROUTER),
        (_SWITCHES, DeviceKind.SWITCH),
        (_HOSTS, DeviceKind.HOST),
    ):
        if words & known:
            return kind
    return DeviceKind.UNKNOWN


def texts(given: Any) -> tuple[str, ...]:
    """A text, or the texts of a list, without empty ones."""
    listed = given if isinstance(given, list) else [given]
    return tuple(one.strip() for one in listed if isinstance(one, str) and one.strip())


def text(entry: Any, *keys: str) -> str:
    """The first of an entry's values that is a text and not empty."""
    values = (entry.get(key) for key in keys) if isinstance(entry, dict) else ()
    return next((one.strip() for one in values if isinstance(one, str) and one.strip()), "")


def entries(given: Any) -> list[dict[str, Any]]:
    """The objects of a list; an object alone is a list of one."""
    listed = given if isinstance(given, list) else [given]
    return [one for one in listed if isinstance(one, dict)]
