"""Which addresses are of our own networks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network


def inside_of(networks: Iterable[str]) -> Callable[[str], bool]:
    """Whether an address, as text, lies in one of the networks. What is no address is ours.

    ValueError where a network is none.
    """
    known = [ip_network(network, strict=False) for network in networks]

    @lru_cache(maxsize=100_000)
    def inside(address: str) -> bool:
        try:
            found = ip_address(address)
        except ValueError:
            return True
        return any(found.version == n.version and found in n for n in known)

    return inside
