"""NetBox's API answers as JSON: devices, cables and interfaces of ``/api/dcim/``, and
``/api/ipam/prefixes/``.

A file holds one answer with its ``results``, or the list alone. Cables as of NetBox 3.3, which has
``a_terminations`` and ``b_terminations``; those that are planned or being taken down count as not
there, and so do ends that are no device's interface. A prefix is at the ``site`` that it names, or
as of NetBox 4.2 at its ``scope`` where that is a site. https://netboxlabs.com/docs/netbox
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from sensorium.topology.inventory.model import Cable, Device, DeviceKind, Inventory, Port

_KINDS = (
    ("firewall", DeviceKind.FIREWALL),
    ("router", DeviceKind.ROUTER),
    ("switch", DeviceKind.SWITCH),
    ("server", DeviceKind.HOST),
    ("host", DeviceKind.HOST),
)


def recognises(document: Any) -> bool:
    """Whether a JSON document is an answer with devices, cables, interfaces or prefixes, or none.

    An answer without entries does not say of what it has none.
    """
    if isinstance(document, dict) and document.get("results") == []:
        return True
    entries = _entries(document)
    known = (_is_cable, _is_device, _is_interface, _is_prefix)
    return bool(entries) and all(any(is_one(e) for is_one in known) for e in entries[:20])


def read(document: Any, _name: str) -> Inventory:
    """What the answer tells of; the name of the file does not matter."""
    devices: dict[str, Device] = {}
    cables: list[Cable] = []
    ports: list[Port] = []
    networks: list[tuple[str, str]] = []
    left_out: dict[str, int] = {}
    for entry in _entries(document):
        made = _made(entry)
        if isinstance(made, str):
            left_out[made] = left_out.get(made, 0) + 1
        elif isinstance(made, Cable):
            cables.append(made)
        elif isinstance(made, Device):
            devices[made.name] = made
        elif isinstance(made, Port):
            ports.append(made)
        else:
            networks.append(made)
    ends = [end for cable in cables for end in cable.ends]
    for name in (*ends, *(port.device for port in ports)):
        devices.setdefault(name, Device(name))
    return Inventory(devices, tuple(cables), (), left_out, tuple(ports), tuple(networks))


def _made(entry: dict[str, Any]) -> Cable | Device | Port | tuple[str, str] | str:
    """What an entry tells of, or why it cannot be used."""
    if _is_cable(entry):
        return _cable(entry)
    if _is_device(entry):
        return _device(entry)
    if _is_interface(entry):
        device, name = _text(entry["device"], "name").lower(), entry["name"].strip()
        return Port(device, name, source="netbox") if name else "netbox interfaces without a name"
    if _is_prefix(entry):
        return _network(entry)
    return "netbox entries of another kind"


def _entries(document: Any) -> list[Any]:
    entries = document.get("results") if isinstance(document, dict) else document
    return [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []


def _is_cable(entry: dict[str, Any]) -> bool:
    return "a_terminations" in entry and "b_terminations" in entry


def _is_device(entry: dict[str, Any]) -> bool:
    return "device_type" in entry and "name" in entry and "site" in entry


def _is_interface(entry: dict[str, Any]) -> bool:
    named = isinstance(entry.get("name"), str) and _text(entry.get("device"), "name")
    return bool(named) and ("mgmt_only" in entry or "cable_end" in entry or "lag" in entry)


def _is_prefix(entry: dict[str, Any]) -> bool:
    return isinstance(entry.get("prefix"), str) and ("site" in entry or "scope" in entry)


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
    found = [_text(entry.get(key), "address") for key in ("primary_ip4", "primary_ip6")]
    found = [a for a in found if a] or [_text(entry.get("primary_ip"), "address")]
    addresses = tuple(sorted({a.partition("/")[0] for a in found if a}))
    return Device(name, kind, addresses, _text(entry.get("site"), "name"))


def _cable(entry: dict[str, Any]) -> Cable | str:
    """The cable, or why there is none."""
    status = entry.get("status")
    state = _text(status, "value") or (status if isinstance(status, str) else "")
    if state and state != "connected":
        return f"netbox cables that are {state}"
    one, other = _end(entry["a_terminations"]), _end(entry["b_terminations"])
    if one is None or other is None:
        return "netbox cables that do not join two devices"
    if one[0] == other[0]:
        return "netbox cables from a device to itself"
    return Cable(*one, *other, "netbox")


def _end(terminations: Any) -> tuple[str, str] | None:
    for one in terminations if isinstance(terminations, list) else ():
        found = one.get("object") if isinstance(one, dict) else None
        device = _text(found.get("device"), "name") if isinstance(found, dict) else ""
        if device:
            return device.lower(), _text(found, "name")
    return None


def _text(given: Any, key: str) -> str:
    value = given.get(key) if isinstance(given, dict) else None
    return value.strip() if isinstance(value, str) else ""
