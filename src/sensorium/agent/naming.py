"""How the agent writes hosts, services, times and amounts: one spelling everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

from sensorium.agent.window import SECOND_NS

_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 58: "icmp6", 89: "ospf"}
_NUMBERS = {name: number for number, name in _PROTOCOLS.items()}
_SERVICES = {
    "22/tcp": "SSH",
    "25/tcp": "SMTP",
    "53/tcp": "DNS",
    "53/udp": "DNS",
    "80/tcp": "HTTP",
    "123/udp": "NTP",
    "139/tcp": "NetBIOS",
    "161/udp": "SNMP",
    "389/tcp": "LDAP",
    "443/tcp": "HTTPS",
    "445/tcp": "SMB",
    "514/udp": "syslog",
    "873/tcp": "rsync",
    "2049/tcp": "NFS",
    "3306/tcp": "MySQL",
    "3389/tcp": "RDP",
    "5432/tcp": "PostgreSQL",
    "6379/tcp": "Redis",
    "8080/tcp": "HTTP",
    "9100/tcp": "node_exporter",
}


@dataclass(frozen=True, slots=True)
class Names:
    """Host names by address and canonical addresses by alias, as known when the case began."""

    names: Mapping[str, str] = field(default_factory=dict)
    canonical: Mapping[str, str] = field(default_factory=dict)

    def host(self, address: str) -> str:
        """``ws-3 (10.1.2.3)``, or the address alone where no name is known."""
        name = self.name(address)
        return f"{name} ({address})" if name else address

    def name(self, address: str) -> str:
        """The host's name, empty where none is known."""
        return self.names.get(address) or self.names.get(self.home(address), "")

    def short(self, address: str) -> str:
        """The name where known, else the address: for titles, where space is dear."""
        return self.name(address) or address

    def home(self, address: str) -> str:
        """The address that stands for the host that has this one."""
        return self.canonical.get(address, address)

    def aliases(self, address: str) -> tuple[str, ...]:
        """Every address of the host that has this one, sorted, the one given among them."""
        home = self.home(address)
        found = {a for a, c in self.canonical.items() if c == home}
        return tuple(sorted(found | {home, address}))

    def resolve(self, name_or_address: str) -> str | None:
        """The canonical address of a host named in full, in short or by an address of it."""
        text = name_or_address.strip().rstrip(".").lower()
        try:
            return self.home(str(ip_address(text)))
        except ValueError:
            pass
        by_name = {name.lower(): address for address, name in sorted(self.names.items())}
        found = by_name.get(text) or by_name.get(text.split(".")[0])
        return None if found is None else self.home(found)

    def service(self, key: str) -> str:
        """``PostgreSQL on db (10.0.0.2:5432/tcp)``; ``port 8000/tcp of app (10.0.0.3)``."""
        address, _, port = key.rpartition(":")
        known = _SERVICES.get(port)
        if known:
            return f"{known} on {self.short(address)} ({key})"
        return f"port {port} of {self.host(address)}"

    def service_short(self, key: str) -> str:
        """``PostgreSQL on db``, for titles."""
        address, _, port = key.rpartition(":")
        known = _SERVICES.get(port)
        where = self.short(address)
        return f"{known} on {where}" if known else f"Port {port.partition('/')[0]} of {where}"

    def many(self, addresses: Iterable[str], limit: int = 4) -> str:
        """``a (10.0.0.1), b (10.0.0.2) and 3 more``; the order given is kept."""
        labels = [self.host(a) for a in addresses]
        if len(labels) <= limit:
            return ", ".join(labels[:-1]) + (" and " if len(labels) > 1 else "") + labels[-1]
        return ", ".join(labels[:limit]) + f" and {len(labels) - limit} more"


def port_label(port: int, proto: int) -> str:
    """``22/tcp``."""
    return f"{port}/{_PROTOCOLS.get(proto, proto)}"


def parse_port(label: str) -> tuple[int, int]:
    """``(22, 6)`` for ``22/tcp`` or ``22``; ValueError if it is no port."""
    number, _, name = label.partition("/")
    proto = _NUMBERS.get(name or "tcp")
    return int(number), int(name) if proto is None else proto


def service_key(address: str, port: int, proto: int) -> str:
    """``10.0.0.2:5432/tcp``, the key of a service entity."""
    return f"{address}:{port_label(port, proto)}"


def plain_port(label: str) -> str:
    """``SSH (22/tcp)`` where the port is well known, else the label."""
    known = _SERVICES.get(label)
    return f"{known} ({label})" if known else label


def clock(ns: int) -> str:
    """``14:02:30``, for lines whose day is already known."""
    return datetime.fromtimestamp(ns // SECOND_NS, UTC).strftime("%H:%M:%S")


def size(count: float) -> str:
    """``212 MB``: decimal units, as link speeds and volumes are announced in."""
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            value = count / scale
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return f"{count:.0f} B"


def count(number: float, noun: str, plural: str = "") -> str:
    """``1 host``, ``12 hosts``, ``1,204 lines``."""
    word = noun if number == 1 else plural or f"{noun}s"
    return f"{number:,.0f} {word}"


def duration(seconds: float) -> str:
    """``45 s``, ``3 min``, ``1 h 20 min``."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
