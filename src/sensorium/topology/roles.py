"""What each node is to the others, in a word or two, from what was seen of it."""

from __future__ import annotations

from collections import defaultdict

from sensorium.topology.inventory.model import DeviceKind
from sensorium.topology.tally import Tally
from sensorium.topology.transit import Transit
from sensorium.topology.wiring import OUTSIDE

CORE_SHARE = 0.2
"""A device that so many uses run over without ending next to it is in the core."""
WATCHED = 5
"""A host that uses one port on so many hosts watches them; it does not depend on them."""
_WEB = frozenset({80, 443})


def roles_of(transit: Transit) -> dict[str, str]:
    """The role of every node, such as ``core router``, ``access switch``, ``server``."""
    wiring = transit.wiring
    places = _places(transit)
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
        elif key in places and node.kind not in {DeviceKind.HOST, DeviceKind.POD}:
            roles[key] = f"{places[key]} {node.kind.value}"
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


def _places(transit: Transit) -> dict[str, str]:
    """Where each device stands.

    In the core is who carries what neither begins nor ends next to it; where nobody does, as in a
    network that hangs on one router, whoever carries most. At the border is who is next to the
    outside, an access device has hosts, and what is left distributes.
    """
    wiring = transit.wiring
    whole = Tally.of(wiring.uses)
    through: dict[str, float] = {}
    carried: dict[str, float] = {}
    for key in wiring.devices:
        near, uses = wiring.near[key], transit.carriers.get(key, ())
        far = [u for u in uses if near.isdisjoint({u.client, *transit.targets(u)})]
        through[key] = Tally.of(far).share_of(whole)
        carried[key] = Tally.of(uses).share_of(whole)
    core = {key for key, share in through.items() if share >= CORE_SHARE}
    if not core and carried:
        core = {min(carried, key=lambda k: (-carried[k], k))}
    devices = set(wiring.devices)
    return {
        key: "core"
        if key in core
        else "border"
        if OUTSIDE in wiring.near[key]
        else "access"
        if wiring.near[key] - devices
        else "distribution"
        for key in wiring.devices
    }
