"""Cables in NetBox's answers: those of ``/api/dcim/cables/``, and the far ends of interfaces.

Cables as of NetBox 3.3 have lists of ``a_terminations`` and ``b_terminations``, before that one
``termination_a`` and ``termination_b``. Only those between interfaces are links: power, consoles
and patch panels are devices with ports too. What an interface reaches through panels is said where
it is read itself, as ``connected_endpoints`` (before 3.3 ``connected_endpoint``).
"""

from __future__ import annotations

from itertools import product
from typing import Any

from sensorium.topology.inventory.model import Cable
from sensorium.topology.inventory.neighbours import entries, text

_INTERFACE = "dcim.interface"
_NO_LINK = "netbox cables that do not join two interfaces"
_End = tuple[str, str]


def is_cable(entry: dict[str, Any]) -> bool:
    """Whether an entry is a cable, of whatever version."""
    return all(
        f"{side}_terminations" in entry or f"termination_{side}_type" in entry for side in "ab"
    )


def cables_of(entry: dict[str, Any]) -> list[Cable] | str:
    """The links of a cable, several where it fans out, or why there are none."""
    status = entry.get("status")
    state = text(status, "value") or (status if isinstance(status, str) else "")
    if isinstance(status, dict) and status.get("value") is False:  # before NetBox 2.8
        state = "planned"
    if state and state != "connected":
        return f"netbox cables that are {state}"
    one, other = _ends(entry, "a"), _ends(entry, "b")
    pairs = zip(one, other, strict=True) if len(one) == len(other) else product(one, other)
    found = list(pairs)
    if not found:
        return _NO_LINK
    links = [Cable(*a, *b, "netbox") for a, b in found if a[0] != b[0]]
    return links or "netbox cables from a device to itself"


def far_ends(entry: dict[str, Any], own: _End) -> list[Cable]:
    """The links from an interface to what it reaches; none where its path has a gap."""
    known = "connected_endpoints" if "connected_endpoints" in entry else "connected_endpoint"
    if entry.get(f"{known}_type") != _INTERFACE or entry.get(f"{known}_reachable") is False:
        return []
    ends = [_end(found) for found in entries(entry.get(known))]
    return [Cable(*own, *end, "netbox") for end in ends if end is not None and end[0] != own[0]]


def _ends(entry: dict[str, Any], side: str) -> list[_End]:
    """The interfaces at one side of a cable."""
    if f"{side}_terminations" in entry:
        listed = entries(entry[f"{side}_terminations"])
        typed = [(one.get("object_type"), one.get("object")) for one in listed]
    else:
        typed = [(entry[f"termination_{side}_type"], entry.get(f"termination_{side}"))]
    ends = [_end(found) for kind, found in typed if kind is None or kind == _INTERFACE]
    return [end for end in ends if end is not None]


def _end(found: Any) -> _End | None:
    device = text(found.get("device"), "name") if isinstance(found, dict) else ""
    return (device.lower(), text(found, "name")) if device else None
