"""Addresses of machines: IPv4, IPv6 and MAC. Off unless asked for: most are no secret."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from sensorium.gateway.guardrails.rule import Finding

LONGEST: Final = 48
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}(?![0-9A-Za-z]|\.[0-9])"
_MAC = r"[0-9A-Fa-f]{2}(?P<mark>[:-])(?:[0-9A-Fa-f]{2}(?P=mark)){4}[0-9A-Fa-f]{2}(?![0-9A-Za-z:-])"
_IPV6 = r"[0-9A-Fa-f:][0-9A-Fa-f:.]{1,44}+(?![0-9A-Za-z:])"
_ANY = re.compile(rf"(?<![0-9A-Za-z:.\-])(?:(?P<mac>{_MAC})|(?P<v4>{_IPV4})|(?P<v6>{_IPV6}))")
_RUN_TURNED = re.compile(rf"[0-9A-Fa-f:.\-]{{0,{LONGEST}}}")


def find_addresses(text: str, start: int) -> list[Finding]:
    """The addresses that begin at ``start`` or later, in order."""
    found = []
    for one in _ANY.finditer(text, start):
        meant = one[0].rstrip(".") if one["v6"] else one[0]
        if one["v6"] is None or _is_ipv6(meant):
            end = one.start() + len(meant)
            found.append(Finding(one.start(), end, "MAC" if one["mac"] else "IP"))
    return found


def _is_ipv6(text: str) -> bool:
    if text.count(":") < 2:
        return False
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return int(address) > 1  # `::` and `::1` say nothing, and the first is an operator in code


def address_open_from(text: str) -> int:
    """Where the last run of digits, hexadecimal letters and their marks begins."""
    run = _RUN_TURNED.match(text[: -LONGEST - 1 : -1])
    return len(text) - (len(run[0]) if run else 0)
