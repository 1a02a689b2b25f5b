"""Kinds of network addresses, from the registries themselves.

Python's own ``is_global`` and ``is_private`` differ between versions and take unassigned IPv6 space
for public, so the tables stand here. Sources: the IANA IPv4 and IPv6 Special-Purpose Address
Registries; RFC 1918 and RFC 4193 (private), RFC 6598 (shared address space), RFC 3056 (6to4), RFC
6052 and RFC 8215 (NAT64), RFC 4380 (Teredo), RFC 4291 (mapped, compatible, global unicast).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(map(ipaddress.ip_network, texts))


# Networks of one's own: they may be allowed.
_OWN: Final = (
    ("loopback", _networks("127.0.0.0/8", "::1/128")),
    ("shared address space", _networks("100.64.0.0/10")),
    (
        "private",
        _networks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10"),
    ),
)
# Never a provider.
_NEVER: Final = (
    ("unspecified", _networks("0.0.0.0/8", "::/128")),
    ("link-local", _networks("169.254.0.0/16", "fe80::/10")),
    ("multicast", _networks("224.0.0.0/4", "ff00::/8")),
    ("teredo", _networks("2001::/32")),
    ("nat64", _networks("64:ff9b:1::/48")),
    (
        "reserved",
        _networks(
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "3fff::/20",
        ),
    ),
)  # fmt: skip
# Where clouds hand out credentials, as far as these lie outside the link-local range.
_METADATA: Final = frozenset(
    map(
        ipaddress.ip_address,
        ("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "100.100.100.200", "168.63.129.16"),
    )
)
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")


def own_network(address: Address) -> str:
    """What kind of network of one's own an address is in; empty where it is in none."""
    return _within(address, _OWN)


def never_a_provider(address: Address) -> str:
    """Why no provider can be there, whatever is allowed; empty where one can."""
    if address in _METADATA:
        return "metadata"
    why = _within(address, _NEVER)
    if not why and isinstance(address, ipaddress.IPv6Address):
        return "" if address in _GLOBAL_UNICAST or own_network(address) else "reserved"
    return why


def carried(address: Address) -> tuple[str, ipaddress.IPv4Address] | None:
    """The IPv4 address that traffic to an IPv6 address ends at, and by which mechanism."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return "ipv4-mapped", address.ipv4_mapped
    if address.sixtofour is not None:
        return "6to4", address.sixtofour
    low = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _NAT64:
        return "nat64", low
    if address in _COMPATIBLE and int(address) > 1:
        return "ipv4-compatible", low
    return None


def _within(address: Address, table: Iterable[tuple[str, tuple[Network, ...]]]) -> str:
    for name, networks in table:
        if any(network.version == address.version and address in network for network in networks):
            return name
    return ""
