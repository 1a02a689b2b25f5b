"""What is left of a record when its columns are filled, as text: half of the slow decoder."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

from sensorium.ingest.netflow.registry import Information, Type, information

Fields = list[tuple[int, int, int]]  # element, length, enterprise number
Used = set[tuple[int, int]]  # enterprise number, element


def number(value: bytes) -> str:
    return str(int.from_bytes(value, "big"))


def string(value: bytes) -> str:
    value = value.rstrip(b"\0")
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def real(value: bytes) -> str:
    (found,) = struct.unpack({4: ">f", 8: ">d"}[len(value)], value)
    return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}.get(str(found), repr(found))


def ntp(value: bytes, kind: Type) -> str:
    seconds, fraction = struct.unpack(">II", value)
    if kind is Type.NTP_MICROSECONDS:
        fraction &= 0xFFFFF800
    if seconds == fraction == 0:
        return "0"
    seconds += 2**32 if seconds < 2_208_988_800 else 0
    nanoseconds = (seconds - 2_208_988_800) * 10**9 + (fraction * 10**9 >> 32)
    return str(nanoseconds // (1000 if kind is Type.NTP_MICROSECONDS else 1))


def ipv6(value: bytes) -> str:
    mapped = ipaddress.IPv6Address(value).ipv4_mapped
    return f"::ffff:{mapped}" if mapped else str(ipaddress.IPv6Address(value))


def application(value: bytes) -> str:
    if value[0] == 20 and len(value) > 5:
        return f"20..{number(value[1:5])}..{number(value[5:])}"
    return f"{value[0]}..{number(value[1:])}"


def extracted(value: bytes) -> str:
    if len(value) < 6 or value[0] >= 32:
        return string(value)
    whose = "" if value.startswith(b"\3\0\0\x50\x34\x02") else application(value[:4])
    return (f"{whose}/{number(value[4:6])}:" if whose else "") + string(value[6:])


def text(kind: Type, value: bytes) -> str:
    """One value; hexadecimal where the type cannot be so long."""
    size = len(value)
    if kind is Type.UNSIGNED:
        return number(value)
    if kind is Type.STRING:
        return string(value)
    if kind is Type.SIGNED and size <= 8:
        return str(int.from_bytes(value, "big", signed=True))
    if kind is Type.FLOAT and size in (4, 8):
        return real(value)
    if kind is Type.BOOLEAN and size == 1:
        return {1: "true", 2: "false"}.get(value[0], str(value[0]))
    if kind in (Type.NTP_MICROSECONDS, Type.NTP_NANOSECONDS) and size == 8:
        return ntp(value, kind)
    if kind is Type.MAC and size == 6:
        return ":".join(f"{byte:02x}" for byte in value)
    if kind is Type.IPV4 and size == 4:
        return str(ipaddress.IPv4Address(value))
    if kind is Type.IPV6 and size == 16:
        return ipv6(value)
    if kind is Type.APPLICATION_ID and (2 <= size <= 9 or (10 <= size <= 13 and value[0] == 20)):
        return application(value)
    if kind is Type.SUB_APPLICATION_VALUE:
        return extracted(value)
    if kind is Type.ACL_ID and size == 12:
        return "-".join(value[i : i + 4].hex() for i in (0, 4, 8))
    return value.hex()


def attributes(fields: Fields, values: list[bytes], used: Used) -> list[tuple[str, str]]:
    """The pairs of a record whose columns came from the elements ``used``."""
    pairs = []
    names: list[str] = []
    seen: Used = set()
    for (element, length, pen), value in zip(fields, values, strict=True):
        known: Information = information(pen, element)
        names.append(known.name)
        times = names.count(known.name)
        name: Any = known.name if times == 1 else f"{known.name}_{times}"
        if length == 0:
            continue
        filled = (pen, element) in used and (pen, element) not in seen
        seen.add((pen, element))
        may_be_empty = known.type in (Type.STRING, Type.OCTETS)
        if not filled and (pen, element) not in ((0, 0), (0, 210)) and (value or may_be_empty):
            pairs.append((name, text(known.type, value)))
    return pairs
