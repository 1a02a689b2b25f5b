"""The pcapng file format (https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from sensorium.ingest.pcap.frames import CutShortError, Frame, PcapError

MAGIC = b"\x0a\x0d\x0d\x0a"

_INTERFACE_DESCRIPTION = 1
_SIMPLE_PACKET = 3
_ENHANCED_PACKET = 6

_BYTE_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}

_IF_TSRESOL = 9
_IF_TSOFFSET = 14

_MOST_EXPONENT = 63


@dataclass(frozen=True, slots=True)
class _Interface:
    link: int
    snap_length: int
    ticks_per_second: int = 1_000_000
    offset_s: int = 0

    def time_ns(self, ticks: int) -> int:
        return self.offset_s * 1_000_000_000 + ticks * 1_000_000_000 // self.ticks_per_second


@dataclass(slots=True)
class _Section:
    """What the blocks of one section share: byte order, interfaces, and the latest time."""

    order: str
    interfaces: list[_Interface] = field(default_factory=list)
    last_ns: int = 0


def _options(body: memoryview, at: int, order: str) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        at += 4
        if code == 0 or at + length > len(body):
            return
        yield code, bytes(body[at : at + length])
        at += -(-length // 4) * 4


def _interface(body: memoryview, order: str) -> _Interface | None:
    if len(body) < 8:
        return None
    link, _, snap_length = struct.unpack_from(order + "HHI", body, 0)
    ticks, offset = 1_000_000, 0
    for code, value in _options(body, 8, order):
        if code == _IF_TSRESOL and len(value) == 1:
            # The top bit says whether the exponent is of 2 or of 10.
            exponent = min(value[0] & 0x7F, _MOST_EXPONENT)
            ticks = 2**exponent if value[0] & 0x80 else 10**exponent
        elif code == _IF_TSOFFSET and len(value) == 8:
            (offset,) = struct.unpack(order + "q", value)
    return _Interface(link, snap_length, ticks, offset)


def _enhanced(body: memoryview, section: _Section) -> Frame | None:
    if len(body) < 20:
        return None
    number, high, low, kept, _ = struct.unpack_from(section.order + "IIIII", body, 0)
    if number >= len(section.interfaces) or 20 + kept > len(body):
        return None
    interface = section.interfaces[number]
    section.last_ns = interface.time_ns(high << 32 | low)
    return Frame(section.last_ns, interface.link, body[20 : 20 + kept])


def _simple(body: memoryview, section: _Section) -> Frame | None:
    """A simple packet block has no time of its own: the packet before it lends its."""
    if len(body) < 4 or not section.interfaces:
        return None
    interface = section.interfaces[0]
    (length,) = struct.unpack_from(section.order + "I", body, 0)
    kept = min(length, len(body) - 4, interface.snap_length or length)
    return Frame(section.last_ns, interface.link, body[4 : 4 + kept])


def _byte_order(data: memoryview, at: int) -> str:
    order = _BYTE_ORDERS.get(bytes(data[at + 8 : at + 12]))
    if order is None:
        raise CutShortError
    return order


def read_frames(data: memoryview) -> Iterator[Frame | None]:
    """All frames of a pcapng file, None for a packet block that cannot be read.

    PcapError if it does not begin with a section header; CutShortError where the file ends inside
    a block or a block's length cannot be.
    """
    if len(data) < 28 or bytes(data[:4]) != MAGIC or bytes(data[8:12]) not in _BYTE_ORDERS:
        raise PcapError("not a pcapng file: it has no section header block")
    section = _Section(_byte_order(data, 0))
    at = 0
    while at < len(data):
        if at + 12 > len(data):
            raise CutShortError
        if bytes(data[at : at + 4]) == MAGIC:
            section = _Section(_byte_order(data, at))
        kind, length = struct.unpack_from(section.order + "II", data, at)
        if length < 12 or length % 4 or at + length > len(data):
            raise CutShortError
        body = data[at + 8 : at + length - 4]
        if kind == _INTERFACE_DESCRIPTION:
            interface = _interface(body, section.order)
            if interface is None:
                raise CutShortError
            section.interfaces.append(interface)
        elif kind == _ENHANCED_PACKET:
            yield _enhanced(body, section)
        elif kind == _SIMPLE_PACKET:
            yield _simple(body, section)
        at += length
