"""One name for a device that some files call by its short name and others in full."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address

from sensorium.topology.inventory.model import Inventory


def short_for_full(names: Iterable[str]) -> dict[str, str]:
    """The short name of each full one that means the same device.

    That is so where the short name is in use and no other full name begins with it: ``sw-1`` may be
    ``sw-1.oslo.example`` or ``sw-1.bergen.example`` where both are known, and is then neither.
    """
    known = set(names)
    full: dict[str, list[str]] = defaultdict(list)
    for name in known:
        short, dot, _ = name.partition(".")
        if dot and short and "/" not in name and not is_address(name):
            full[short].append(name)
    return {found[0]: short for short, found in full.items() if len(found) == 1 and short in known}


def names_of(inventory: Inventory) -> set[str]:
    """Every name of a device in what one file says."""
    found = set(inventory.devices)
    found.update(device.on for device in inventory.devices.values() if device.on)
    found.update(end for cable in inventory.cables for end in cable.ends)
    return found | {port.device for port in inventory.ports}


def renamed(inventory: Inventory, names: dict[str, str]) -> Inventory:
    """What a file says, with other names for some devices."""

    def name(old: str) -> str:
        return names.get(old, old)

    if names.keys().isdisjoint(names_of(inventory)):
        return inventory
    devices = {
        old: replace(device, name=name(device.name), on=name(device.on))
        for old, device in inventory.devices.items()
    }
    return replace(
        inventory,
        devices=devices,
        cables=tuple(
            replace(cable, one=name(cable.one), other=name(cable.other))
            for cable in inventory.cables
        ),
        ports=tuple(replace(port, device=name(port.device)) for port in inventory.ports),
    )


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
