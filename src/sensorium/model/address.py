"""Addresses as the 16 bytes every table holds: IPv6, with IPv4 mapped (RFC 4291 2.5.5.2)."""

from __future__ import annotations

import ipaddress

V4_PREFIX = b"\x00" * 10 + b"\xff\xff"
UNSPECIFIED = b"\x00" * 16


def pack_address(text: str) -> bytes:
    """Turn ``"10.0.0.1"`` or ``"2001:db8::1"`` into 16 bytes; ValueError if it is neither."""
    address = ipaddress.ip_address(text)
    return V4_PREFIX + address.packed if address.version == 4 else address.packed


def unpack_address(packed: bytes) -> str:
    """Turn 16 bytes into text, dotted quad where IPv4 is mapped; ValueError if not 16 bytes."""
    if len(packed) != 16:
        raise ValueError(f"an address is 16 bytes, got {len(packed)}")
    if packed.startswith(V4_PREFIX):
        return str(ipaddress.IPv4Address(packed[12:]))
    return str(ipaddress.IPv6Address(packed))
