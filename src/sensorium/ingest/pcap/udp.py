"""From a frame to the UDP payload inside it, through VLAN tags and IPv6 extension headers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sensorium.ingest.pcap.frames import Frame, Link
from sensorium.model.address import V4_PREFIX

_IPV4 = 0x0800
_IPV6 = 0x86DD
_VLAN_TAGS = frozenset({0x8100, 0x88A8, 0x9100})
_UDP = 17
_IPV6_FRAGMENT = 44
_IPV6_EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})
_AH = 51
_COOKED_PROTOCOL_AT = {Link.LINUX_COOKED: (14, 16), Link.LINUX_COOKED_2: (0, 20)}
_LOOPBACK_IPV6 = frozenset({10, 24, 28, 30})
"""AF_INET6 on Linux, NetBSD and OpenBSD, FreeBSD, macOS."""


class Outcome(StrEnum):
    """What became of a captured packet; the ``outcome`` label of ``sensorium_capture_packets``."""

    DATAGRAM = "datagram"
    NOT_UDP = "not_udp"
    FRAGMENT = "fragment"
    """A piece of an IP packet; pieces are not put together."""
    CUT = "cut"
    """The capture kept only a part of the datagram; that part is used."""
    MALFORMED = "malformed"
    UNKNOWN_LINK = "unknown_link"


@dataclass(frozen=True, slots=True)
class UdpPacket:
    """A UDP datagram; ``source`` is 16 bytes."""

    source: bytes
    source_port: int
    destination_port: int
    payload: memoryview
    outcome: Outcome


class _NotFoundError(Exception):
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def _u16(data: memoryview, at: int) -> int:
    if at + 2 > len(data):
        raise _NotFoundError(Outcome.MALFORMED)
    return data[at] << 8 | data[at + 1]


def _network(frame: Frame) -> tuple[int, memoryview]:
    """EtherType and network-layer packet of a frame."""
    data = frame.data
    if frame.link == Link.ETHERNET:
        at = 12
        while _u16(data, at) in _VLAN_TAGS:
            at += 4
        return _u16(data, at), data[at + 2 :]
    if frame.link in _COOKED_PROTOCOL_AT:
        protocol_at, at = _COOKED_PROTOCOL_AT[Link(frame.link)]
        protocol = _u16(data, protocol_at)
        while protocol in _VLAN_TAGS:
            protocol, at = _u16(data, at + 2), at + 4
        return protocol, data[at:]
    if frame.link in (Link.NULL, Link.LOOP):
        # The family is in the capturing machine's byte order; families are small numbers.
        family = _u16(data, 0) | _u16(data, 2)
        family = family if family < 256 else family >> 8
        return (_IPV6 if family in _LOOPBACK_IPV6 else _IPV4), data[4:]
    if frame.link in (Link.RAW, Link.RAW_BSD, Link.RAW_OPENBSD, Link.IPV4, Link.IPV6):
        if len(data) == 0:
            raise _NotFoundError(Outcome.MALFORMED)
        return (_IPV6 if data[0] >> 4 == 6 else _IPV4), data
    raise _NotFoundError(Outcome.UNKNOWN_LINK)


def _ipv4(packet: memoryview) -> tuple[bytes, memoryview]:
    if len(packet) < 20 or packet[0] >> 4 != 4:
        raise _NotFoundError(Outcome.MALFORMED)
    header = (packet[0] & 15) * 4
    if header < 20 or len(packet) < header:
        raise _NotFoundError(Outcome.MALFORMED)
    if packet[9] != _UDP:
        raise _NotFoundError(Outcome.NOT_UDP)
    if _u16(packet, 6) & 0x3FFF:
        raise _NotFoundError(Outcome.FRAGMENT)
    return V4_PREFIX + bytes(packet[12:16]), packet[header:]


def _ipv6(packet: memoryview) -> tuple[bytes, memoryview]:
    if len(packet) < 40 or packet[0] >> 4 != 6:
        raise _NotFoundError(Outcome.MALFORMED)
    following, at = packet[6], 40
    while following in _IPV6_EXTENSIONS or following == _AH:
        if at + 8 > len(packet):
            raise _NotFoundError(Outcome.MALFORMED)
        units = (packet[at + 1] + 2) * 4 if following == _AH else (packet[at + 1] + 1) * 8
        following, at = packet[at], at + units
    if following == _IPV6_FRAGMENT:
        raise _NotFoundError(Outcome.FRAGMENT)
    if following != _UDP:
        raise _NotFoundError(Outcome.NOT_UDP)
    return bytes(packet[8:24]), packet[at:]


def read_udp(frame: Frame) -> UdpPacket | Outcome:
    """The UDP datagram in a frame, or why there is none."""
    try:
        kind, packet = _network(frame)
        if kind == _IPV4:
            source, datagram = _ipv4(packet)
        elif kind == _IPV6:
            source, datagram = _ipv6(packet)
        else:
            return Outcome.NOT_UDP
        source_port, destination_port = _u16(datagram, 0), _u16(datagram, 2)
        length = _u16(datagram, 4)
    except _NotFoundError as found:
        return found.outcome
    if length < 8 or len(datagram) < 8:
        return Outcome.MALFORMED
    outcome = Outcome.CUT if length > len(datagram) else Outcome.DATAGRAM
    return UdpPacket(source, source_port, destination_port, datagram[8:length], outcome)
