"""Neighbours by CDP in a walk of CISCO-CDP-MIB's cdpCacheTable (1.3.6.1.4.1.9.9.23.1.2.1).

A row stands for a neighbour: the ifIndex of the port where it is, and a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Final

from sensorium.topology.inventory.model import DeviceKind
from sensorium.topology.inventory.neighbours import Neighbour, port_name
from sensorium.topology.inventory.walk import Values

CACHE: Final = "3.6.1.4.1.9.9.23.1.2.1.1."
_ADDRESS, _DEVICE, _PORT, _CAPABILITIES = (CACHE + n for n in ("4.", "6.", "7.", "9."))
_KINDS: Final = ((0x01, DeviceKind.ROUTER), (0x08, DeviceKind.SWITCH), (0x10, DeviceKind.HOST))
"""Bits of the capabilities' last byte; a switch that routes is a router, as in LLDP."""


def neighbours(values: Values, called: Mapping[str, str]) -> Iterator[Neighbour]:
    """Who is there; ``called`` are the names of the machine's ports by their ifIndex."""
    rows = {k.removeprefix(_DEVICE) for k in values if k.startswith(_DEVICE)}
    for row in sorted(rows):
        number = row.partition(".")[0]
        yield Neighbour(
            called.get(number, number),
            _text(values.get(_DEVICE + row)),
            port_name(_text(values.get(_PORT + row))),
            _addresses(values.get(_ADDRESS + row)),
            _kind(values.get(_CAPABILITIES + row)),
        )


def _octets(value: tuple[str, str] | None) -> bytes:
    kind, said = value or ("", "")
    try:
        return bytes.fromhex(said) if kind == "Hex-STRING" else said.encode("latin-1", "replace")
    except ValueError:
        return b""


def _text(value: tuple[str, str] | None) -> str:
    return _octets(value).rstrip(b"\0").decode("utf-8", "replace").strip()


def _addresses(value: tuple[str, str] | None) -> tuple[str, ...]:
    octets = _octets(value)
    return (str(ip_address(octets)),) if len(octets) in {4, 16} else ()


def _kind(value: tuple[str, str] | None) -> DeviceKind:
    octets = _octets(value)
    bits = octets[-1] if octets else 0
    return next((kind for bit, kind in _KINDS if bits & bit), DeviceKind.UNKNOWN)
