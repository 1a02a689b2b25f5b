"""Who is behind a device, by the cables that files tell of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sensorium.topology.inventory.model import Inventory
from sensorium.topology.transit import parts


class Behind:
    """The hosts that are parted from the rest of the network by the loss of a device.

    ``resolve`` turns a device's name into the address that its host is known by, as far as that
    has been learnt; devices without one are passed over. Without an inventory nobody is behind
    anything.
    """

    def __init__(self, inventory: Inventory, resolve: Callable[[str], str | None]) -> None:
        self._resolve = resolve
        near: dict[str, set[str]] = {name: set() for name in inventory.devices}
        pairs = [cable.ends for cable in inventory.cables]
        pairs += [(d.name, d.on) for d in inventory.devices.values() if d.on]
        for one, other in pairs:
            near.setdefault(one, set()).add(other)
            near.setdefault(other, set()).add(one)
        self._near = {name: frozenset(others) for name, others in sorted(near.items())}
        self._known: dict[str, frozenset[str]] = {}

    def of(self, address: str) -> frozenset[str]:
        """Canonical addresses of who is behind the host that ``address`` belongs to."""
        found: set[str] = set()
        for name in self._near:
            if self._resolve(name) == address:
                found |= {a for n in self._parted(name) if (a := self._resolve(n)) is not None}
        return frozenset(found - {address})

    def _parted(self, name: str) -> frozenset[str]:
        """The names in all parts but the largest that the device's part falls into."""
        if name not in self._known:
            whole = parts(self._near, frozenset())
            left = parts(self._near, frozenset({name}))
            mine = [n for n in left if whole[n] == whole[name]]
            sizes = Counter(left[n] for n in mine)
            # Of parts of one size the first in order of names counts as the rest of the network.
            rest = min(sizes, key=lambda part: (-sizes[part], part), default=-1)
            self._known[name] = frozenset(n for n in mine if left[n] != rest)
        return self._known[name]
