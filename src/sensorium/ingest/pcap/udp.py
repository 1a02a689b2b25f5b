"""The UDP datagrams in captured frames, put together where they came in pieces."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.ingest.pcap.frames import Frame
from sensorium.ingest.pcap.links import IPV4, IPV6, network_of
from sensorium.ingest.pcap.network import UDP, Packet, beyond_extensions, read_ipv4, read_ipv6
from sensorium.ingest.pcap.outcomes import NotFoundError, Outcome, u16
from sensorium.ingest.pcap.pieces import Pieces


@dataclass(frozen=True, slots=True)
class UdpPacket:
    """A UDP datagram, from so many ``pieces``; ``source`` is 16 bytes."""

    source: bytes
    source_port: int
    destination_port: int
    payload: memoryview
    outcome: Outcome
    pieces: int = 1


def read_udp(frame: Frame, pieces: Pieces) -> UdpPacket | Outcome | None:
    """The UDP datagram in a frame, or why there is none; None of a piece that waits for others."""
    try:
        kind, data = network_of(frame)
        if kind not in (IPV4, IPV6):
            return Outcome.NOT_UDP
        packet = read_ipv4(data) if kind == IPV4 else read_ipv6(data)
        count = 1
        if packet.piece is not None:
            found = pieces.add(frame.time_ns, packet.protocol, packet.piece, packet.payload)
            if found is None:
                return None
            protocol, payload, count = found
            packet = Packet(packet.source, *beyond_extensions(protocol, memoryview(payload)))
        return _datagram(packet, count)
    except NotFoundError as found_none:
        return found_none.outcome


def _datagram(packet: Packet, pieces: int) -> UdpPacket | Outcome:
    data = packet.payload
    if packet.protocol != UDP:
        return Outcome.NOT_UDP
    source_port, destination_port, length = u16(data, 0), u16(data, 2), u16(data, 4)
    if length < 8 or len(data) < 8:
        return Outcome.MALFORMED
    outcome = Outcome.CUT if length > len(data) else Outcome.DATAGRAM
    payload = data[8:length]
    return UdpPacket(packet.source, source_port, destination_port, payload, outcome, pieces)
