"""NetBox's API answers: ``/api/dcim/devices/`` and ``/api/dcim/cables/``, as JSON.

A file holds one answer with its ``results``, or the list alone. Cables as of NetBox 3.3, which has
``a_terminations`` and ``b_terminations``; those that are planned or being taken down count as not
there, and so do ends that are no device's interface. https://netboxlabs.com/docs/netbox
"""

from __future__ import annotations

from typing import Any

from sensorium.topology.inventory.model import Cable, Device, DeviceKind, Inventory

_KINDS = (
    ("firewall", DeviceKind.FIREWALL),
    ("router", DeviceKind.ROUTER),
    ("switch", DeviceKind.SWITCH),
    ("server", DeviceKind.HOST),
    ("host", DeviceKind.HOST),
)


def recognises(document: Any) -> bool:
    """Whether a JSON document is an answer with devices or cables."""
    entries = _entries(document)
    return bool(entries) and all(_is_cable(e) or _is_device(e) for e in entries[:20])


def read(document: Any, _name: str) -> Inventory:
    """Devices and cables; the name of the file does not matter."""
    devices: dict[str, Device] = {}
    cables: list[Cable] = []
    left_out: dict[str, int] = {}
    for entry in _entries(document):
        if _is_cable(entry):
            made = _cable(entry)
            if isinstance(made, str):
                left_out[made] = left_out.get(made, 0) + 1
            else:
                cables.append(made)
        elif _is_device(entry):
            device = _device(entry)
            devices[device.name] = device
        else:
            left_out["netbox entries of another kind"] = (
                left_out.get("netbox entries of another kind", 0) + 1
            )
    for cable in cables:
        for end in cable.ends:
            devices.setdefault(end, Device(end))
    return Inventory(devices, tuple(cables), (), left_out)


def _entries(document: Any) -> list[Any]:
    entries = document.get("results") if isinstance(document, dict) else document
    return [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []


def _is_cable(entry: dict[str, Any]) -> bool:
    return "a_terminations" in entry and "b_terminations" in entry


def _is_device(entry: dict[str, Any]) -> bool:
    return "device_type" in entry and isinstance(entry.get("name"), str) and "site" in entry


def _device(entry: dict[str, Any]) -> Device:
    role = entry.get("role") or entry.get("device_role")
    slug = _text(role, "slug") or _text(role, "name")
    kind = next((kind for word, kind in _KINDS if word in slug.lower()), DeviceKind.UNKNOWN)
    found = [_text(entry.get(key), "address") for key in ("primary_ip4", "primary_ip6")]
    found = [a for a in found if a] or [_text(entry.get("primary_ip"), "address")]
    addresses = tuple(sorted({a.partition("/")[0] for a in found if a}))
    return Device(entry["name"].strip().lower(), kind, addresses, _text(entry.get("site"), "name"))


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
