"""A capture file as slabs of UDP datagrams with the times of capture."""

from __future__ import annotations

from collections.abc import Iterator

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.pcap import classic, pcapng
from sensorium.ingest.pcap.frames import CutShortError, Frame, PcapError
from sensorium.ingest.pcap.outcomes import Outcome
from sensorium.ingest.pcap.pieces import Pieces
from sensorium.ingest.pcap.udp import UdpPacket, read_udp
from sensorium.observe import Observe

SLAB_PACKETS = 4096


def is_capture(start: bytes) -> bool:
    """Whether a file that starts with these 4 bytes claims to be a capture."""
    return start in classic.MAGICS or start == pcapng.MAGIC


def _frames(data: memoryview) -> Iterator[Frame | None]:
    start = bytes(data[:4])
    if start in classic.MAGICS:
        return classic.read_frames(data)
    if start == pcapng.MAGIC:
        return pcapng.read_frames(data)
    raise PcapError("neither a pcap nor a pcapng file: its first four bytes are neither's")


class _Slab:
    """Datagrams on their way into columns."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.packets: list[UdpPacket] = []

    def add(self, time_ns: int, packet: UdpPacket) -> None:
        # Times beyond what int64 nanoseconds can say come from damaged files.
        self.times.append(min(max(time_ns, 0), (1 << 63) - 1))
        self.packets.append(packet)

    def datagrams(self) -> Datagrams:
        return Datagrams.of(
            [bytes(packet.payload) for packet in self.packets],
            arrival_ns=self.times,
            src_addr=[packet.source for packet in self.packets],
            src_port=[packet.source_port for packet in self.packets],
            dst_port=[packet.destination_port for packet in self.packets],
        )


def read_capture(data: bytes | memoryview, observe: Observe) -> Iterator[Datagrams]:
    """The UDP datagrams of a capture in file order; arrival is the time of capture.

    PcapError if the bytes are no capture; past its header nothing raises: what is no whole UDP
    datagram is counted in ``sensorium_capture_packets_total`` by outcome, and a file that ends
    inside a packet in ``sensorium_capture_cut_short_total``.
    """
    packets = observe.counter(
        "sensorium_capture_packets",
        "Packets of capture files, by what became of them",
        ("outcome",),
    )
    cut_short = observe.counter(
        "sensorium_capture_cut_short", "Capture files that end inside a packet or are damaged there"
    )
    slab, pieces = _Slab(), Pieces()
    try:
        for frame in _frames(memoryview(data)):
            found = Outcome.MALFORMED if frame is None else read_udp(frame, pieces)
            if frame is not None and isinstance(found, UdpPacket):
                slab.add(frame.time_ns, found)
                if found.pieces > 1:
                    packets.labels(Outcome.PIECE).inc(found.pieces - 1)
                found = found.outcome
            if found is not None:
                packets.labels(found).inc()
            if len(slab.packets) == SLAB_PACKETS:
                yield slab.datagrams()
                slab = _Slab()
    except CutShortError:
        cut_short.inc()
    if lost := pieces.lost():
        packets.labels(Outcome.FRAGMENT).inc(lost)
    if slab.packets:
        yield slab.datagrams()
