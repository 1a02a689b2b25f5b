"""Devices, cables and services, whatever kind of file told of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class DamagedError(ValueError):
    """A file of a known form cannot be used: ``str()`` says why and where, as of the file."""

    def __init__(self, why: str, next_step: str) -> None:
        super().__init__(why)
        self.next_step = next_step


class DeviceKind(StrEnum):
    """What a device is for."""

    ROUTER = "router"
    SWITCH = "switch"
    FIREWALL = "firewall"
    HOST = "host"
    POD = "pod"
    UNKNOWN = "device"


@dataclass(frozen=True, slots=True)
class Device:
    """Something with a name. Names are in lower case, as others may write them otherwise.

    ``addresses`` are text. ``on`` is the device that carries it: a pod's node.
    """

    name: str
    kind: DeviceKind = DeviceKind.UNKNOWN
    addresses: tuple[str, ...] = ()
    site: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Cable:
    """A link between a port of one device and a port of another; ports may be unknown."""

    one: str
    port: str
    other: str
    other_port: str
    source: str

    @property
    def ends(self) -> tuple[str, str]:
        """The two devices, in order of their names."""
        return (self.one, self.other) if self.one <= self.other else (self.other, self.one)


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """An interface of a device. ``number`` is its SNMP ifIndex, 0 where none is told.

    ``also`` are other names that it goes by, such as ifDescr beside ifName.
    """

    device: str
    name: str
    number: int = 0
    also: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Part of an answer: ``here`` of its ``whole`` entries are in one file."""

    about: str
    whole: int
    here: int


@dataclass(frozen=True, slots=True)
class Service:
    """Addresses that stand for any of the ``backends``, which are names of devices."""

    name: str
    addresses: tuple[str, ...]
    backends: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What one file or several say. ``left_out`` counts entries that could not be used, by why.

    ``networks`` are prefixes as text and the site where they are in use, ``pages`` the parts of
    answers of which one file holds less than all.
    """

    devices: dict[str, Device] = field(default_factory=dict)
    cables: tuple[Cable, ...] = ()
    services: tuple[Service, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    networks: tuple[tuple[str, str], ...] = ()
    pages: tuple[Page, ...] = ()
