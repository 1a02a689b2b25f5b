"""What captured frames carry over IP, put together where it came in pieces: UDP, TCP and SCTP."""

from __future__ import annotations

from typing import Final, NamedTuple

from sensorium.ingest.pcap.frames import Frame
from sensorium.ingest.pcap.links import IPV4, IPV6, network_of
from sensorium.ingest.pcap.network import (
    TCP,
    UDP,
    Packet,
    beyond_extensions,
    read_ipv4,
    read_ipv6,
)
from sensorium.ingest.pcap.outcomes import NotFoundError, Outcome, u16, u32
from sensorium.ingest.pcap.pieces import Pieces

_LEAST_TCP: Final = 20
_SCTP_HEADER: Final = 12


class Ends(NamedTuple):
    """Who sends to whom; addresses are 16 bytes."""

    source: bytes
    source_port: int
    destination: bytes
    destination_port: int

    def reverse(self) -> Ends:
        """The other direction."""
        return Ends(self.destination, self.destination_port, self.source, self.source_port)


class UdpPacket(NamedTuple):
    """A UDP datagram; ``cut`` where the capture kept only a part of it."""

    ends: Ends
    payload: memoryview
    cut: bool


class TcpSegment(NamedTuple):
    """A TCP segment; of its payload ``missing`` bytes are not in the capture."""

    ends: Ends
    number: int
    flags: int
    payload: memoryview
    missing: int


class SctpPacket(NamedTuple):
    """An SCTP packet: ``tag`` is its association's, ``chunks`` what follows the header."""

    ends: Ends
    tag: int
    chunks: memoryview


Carried = UdpPacket | TcpSegment | SctpPacket


def read_transport(frame: Frame, pieces: Pieces) -> tuple[Carried, int] | None:
    """What a frame carries, and in how many pieces it came; None of a piece that waits for others.

    NotFoundError where it carries nothing that is read.
    """
    kind, data = network_of(frame)
    if kind not in (IPV4, IPV6):
        raise NotFoundError(Outcome.OTHER_PROTOCOL)
    packet = read_ipv4(data) if kind == IPV4 else read_ipv6(data)
    count = 1
    if packet.piece is not None:
        found = pieces.add(frame.time_ns, packet.protocol, packet.piece, packet.payload)
        if found is None:
            return None
        protocol, payload, count = found
        inside = beyond_extensions(protocol, memoryview(payload))
        packet = Packet(packet.source, packet.destination, *inside)
    return _read(packet), count


def _read(packet: Packet) -> Carried:
    if packet.protocol == UDP:
        return _datagram(packet)
    return _segment(packet) if packet.protocol == TCP else _sctp(packet)


def _ends(packet: Packet) -> Ends:
    data = packet.payload
    return Ends(packet.source, u16(data, 0), packet.destination, u16(data, 2))


def _datagram(packet: Packet) -> UdpPacket:
    data = packet.payload
    length = u16(data, 4)
    if length < 8 or len(data) < 8:
        raise NotFoundError(Outcome.MALFORMED)
    return UdpPacket(_ends(packet), data[8:length], length > len(data))


def _segment(packet: Packet) -> TcpSegment:
    data = packet.payload
    if len(data) < _LEAST_TCP:
        raise NotFoundError(Outcome.MALFORMED)
    header = (data[12] >> 4) * 4
    if header < _LEAST_TCP or header > len(data) + packet.missing:
        raise NotFoundError(Outcome.MALFORMED)
    missing = min(packet.missing, len(data) + packet.missing - header)
    return TcpSegment(_ends(packet), u32(data, 4), data[13], data[header:], missing)


def _sctp(packet: Packet) -> SctpPacket:
    if len(packet.payload) < _SCTP_HEADER:
        raise NotFoundError(Outcome.MALFORMED)
    return SctpPacket(_ends(packet), u32(packet.payload, 4), packet.payload[_SCTP_HEADER:])
