"""What IP carries: ports and flags, ICMP, and the tunnels that packets travel in."""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.memory import put_total
from sensorium.ingest.packet import columns as col
from sensorium.ingest.packet.attributes import NUMBER
from sensorium.ingest.packet.notes import number
from sensorium.ingest.packet.words import u8, u16, u24, u32

_INNER_SRC_PORT = NUMBER["inner_src_port"]
_INNER_DST_PORT = NUMBER["inner_dst_port"]
_IGMP_TYPE = NUMBER["igmpType"]
_SEGMENT = NUMBER["layer2SegmentId"]
_GRE_KEY = NUMBER["gre_key"]

_ICMP, _IGMP, _IP_IN_IP, _TCP, _UDP = 1, 2, 4, 6, 17
_IPV6_IN_IP, _GRE, _ICMPV6 = 41, 47, 58
_WITH_PORTS = (_TCP, _UDP, 33, 132, 136)  # and DCCP, SCTP, UDP-Lite

_VXLAN_PORT, _VXLAN_LINUX_PORT, _GENEVE_PORT = 4789, 8472, 6081
_ETHERNET_TYPE = 0x6558

# IANA's layer2SegmentId: the kind of segment in the first byte.
_VXLAN_SEGMENT, _NVGRE_SEGMENT, _GENEVE_SEGMENT = 1 << 56, 2 << 56, 0

_NVGRE_FLAGS = 0x2000


@uncounted
def _gre(data: Any, at: Any, end: Any, out: Any) -> Any:
    """RFC 2784 and 2890 (version 0): the carried type and its place; NVGRE by its flags."""
    if end - at < 4:
        return 0, -1
    flags, carried = u16(data, at), u16(data, at + 2)
    if flags & 0x4007:
        # Another version, or source routes (RFC 1701), which nobody sends.
        return 0, -1
    at += 4 + 4 * (flags >> 15)
    if flags & 0x2000:
        if end - at < 4:
            return 0, -1
        if carried == _ETHERNET_TYPE and flags == _NVGRE_FLAGS:
            number(out, _SEGMENT, _NVGRE_SEGMENT | u24(data, at))
        else:
            number(out, _GRE_KEY, u32(data, at))
        at += 4
    at += 4 * (flags >> 12 & 1)
    return (carried, at) if at <= end else (0, -1)


@uncounted
def _udp_tunnel(data: Any, at: Any, end: Any, port: Any, out: Any) -> Any:
    """VXLAN (RFC 7348) and Geneve (RFC 8926), told by their ports: carried type and its place."""
    if end - at < 16:
        return 0, -1
    at += 8
    if port in (_VXLAN_PORT, _VXLAN_LINUX_PORT):
        if not u8(data, at) & 0x08:
            return 0, -1
        number(out, _SEGMENT, _VXLAN_SEGMENT | u24(data, at + 4))
        return _ETHERNET_TYPE, at + 8
    if port == _GENEVE_PORT and u8(data, at) >> 6 == 0:
        after = at + 8 + 4 * (u8(data, at) & 0x3F)
        number(out, _SEGMENT, _GENEVE_SEGMENT | u24(data, at + 4))
        return (u16(data, at + 2), after) if after <= end else (0, -1)
    return 0, -1


@uncounted
def _ports(data: Any, at: Any, end: Any, depth: Any, row: Any, out: Any) -> Any:
    if end - at < 4:
        return -1
    if depth == 0:
        put_total(row, col.SRC_PORT, u16(data, at))
        put_total(row, col.DST_PORT, u16(data, at + 2))
    else:
        number(out, _INNER_SRC_PORT, u16(data, at))
        number(out, _INNER_DST_PORT, u16(data, at + 2))
    return u16(data, at + 2)


@uncounted
def transport(data: Any, at: Any, end: Any, proto: Any, depth: Any, row: Any, out: Any) -> Any:
    """Read a payload; the ethertype of what it carries as a tunnel and its place, else -1."""
    if proto in _WITH_PORTS:
        port = _ports(data, at, end, depth, row, out)
        if depth == 0 and proto == _TCP and end - at >= 14:
            put_total(row, col.TCP_FLAGS, u16(data, at + 12) & 0x0FFF)
        if depth == 0 and proto == _UDP and port >= 0:
            return _udp_tunnel(data, at, end, port, out)
        return 0, -1
    carried, after = 0, -1
    if depth:
        pass
    elif proto in (_ICMP, _ICMPV6):
        if end - at >= 2:
            put_total(row, col.ICMP_TYPE, u8(data, at))
            put_total(row, col.ICMP_CODE, u8(data, at + 1))
    elif proto == _IGMP:
        if end - at >= 1:
            number(out, _IGMP_TYPE, u8(data, at))
    elif proto == _IP_IN_IP:
        carried, after = 0x0800, at
    elif proto == _IPV6_IN_IP:
        carried, after = 0x86DD, at
    elif proto == _GRE:
        carried, after = _gre(data, at, end, out)
    return carried, after
