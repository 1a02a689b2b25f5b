"""IP packets: who sent them, what they carry, and which piece of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sensorium.ingest.pcap.outcomes import NotFoundError, Outcome, u16
from sensorium.ingest.pcap.pieces import Piece
from sensorium.model.address import V4_PREFIX

UDP: Final = 17
_FRAGMENT: Final = 44
_AH: Final = 51
_EXTENSIONS: Final = frozenset({0, 43, 60, 135, 139, 140, _AH})


@dataclass(frozen=True, slots=True)
class Packet:
    """``source`` is 16 bytes; ``protocol`` is that of ``payload``, which may be a ``piece``."""

    source: bytes
    protocol: int
    payload: memoryview
    piece: Piece | None = None


def read_ipv4(packet: memoryview) -> Packet:
    """A packet of RFC 791; NotFoundError where it is none or carries no UDP."""
    if len(packet) < 20 or packet[0] >> 4 != 4:
        raise NotFoundError(Outcome.MALFORMED)
    header = (packet[0] & 15) * 4
    if header < 20 or len(packet) < header:
        raise NotFoundError(Outcome.MALFORMED)
    source, protocol = V4_PREFIX + bytes(packet[12:16]), packet[9]
    if protocol != UDP:
        raise NotFoundError(Outcome.NOT_UDP)
    place = u16(packet, 6)
    if not place & 0x3FFF:
        return Packet(source, protocol, packet[header:])
    # Beyond its length may be padding of the link.
    payload = _whole(packet, u16(packet, 2))[header:]
    key = bytes(packet[4:6]) + bytes(packet[12:20])
    piece = Piece(key, 8 * (place & 0x1FFF), bool(place & 0x2000))
    return Packet(source, protocol, payload, piece)


def read_ipv6(packet: memoryview) -> Packet:
    """A packet of RFC 8200; NotFoundError where it is none or carries no UDP."""
    if len(packet) < 40 or packet[0] >> 4 != 6:
        raise NotFoundError(Outcome.MALFORMED)
    source = bytes(packet[8:24])
    following, payload = beyond_extensions(packet[6], packet[40:])
    if following != _FRAGMENT:
        return Packet(source, following, payload)
    before = len(packet) - len(payload)
    payload = _whole(packet, 40 + u16(packet, 4))[before:]
    place = u16(payload, 2)
    if len(payload) < 8:
        raise NotFoundError(Outcome.MALFORMED)
    key = bytes(payload[4:8]) + bytes(packet[8:40])
    piece = Piece(key, place & 0xFFF8, bool(place & 1))
    return Packet(source, payload[0], payload[8:], piece)


def beyond_extensions(following: int, data: memoryview) -> tuple[int, memoryview]:
    """The protocol after IPv6's extension headers, and what it carries."""
    at = 0
    while following in _EXTENSIONS:
        if at + 8 > len(data):
            raise NotFoundError(Outcome.MALFORMED)
        units = (data[at + 1] + 2) * 4 if following == _AH else (data[at + 1] + 1) * 8
        following, at = data[at], at + units
    if following not in (UDP, _FRAGMENT):
        raise NotFoundError(Outcome.NOT_UDP)
    return following, data[at:]


def _whole(packet: memoryview, length: int) -> memoryview:
    """A piece as long as it says it is: of one that the capture cut, the rest is missing."""
    if length > len(packet):
        raise NotFoundError(Outcome.FRAGMENT)
    return packet[:length]
