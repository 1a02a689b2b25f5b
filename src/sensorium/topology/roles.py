"""What each node is to the others, in a word or two, from what was seen of it."""

from __future__ import annotations

from collections import defaultdict

from sensorium.topology.inventory.model import DeviceKind
from sensorium.topology.tally import Tally
from sensorium.topology.transit import Transit
from sensorium.topology.wiring import OUTSIDE

CORE_SHARE = 0.2
"""A device on so many of the paths, with other devices on two sides, is in the core."""
WATCHED = 5
"""A host that uses one port on so many hosts watches them; it does not depend on them."""
_WEB = frozenset({80, 443})


def roles_of(transit: Transit) -> dict[str, str]:
    """The role of every node, such as ``core router``, ``access switch``, ``server``."""
    wiring = transit.wiring
    whole = Tally.of(wiring.uses)
    devices = set(wiring.devices)
    watching = watchers(transit)
    serves: dict[str, set[str]] = defaultdict(set)
    asks: dict[str, set[str]] = defaultdict(set)
    for use in wiring.uses:
        if use.client not in watching:
            for target in transit.targets(use):
                serves[target].add(use.client)
                asks[use.client].add(target)
    roles = {}
    for key, node in wiring.nodes.items():
        if key == OUTSIDE:
            roles[key] = "outside"
        elif key in devices and node.kind not in {DeviceKind.HOST, DeviceKind.POD}:
            share = Tally.of(transit.carriers.get(key, ())).share_of(whole)
            roles[key] = f"{_place(transit, key, devices, share)} {node.kind.value}"
        elif key in watching:
            roles[key] = "watcher"
        elif serves[key] and asks[key]:
            roles[key] = "server" if len(serves[key]) > len(asks[key]) else "middle tier"
        else:
            roles[key] = "server" if serves[key] else "client" if asks[key] else node.kind.value
    return roles


def watchers(transit: Transit) -> frozenset[str]:
    """Clients that use one port on many hosts: monitors, and machines of administrators."""
    reached: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    for use in transit.wiring.uses:
        if use.port not in _WEB and use.client != OUTSIDE:
            reached[use.client, use.port, use.proto].update(
                t for t in transit.targets(use) if t != OUTSIDE
            )
    return frozenset(client for (client, _, _), hosts in reached.items() if len(hosts) >= WATCHED)


def _place(transit: Transit, key: str, devices: set[str], share: float) -> str:
    near = transit.wiring.near[key]
    if share >= CORE_SHARE and (len(near & devices) > 1 or OUTSIDE not in near):
        return "core"
    if OUTSIDE in near:
        return "border"
    return "access" if near - devices else "distribution"
