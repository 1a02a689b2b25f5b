"""PROXY protocol version 2 over UDP: the source and time that a datagram had before a relay.

The header is HAProxy's (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, section 2.2)
with DGRAM over IPv4 or IPv6. The arrival time is a TLV of the range left for custom use (2.2.7):
type 0xE0, eight bytes, big-endian Unix nanoseconds.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inner, kernel, read_only
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.memory import copy
from sensorium.ingest.transport.networks import SourceNetworks
from sensorium.model.address import UNSPECIFIED, V4_PREFIX

TrustedNetworks = SourceNetworks

SIGNATURE: Final = b"\r\n\r\n\x00\r\nQUIT\n"
ARRIVAL_TLV: Final = 0xE0

_FIXED: Final = 16
_LOCAL: Final = 0x20
_PROXY: Final = 0x21
_DGRAM_V4: Final = 0x12
_DGRAM_V6: Final = 0x22

# What _parse() found of one datagram.
_ABSENT: Final = -1
_MALFORMED: Final = -2


def build_header(
    src_addr: bytes,
    src_port: int,
    dst_port: int,
    arrival_ns: int,
    dst_addr: bytes = UNSPECIFIED,
) -> bytes:
    """The header to put before a payload; addresses are 16 bytes, IPv4 mapped."""
    if src_addr.startswith(V4_PREFIX):
        family, addresses = _DGRAM_V4, src_addr[12:] + dst_addr[12:]
    else:
        family, addresses = _DGRAM_V6, src_addr + dst_addr
    body = addresses + struct.pack(">HHBHq", src_port, dst_port, ARRIVAL_TLV, 8, arrival_ns)
    return SIGNATURE + struct.pack(">BBH", _PROXY, family, len(body)) + body


@dataclass(frozen=True, slots=True)
class Stripped:
    """Datagrams without their headers, and how many had one, were not trusted, or malformed."""

    datagrams: Datagrams
    honoured: int = 0
    untrusted: int = 0
    malformed: int = 0


def strip_headers(datagrams: Datagrams, trusted: SourceNetworks) -> Stripped:
    """Take the headers off that come from trusted networks, and believe them.

    A header from elsewhere, or one that is malformed, is payload like any other. Where the
    header states no arrival time, the datagram keeps its own.
    """
    lengths = np.diff(datagrams.offsets)
    starts = np.minimum(datagrams.offsets[:-1], max(len(datagrams.data) - 1, 0))
    if len(datagrams.data) == 0:
        return Stripped(datagrams)
    # No protocol we listen for begins with a carriage return, so this is the usual end.
    candidates = np.flatnonzero((datagrams.data[starts] == 13) & (lengths >= _FIXED))
    if len(candidates) == 0:
        return Stripped(datagrams)
    data, offsets = read_only(datagrams.data), read_only(datagrams.offsets)
    from_trusted = trusted.hold(datagrams.src_addr[candidates])
    begins = datagrams.offsets[:-1].copy()
    arrival_ns, src_addr = datagrams.arrival_ns.copy(), datagrams.src_addr.copy()
    src_port, dst_port = datagrams.src_port.copy(), datagrams.dst_port.copy()
    honoured, untrusted, malformed = _parse_all(
        data, offsets, candidates, from_trusted, begins, arrival_ns, src_addr, src_port, dst_port
    )
    new_offsets = np.zeros(len(offsets), np.int64)
    np.cumsum(offsets[1:] - begins, out=new_offsets[1:])
    payloads = np.empty(int(new_offsets[-1]), np.uint8)
    _compact(data.ctypes.data, begins, offsets, new_offsets, payloads.ctypes.data)
    without = Datagrams(arrival_ns, src_addr, src_port, dst_port, new_offsets, payloads)
    return Stripped(without, int(honoured), int(untrusted), int(malformed))


_SIGNATURE = np.frombuffer(SIGNATURE, np.uint8)


@inner
def _word(data: Any, at: int) -> int:
    return (int(data[at]) << 8) | int(data[at + 1])


@inner
def _arrival(data: Any, at: int, end: int) -> int:
    """The time in the TLVs of ``data[at:end]``; -1 if absent, -2 if they are malformed."""
    found = _ABSENT
    while at < end:
        if end - at < 3 or end - at - 3 < _word(data, at + 1):
            return _MALFORMED
        length = _word(data, at + 1)
        if data[at] == ARRIVAL_TLV:
            if length != 8:
                return _MALFORMED
            found = 0
            for i in range(8):
                found = (found << 8) | int(data[at + 3 + i])
            if found < 0:
                return _MALFORMED
        at += 3 + length
    return found


@inner
def _parse(data: Any, at: int, end: int) -> tuple[int, int, int]:
    """Payload start (or _ABSENT or _MALFORMED), address bytes (0, 4 or 16) and arrival time."""
    for i in range(12):
        if data[at + i] != _SIGNATURE[i]:
            return _ABSENT, 0, _ABSENT
    command, family, payload = data[at + 12], data[at + 13], at + _FIXED + _word(data, at + 14)
    if payload > end:
        return _MALFORMED, 0, _ABSENT
    if command == _LOCAL:
        return payload, 0, _ABSENT
    width = 4 if family == _DGRAM_V4 else 16
    tlvs = at + _FIXED + 2 * width + 4
    if command != _PROXY or (width == 16 and family != _DGRAM_V6) or tlvs > payload:
        return _MALFORMED, 0, _ABSENT
    arrival = _arrival(data, tlvs, payload)
    if arrival == _MALFORMED:
        return _MALFORMED, 0, _ABSENT
    return payload, width, arrival


@kernel
def _parse_all(
    data: Any,
    offsets: Any,
    candidates: Any,
    trusted: Any,
    begins: Any,
    arrival_ns: Any,
    src_addr: Any,
    src_port: Any,
    dst_port: Any,
) -> tuple[int, int, int]:
    honoured = untrusted = malformed = 0
    for c in range(len(candidates)):
        d = candidates[c]
        at = offsets[d]
        payload, width, arrival = _parse(data, at, offsets[d + 1])
        if payload == _ABSENT:
            continue
        if not trusted[c]:
            untrusted += 1
            continue
        if payload == _MALFORMED:
            malformed += 1
            continue
        honoured += 1
        begins[d] = payload
        if arrival != _ABSENT:
            arrival_ns[d] = arrival
        if width == 0:
            continue
        ports = at + _FIXED + 2 * width
        src_port[d], dst_port[d] = _word(data, ports), _word(data, ports + 2)
        for i in range(16 - width):
            src_addr[d, i] = 255 if i >= 10 else 0
        for i in range(width):
            src_addr[d, 16 - width + i] = data[at + _FIXED + i]
    return honoured, untrusted, malformed


@kernel
def _compact(data: int, begins: Any, offsets: Any, new_offsets: Any, payloads: int) -> None:
    for d in range(len(begins)):
        copy(payloads + new_offsets[d], data + begins[d], offsets[d + 1] - begins[d])
