"""IP packets: who sent them to whom, what they carry, and which piece of it."""

from __future__ import annotations

from typing import Final, NamedTuple

from sensorium.ingest.pcap.outcomes import NotFoundError, Outcome, u16
from sensorium.ingest.pcap.pieces import Piece
from sensorium.model.address import V4_PREFIX

TCP: Final = 6
UDP: Final = 17
SCTP: Final = 132
_READ: Final = frozenset({TCP, UDP, SCTP})
_FRAGMENT: Final = 44
_AH: Final = 51
_EXTENSIONS: Final = frozenset({0, 43, 60, 135, 139, 140, _AH})


class Packet(NamedTuple):
    """Addresses are 16 bytes; ``protocol`` is that of ``payload``, which may be a ``piece``.

    The capture kept ``missing`` bytes less of the payload than there were.
    """

    source: bytes
    destination: bytes
    protocol: int
    payload: memoryview
    missing: int = 0
    piece: Piece | None = None


def read_ipv4(packet: memoryview) -> Packet:
    """A packet of RFC 791; NotFoundError where it is none or carries nothing read."""
    if len(packet) < 20 or packet[0] >> 4 != 4:
        raise NotFoundError(Outcome.MALFORMED)
    header = (packet[0] & 15) * 4
    if header < 20 or len(packet) < header:
        raise NotFoundError(Outcome.MALFORMED)
    source, destination = V4_PREFIX + bytes(packet[12:16]), V4_PREFIX + bytes(packet[16:20])
    protocol, place, length = packet[9], u16(packet, 6), u16(packet, 2)
    if protocol not in _READ:
        raise NotFoundError(Outcome.OTHER_PROTOCOL)
    if not place & 0x3FFF:
        payload, missing = _stated(packet, header, protocol, length)
        return Packet(source, destination, protocol, payload, missing)
    payload = _whole(packet, length)[header:]
    key = bytes(packet[4:6]) + bytes(packet[12:20])
    piece = Piece(key, 8 * (place & 0x1FFF), bool(place & 0x2000))
    return Packet(source, destination, protocol, payload, piece=piece)


def read_ipv6(packet: memoryview) -> Packet:
    """A packet of RFC 8200; NotFoundError where it is none or carries nothing read."""
    if len(packet) < 40 or packet[0] >> 4 != 6:
        raise NotFoundError(Outcome.MALFORMED)
    source, destination = bytes(packet[8:24]), bytes(packet[24:40])
    following, payload = beyond_extensions(packet[6], packet[40:])
    before, length = len(packet) - len(payload), u16(packet, 4)
    if following != _FRAGMENT:
        payload, missing = _stated(packet, before, following, length and 40 + length)
        return Packet(source, destination, following, payload, missing)
    payload = _whole(packet, 40 + length)[before:]
    place = u16(payload, 2)
    if len(payload) < 8:
        raise NotFoundError(Outcome.MALFORMED)
    key = bytes(payload[4:8]) + bytes(packet[8:40])
    piece = Piece(key, place & 0xFFF8, bool(place & 1))
    return Packet(source, destination, payload[0], payload[8:], piece=piece)


def beyond_extensions(following: int, data: memoryview) -> tuple[int, memoryview]:
    """The protocol after IPv6's extension headers, and what it carries."""
    at = 0
    while following in _EXTENSIONS:
        if at + 8 > len(data):
            raise NotFoundError(Outcome.MALFORMED)
        units = (data[at + 1] + 2) * 4 if following == _AH else (data[at + 1] + 1) * 8
        following, at = data[at], at + units
    if following != _FRAGMENT and following not in _READ:
        raise NotFoundError(Outcome.OTHER_PROTOCOL)
    return following, data[at:]


def _stated(packet: memoryview, before: int, protocol: int, length: int) -> tuple[memoryview, int]:
    """What a packet of a stated length carries after ``before`` bytes, and how much is not there.

    Beyond its length may be padding of the link. It is 0 where a host captured what it left to its
    network card to divide. A datagram says its length itself.
    """
    if length < before or protocol == UDP:
        return packet[before:], 0
    return packet[before:length], max(0, length - len(packet))


def _whole(packet: memoryview, length: int) -> memoryview:
    """A piece as long as it says it is: of one that the capture cut, the rest is missing."""
    if length > len(packet):
        raise NotFoundError(Outcome.FRAGMENT)
    return packet[:length]
