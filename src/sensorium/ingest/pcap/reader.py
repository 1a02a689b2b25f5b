"""A capture file as what was carried in it: UDP datagrams, and the parts of connections."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from sensorium.ingest.pcap import classic, pcapng
from sensorium.ingest.pcap.frames import CutShortError, Frame, PcapError
from sensorium.ingest.pcap.outcomes import NotFoundError, Outcome
from sensorium.ingest.pcap.parts import Part
from sensorium.ingest.pcap.pieces import Pieces
from sensorium.ingest.pcap.sctp import SctpAssociations
from sensorium.ingest.pcap.tcp import TcpConnections
from sensorium.ingest.pcap.transport import Ends, TcpSegment, UdpPacket, read_transport
from sensorium.observe import Observe

_LATEST_NS = (1 << 63) - 1


class Datagram(NamedTuple):
    """A UDP datagram and when it was captured."""

    time_ns: int
    ends: Ends
    payload: memoryview


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


class _Packets:
    """Takes frames, counts what became of each, and gives what they carried."""

    def __init__(self, observe: Observe) -> None:
        self._packets = observe.counter(
            "sensorium_capture_packets",
            "Packets of capture files, by what became of them",
            ("outcome",),
        )
        self._counts = dict.fromkeys(Outcome, 0)
        numbers = itertools.count(1)
        self._pieces = Pieces()
        self._tcp, self._sctp = TcpConnections(numbers), SctpAssociations(numbers)
        self._last_ns = 0

    def take(self, frame: Frame | None) -> Iterator[Datagram | Part]:
        """What a frame carried, and what it made whole."""
        if frame is None:
            self._counts[Outcome.MALFORMED] += 1
            return
        try:
            found = read_transport(frame, self._pieces)
        except NotFoundError as none:
            self._counts[none.outcome] += 1
            return
        if found is None:
            return
        carried, pieces = found
        if pieces > 1:
            self._counts[Outcome.PIECE] += pieces - 1
        # Times beyond what int64 nanoseconds can say come from damaged files.
        time_ns = self._last_ns = min(max(frame.time_ns, 0), _LATEST_NS)
        if isinstance(carried, UdpPacket):
            self._counts[Outcome.CUT if carried.cut else Outcome.DATAGRAM] += 1
            yield Datagram(time_ns, carried.ends, carried.payload)
            return
        if isinstance(carried, TcpSegment):
            outcome, parts = self._tcp.add(time_ns, carried)
        else:
            outcome, parts = self._sctp.add(time_ns, carried)
        self._counts[outcome] += 1
        yield from parts

    def rest(self) -> Iterator[Part]:
        """What waited for packets that are not in the capture."""
        self._counts[Outcome.FRAGMENT] += self._pieces.lost()
        yield from self._tcp.rest(self._last_ns)
        yield from self._sctp.rest(self._last_ns)

    def tell(self) -> None:
        """Let the metric have what was counted: one packet at a time is too slow."""
        for outcome, count in self._counts.items():
            if count:
                self._packets.labels(outcome).inc(count)
                self._counts[outcome] = 0


def read_packets(data: bytes | memoryview, observe: Observe) -> Iterator[Datagram | Part]:
    """What a capture carried, in the order in which it became whole.

    PcapError if the bytes are no capture; past its header nothing raises: every packet is counted
    in ``sensorium_capture_packets_total`` by outcome, and a file that ends inside a packet in
    ``sensorium_capture_cut_short_total``.
    """
    cut_short = observe.counter(
        "sensorium_capture_cut_short", "Capture files that end inside a packet or are damaged there"
    )
    packets = _Packets(observe)
    try:
        try:
            for frame in _frames(memoryview(data)):
                yield from packets.take(frame)
        except CutShortError:
            cut_short.inc()
        yield from packets.rest()
    finally:
        packets.tell()
