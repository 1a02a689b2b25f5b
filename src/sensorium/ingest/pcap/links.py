"""From a frame to the network-layer packet inside it, through VLAN tags, MPLS labels and PPPoE."""

from __future__ import annotations

from typing import Final

from sensorium.ingest.pcap.frames import Frame, Link
from sensorium.ingest.pcap.outcomes import NotFoundError, Outcome, u16

IPV4: Final = 0x0800
IPV6: Final = 0x86DD
_VLAN_TAGS: Final = frozenset({0x8100, 0x88A8, 0x9100})
_MPLS: Final = frozenset({0x8847, 0x8848})
_PPPOE: Final = 0x8864
_PPP: Final = {0x0021: IPV4, 0x0057: IPV6, 0x0281: 0x8847}
_PPP_ADDRESS: Final = 0xFF03
_COOKED_PROTOCOL_AT: Final = {Link.LINUX_COOKED: (14, 16), Link.LINUX_COOKED_2: (0, 20)}
_LOOPBACK_IPV6: Final = frozenset({10, 24, 28, 30})
"""AF_INET6 on Linux, NetBSD and OpenBSD, FreeBSD, macOS."""
_RAW: Final = (Link.RAW, Link.RAW_BSD, Link.RAW_OPENBSD, Link.IPV4, Link.IPV6)


def network_of(frame: Frame) -> tuple[int, memoryview]:
    """EtherType and network-layer packet of a frame; NotFoundError where there is none."""
    kind, packet = _below(frame)
    while kind in _VLAN_TAGS:
        kind, packet = u16(packet, 2), packet[4:]
    if kind == _PPPOE:
        kind, packet = _ppp(packet[6:])
    if kind in _MPLS:
        kind, packet = _labelled(packet)
    return kind, packet


def _below(frame: Frame) -> tuple[int, memoryview]:
    data = frame.data
    if frame.link == Link.ETHERNET:
        return u16(data, 12), data[14:]
    if frame.link in _COOKED_PROTOCOL_AT:
        protocol_at, at = _COOKED_PROTOCOL_AT[Link(frame.link)]
        return u16(data, protocol_at), data[at:]
    if frame.link in (Link.NULL, Link.LOOP):
        # The family is in the capturing machine's byte order; families are small numbers.
        family = u16(data, 0) | u16(data, 2)
        family = family if family < 256 else family >> 8
        return (IPV6 if family in _LOOPBACK_IPV6 else IPV4), data[4:]
    if frame.link in _RAW:
        return _by_version(data)
    if frame.link == Link.PPP:
        return _ppp(data)
    if frame.link == Link.CISCO_HDLC:
        return u16(data, 2), data[4:]
    raise NotFoundError(Outcome.UNKNOWN_LINK)


def _by_version(data: memoryview) -> tuple[int, memoryview]:
    if not len(data):
        raise NotFoundError(Outcome.MALFORMED)
    return (IPV6 if data[0] >> 4 == 6 else IPV4), data


def _ppp(data: memoryview) -> tuple[int, memoryview]:
    """What a PPP frame holds (RFC 1661), with or without HDLC's address and control (RFC 1662)."""
    if u16(data, 0) == _PPP_ADDRESS:
        data = data[2:]
    return _PPP.get(u16(data, 0), 0), data[2:]


def _labelled(packet: memoryview) -> tuple[int, memoryview]:
    """What is below the last MPLS label (RFC 3032): nothing says it but its first half byte."""
    bottom = False
    while not bottom:
        bottom = bool(u16(packet, 2) & 0x0100)
        packet = packet[4:]
    return _by_version(packet)
