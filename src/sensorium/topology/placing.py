"""At which site an address is, by the networks that are in use there."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from sensorium.errors import UsageError


class Placing:
    """Networks and their sites; the smallest network that holds an address says where it is.

    UsageError for text that is no network.
    """

    def __init__(self, networks: Iterable[tuple[str, str]]) -> None:
        found: dict[IPv4Network | IPv6Network, str] = {}
        for text, site in networks:
            try:
                found.setdefault(ip_network(text, strict=False), site)
            except ValueError as error:
                raise UsageError(
                    f"{text!r} is no network, so nothing can be at the site {site!r} by it",
                    next_step="write it as 10.1.0.0/16 in topology.sites",
                ) from error
        self._known = sorted(found.items(), key=lambda item: -item[0].prefixlen)

    def of(self, address: str) -> str:
        """The site of an address, empty where none is known or it is no address."""
        if not self._known:
            return ""
        try:
            place = ip_address(address)
        except ValueError:
            return ""
        return next(
            (site for net, site in self._known if net.version == place.version and place in net), ""
        )
