"""What several files say together: one device of several reports, one cable seen from two ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sensorium.topology.inventory.model import (
    Cable,
    Device,
    DeviceKind,
    Inventory,
    Port,
    Service,
)
from sensorium.topology.inventory.naming import is_address, names_of, renamed, short_for_full

_NO_ADDRESS = "addresses that are none"


def together(parts: Iterable[Inventory]) -> Inventory:
    """What several files say together.

    A device that some call by its short name and others in full has the short one. One that
    several name has all its addresses, and the kind, site and carrier of the first that knows.
    A cable that both its ends report is one cable.
    """
    devices: dict[str, Device] = {}
    cables: dict[tuple[str, str], dict[tuple[str, str], Cable]] = {}
    services: dict[str, Service] = {}
    left_out: dict[str, int] = {}
    ports: set[Port] = set()
    networks: dict[str, str] = {}
    missing: dict[tuple[str, int], int] = {}
    told = list(parts)
    short = short_for_full(name for part in told for name in names_of(part))
    for part in (renamed(part, short) for part in told):
        for page in part.pages:
            answer = page.about, page.whole
            missing[answer] = missing.get(answer, page.whole) - page.here
        ports.update(part.ports)
        for device in part.devices.values():
            good = tuple(filter(is_address, device.addresses))
            bad = len(device.addresses) - len(good)
            if bad:
                left_out[_NO_ADDRESS] = left_out.get(_NO_ADDRESS, 0) + bad
            found = replace(device, addresses=good)
            devices[device.name] = joined(devices.get(device.name), found)
        for cable in part.cables:
            _add(cables.setdefault(cable.ends, {}), cable)
        for service in part.services:
            services.setdefault(service.name, service)
        for network, site in part.networks:
            networks.setdefault(network, site)
        for reason, count in part.left_out.items():
            left_out[reason] = left_out.get(reason, 0) + count
    for (about, _), count in missing.items():
        if count > 0:
            left_out[f"{about} on pages that are in no file"] = count
    ordered = sorted(cable for found in cables.values() for cable in found.values())
    return Inventory(
        dict(sorted(devices.items())),
        tuple(ordered),
        tuple(services[name] for name in sorted(services)),
        left_out,
        tuple(sorted(ports)),
        tuple(sorted(networks.items())),
    )


def joined(known: Device | None, more: Device) -> Device:
    """One device of two reports: all addresses, and the rest of the first that knows."""
    if known is None:
        return more
    return Device(
        known.name,
        more.kind if known.kind is DeviceKind.UNKNOWN else known.kind,
        tuple(sorted({*known.addresses, *more.addresses})),
        known.site or more.site,
        known.on or more.on,
    )


def _add(found: dict[tuple[str, str], Cable], cable: Cable) -> None:
    """Keep a cable unless it is one that is known, seen from its other end.

    Two reports are of one cable where they name a port in common, or where either names none.
    """
    ports = {cable.one: cable.port, cable.other: cable.other_port}
    for key, known in found.items():
        theirs = {known.one: known.port, known.other: known.other_port}
        if any(ports[end] == theirs[end] or not ports[end] or not theirs[end] for end in ports):
            if not all(theirs.values()) and all(ports.values()):
                found[key] = cable
            return
    found[cable.port, cable.other_port] = cable
