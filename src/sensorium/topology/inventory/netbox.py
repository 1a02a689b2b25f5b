"""NetBox's API answers as JSON: devices and interfaces of ``/api/dcim/`` (cables are in a file of
their own here), virtual machines, and prefixes and addresses of ``/api/ipam/``.

A file holds one answer with its ``results``, or the list alone. Of an answer in pages each is a
file; what is on pages that are in none is counted. A prefix is at the ``site`` that it names, or as
of NetBox 4.2 at its ``scope`` where that is a site. https://netboxlabs.com/docs/netbox
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any, Final

from sensorium.topology.inventory.joining import joined
from sensorium.topology.inventory.model import (
    Cable,
    Device,
    DeviceKind,
    Inventory,
    Page,
    Port,
)
from sensorium.topology.inventory.netbox_cables import cables_of, far_ends, is_cable

_KINDS = (
    ("firewall", DeviceKind.FIREWALL),
    ("router", DeviceKind.ROUTER),
    ("switch", DeviceKind.SWITCH),
    ("server", DeviceKind.HOST),
    ("host", DeviceKind.HOST),
)
_SHARED: Final = frozenset({"anycast", "vip", "vrrp", "hsrp", "glbp", "carp"})
"""Roles of addresses that several devices have at once or in turn."""
_Made = Cable | Device | Port | tuple[str, str]


def recognises(document: Any) -> bool:
    """Whether a JSON document is an answer of entries that are read here, or of none at all.

    An answer without entries does not say of what it has none.
    """
    if isinstance(document, dict) and document.get("results") == []:
        return True
    entries = _entries(document)
    known = (is_cable, _is_device, _is_interface, _is_prefix, _is_machine, _is_address)
    return bool(entries) and all(any(is_one(e) for is_one in known) for e in entries[:20])


def read(document: Any, _name: str) -> Inventory:
    """What the answer tells of; the name of the file does not matter."""
    devices: dict[str, Device] = {}
    cables: list[Cable] = []
    ports: list[Port] = []
    networks: list[tuple[str, str]] = []
    left_out: dict[str, int] = {}
    for entry in _entries(document):
        found = _made(entry)
        if isinstance(found, str):
            left_out[found] = left_out.get(found, 0) + 1
            continue
        for made in found:
            if isinstance(made, Cable):
                cables.append(made)
            elif isinstance(made, Device):
                devices[made.name] = joined(devices.get(made.name), made)
            elif isinstance(made, Port):
                ports.append(made)
            else:
                networks.append(made)
    ends = [end for cable in cables for end in cable.ends]
    for name in (*ends, *(port.device for port in ports)):
        devices.setdefault(name, Device(name))
    told = tuple(cables), (), left_out, tuple(ports), tuple(networks), _pages(document)
    return Inventory(devices, *told)


def _made(entry: dict[str, Any]) -> Iterable[_Made] | str:
    """What an entry tells of, or why it cannot be used."""
    if is_cable(entry):
        return cables_of(entry)
    if _is_interface(entry):
        return _interface(entry)
    if _is_prefix(entry):
        return _one(_network(entry))
    if _is_address(entry):
        return _one(_address(entry))
    if _is_device(entry) or _is_machine(entry):
        return _one(_device(entry))
    return "netbox entries of another kind"


def _one(made: _Made | str) -> Iterable[_Made] | str:
    return made if isinstance(made, str) else (made,)


def _pages(document: Any) -> tuple[Page, ...]:
    """How much of an answer is in the file, where that is not all."""
    if not isinstance(document, dict):
        return ()
    beside = [u for u in map(document.get, ("next", "previous")) if isinstance(u, str)]
    here, whole = len(_entries(document)), document.get("count")
    if not isinstance(whole, int) or whole <= here:
        if not isinstance(document.get("next"), str):
            return ()
        whole = here + 1
    about = next(
        (m[1] for m in (re.search(r"/api/([\w/-]+?)/?(?:\?|$)", u) for u in beside) if m), ""
    )
    return (Page(f"netbox {about or 'entries'}", whole, here),)


def _entries(document: Any) -> list[Any]:
    entries = document.get("results") if isinstance(document, dict) else document
    return [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []


def _is_device(entry: dict[str, Any]) -> bool:
    return "device_type" in entry and "name" in entry and "site" in entry


def _is_interface(entry: dict[str, Any]) -> bool:
    named = isinstance(entry.get("name"), str) and _text(entry.get("device"), "name")
    return bool(named) and ("mgmt_only" in entry or "cable_end" in entry or "lag" in entry)


def _is_prefix(entry: dict[str, Any]) -> bool:
    return isinstance(entry.get("prefix"), str) and ("site" in entry or "scope" in entry)


def _is_machine(entry: dict[str, Any]) -> bool:
    return "vcpus" in entry and "cluster" in entry and "name" in entry


def _is_address(entry: dict[str, Any]) -> bool:
    assigned = "assigned_object" in entry or "interface" in entry  # before NetBox 2.9
    return isinstance(entry.get("address"), str) and assigned


def _interface(entry: dict[str, Any]) -> Iterable[_Made] | str:
    device, name = _text(entry["device"], "name").lower(), entry["name"].strip()
    if not name:
        return "netbox interfaces without a name"
    return (Port(device, name, source="netbox"), *far_ends(entry, (device, name)))


def _address(entry: dict[str, Any]) -> Device | str:
    """The device that has the address, or why there is none."""
    role = entry.get("role")
    if _text(role, "value") in _SHARED:
        return "netbox addresses of several devices"
    at = entry.get("assigned_object") or entry.get("interface")
    name = next(
        (n for n in (_text(_part(at, k), "name") for k in ("device", "virtual_machine")) if n), ""
    )
    if not name:
        return "netbox addresses of no device"
    return Device(name.lower(), addresses=(entry["address"].partition("/")[0],))


def _part(given: Any, key: str) -> Any:
    return given.get(key) if isinstance(given, dict) else None


def _network(entry: dict[str, Any]) -> tuple[str, str] | str:
    """The prefix and its site, or why it tells of none."""
    site = _text(entry.get("site"), "name")
    if entry.get("scope_type") == "dcim.site":
        site = _text(entry.get("scope"), "name")
    if not site:
        return "netbox prefixes of no site"
    try:
        return str(ip_network(entry["prefix"].strip(), strict=False)), site
    except ValueError:
        return "netbox prefixes that are none"


def _device(entry: dict[str, Any]) -> Device | str:
    """The device, or why there is none: NetBox lets devices be without a name."""
    name = _text(entry, "name").lower()
    if not name:
        return "netbox devices without a name"
    role = entry.get("role") or entry.get("device_role")
    slug = _text(role, "slug") or _text(role, "name")
    kind = next((kind for word, kind in _KINDS if word in slug.lower()), DeviceKind.UNKNOWN)
    if _is_machine(entry):
        kind = DeviceKind.HOST if kind is DeviceKind.UNKNOWN else kind
    found = [_text(entry.get(key), "address") for key in ("primary_ip4", "primary_ip6")]
    found = [a for a in found if a] or [_text(entry.get("primary_ip"), "address")]
    addresses = tuple(sorted({a.partition("/")[0] for a in found if a}))
    on = _text(entry.get("device"), "name").lower() if _is_machine(entry) else ""
    return Device(name, kind, addresses, _text(entry.get("site"), "name"), on)


def _text(given: Any, key: str) -> str:
    value = given.get(key) if isinstance(given, dict) else None
    return value.strip() if isinstance(value, str) else ""
