"""The interfaces of devices: what is at each, and what runs over it.

An interface is a node between its device and whatever its links lead to. Measures of hosts and
devices are taken without these nodes in between, where each would only make every way longer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sensorium.topology.port_names import find_port
from sensorium.topology.transit import Pair, Transit
from sensorium.topology.wiring import FILED, Link, Wiring


@dataclass(frozen=True, slots=True)
class Interface:
    """A port of a device. ``key`` is ``DEVICE#NAME``; ``number`` its ifIndex, 0 if not known.

    ``links`` are those that end at it; none where it is known by what it carried alone.
    """

    key: str
    device: str
    name: str
    number: int = 0
    links: tuple[Link, ...] = ()

    @property
    def neighbours(self) -> tuple[str, ...]:
        """The nodes that its links lead to."""
        return tuple(sorted({x.other if x.one == self.device else x.one for x in self.links}))


class Interfaces:
    """Every interface of a wiring at which a link ends, or that reported traffic.

    Uses are told by their places among the wiring's.
    """

    def __init__(self, transit: Transit) -> None:
        self._transit = transit
        self._wiring = wiring = transit.wiring
        self._over: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._lost: dict[frozenset[Pair], frozenset[int]] = {}
        numbers: dict[tuple[str, str], int] = {}
        for place, use in enumerate(wiring.uses):
            for device, number in use.ports:
                name = wiring.survey.interface(device, number)
                self._over[device, name].add(place)
                numbers[device, name] = min(number, numbers.get((device, name), number))
        for (device, number), name in wiring.survey.interfaces.items():
            numbers.setdefault((device, name), number)
        links = _by_port(wiring)
        self.all: dict[str, Interface] = {}
        for device, name in sorted({*links, *self._over}):
            if device in wiring.nodes:
                key = f"{device}#{name}"
                number = numbers.get((device, name), 0)
                ends = tuple(links.get((device, name), ()))
                self.all[key] = Interface(key, device, name, number, ends)

    def find(self, device: str, text: str) -> str | None:
        """The key of a device's interface by its name in any case or form, or by its ifIndex."""
        wanted = text.strip().lower()
        mine = [one for one in self.all.values() if one.device == device]
        for one in mine:
            if one.name.lower() == wanted:
                return one.key
        for one in mine:
            if one.number and str(one.number) == wanted:
                return one.key
        name = find_port(text, (one.name for one in mine))
        return None if name is None else f"{device}#{name}"

    def carried(self, interface: Interface) -> frozenset[int]:
        """The uses that run over it: as its device reported, or by the shortest ways."""
        if self.reports(interface):
            return frozenset(self._over.get((interface.device, interface.name), ()))
        pairs = {(link.one, link.other) for link in interface.links}
        return frozenset(place for pair in pairs for place in self._transit.over_link(pair))

    def reports(self, interface: Interface) -> bool:
        """Whether its device exports flows, and they name it."""
        return bool(interface.number) and self._wiring.nodes[interface.device].exporter

    def severed(self, interface: Interface) -> frozenset[Pair]:
        """The neighbours that no link leads to any more without it."""
        mine = set(interface.links)
        pairs = {(link.one, link.other) for link in mine}
        return frozenset(p for p in pairs if mine.issuperset(self._wiring.between[p]))

    def is_placed(self, interface: Interface) -> bool:
        """Whether a file tells of a link at it, so that it is known what has another way."""
        return any(link.source in FILED for link in interface.links)

    def lost(self, interface: Interface) -> frozenset[int]:
        """The uses that are lost without it.

        Where no file tells of a link at it, all that it carried is taken for lost.
        """
        severed = self.severed(interface)
        if severed not in self._lost:  # both ends of a link ask
            self._lost[severed] = self._transit.cut_without(severed)
        lost = self._lost[severed]
        return lost if self.is_placed(interface) else lost | self.carried(interface)


def _by_port(wiring: Wiring) -> dict[tuple[str, str], list[Link]]:
    found: dict[tuple[str, str], list[Link]] = defaultdict(list)
    for link in wiring.links:
        for device, name in _ends(link):
            if name:
                found[device, name].append(link)
    return found


def _ends(link: Link) -> Iterable[tuple[str, str]]:
    return (link.one, link.port), (link.other, link.other_port)
