"""The classic pcap file format (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from sensorium.ingest.pcap.frames import CutShortError, Frame, PcapError

_FILE_HEADER = 24
_PACKET_HEADER = 16

_FORMATS = {
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
}
"""Magic to byte order and nanoseconds in the timestamp's fraction unit."""

MAGICS = frozenset(_FORMATS)


def read_frames(data: memoryview) -> Iterator[Frame]:
    """All frames of a pcap file.

    PcapError without a whole file header; CutShortError where the file ends inside a packet.
    """
    if len(data) < _FILE_HEADER or bytes(data[:4]) not in MAGICS:
        raise PcapError("not a pcap file: it has no pcap header")
    order, unit = _FORMATS[bytes(data[:4])]
    (link,) = struct.unpack_from(order + "I", data, 20)
    header = struct.Struct(order + "IIII")
    at = _FILE_HEADER
    while at < len(data):
        if at + _PACKET_HEADER > len(data):
            raise CutShortError
        seconds, fraction, kept, _ = header.unpack_from(data, at)
        at += _PACKET_HEADER
        if at + kept > len(data):
            raise CutShortError
        # The upper bits of the link type say how long a frame check sequence is.
        yield Frame(seconds * 1_000_000_000 + fraction * unit, link & 0xFFFF, data[at : at + kept])
        at += kept
