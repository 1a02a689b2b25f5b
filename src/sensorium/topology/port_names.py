"""Which names are of one port: `Gi0/1` is `GigabitEthernet0/1`; `ge-0/0/1.0` is over `ge-0/0/1`.

A device says of a port what its log, its flows, LLDP and an inventory say in other words: in full,
shortened, or by a unit (a subinterface) of it. Names are compared within one device only, where
the number tells ports apart and the words before it say of what kind they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_PARTS: Final = re.compile(r"([a-z][a-z-]*) ?([0-9]+(?:[/:][0-9]+)*)(?:\.([0-9]+))?")
_LEAST: Final = 2
"""Letters of a shortened kind: one would be short for most."""
_UNLIKE: Final = {"ge": "gigabitethernet", "xge": "ten-gigabitethernet", "be": "bundle-ether"}
"""Short forms that are not how the long one begins: Comware has `GE` and `XGE`, IOS XR `BE`."""


@dataclass(frozen=True, slots=True)
class _Name:
    kind: str
    number: str
    unit: str

    @classmethod
    def of(cls, text: str) -> _Name | None:
        """None for a name that is not words and a number."""
        found = _PARTS.fullmatch(text.strip().lower())
        return cls(found[1], found[2], found[3] or "") if found else None

    def is_port_of(self, other: _Name) -> bool:
        """Whether both are one port, whatever its unit."""
        if self.number != other.number:
            return False
        short, long = sorted((self.kind, other.kind), key=len)
        return short == long or (
            len(short) >= _LEAST and (long.startswith(short) or _UNLIKE.get(short) == long)
        )


def find_port(wanted: str, names: Iterable[str]) -> str | None:
    """The one of a device's port names that is of the port wanted; None where none or several are.

    The name itself comes first, in any case, then its long or short form, then the port that a unit
    runs over, then the unit of a port that is there by its unit alone.
    """
    known = sorted(set(names))
    same = [name for name in known if name.strip().lower() == wanted.strip().lower()]
    if wanted in known or same:
        return wanted if wanted in known else same[0]
    asked = _Name.of(wanted)
    if asked is None:
        return None
    read = [(name, parts) for name in known if (parts := _Name.of(name)) is not None]
    mine = [(name, parts.unit) for name, parts in read if asked.is_port_of(parts)]
    whole = [name for name, unit in mine if not unit]
    unit = [name for name, unit in mine if unit == asked.unit]
    of_whole = [name for name, _ in mine] if not asked.unit else []
    for found in (unit, whole, of_whole):
        if found:
            return found[0] if len(found) == 1 else None
    return None
