"""SCTP associations in a capture: the messages of each direction, whole (RFC 9260, 8260)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from sensorium.ingest.pcap.ordered import InOrder, Ordered
from sensorium.ingest.pcap.outcomes import NotFoundError, Outcome, u16, u32
from sensorium.ingest.pcap.parts import MOST, Followed, Part
from sensorium.ingest.pcap.transport import Ends, SctpPacket

_DATA: Final = 0
_INIT: Final = 1
_INIT_ACK: Final = 2
_ABORT: Final = 6
_SHUTDOWN_COMPLETE: Final = 14
_I_DATA: Final = 64
_HEADER: Final = {_DATA: 16, _I_DATA: 20}
_LAST, _FIRST, _UNORDERED = 1, 2, 4
_NOTHING: Final = memoryview(b"")


@dataclass(frozen=True, slots=True)
class _Chunk:
    """User data: a message or a fragment of one. ``message`` tells which of those under way."""

    flags: int
    message: tuple[int, int, int]
    data: memoryview


@dataclass(slots=True)
class _Direction:
    number: int
    ends: Ends
    ordered: Ordered[_Chunk]
    begun: dict[tuple[int, int, int], list[memoryview]] = field(default_factory=dict)
    gap: bool = False


class SctpAssociations:
    """Puts chunks in order and fragments together.

    A direction is known by its ports and its verification tag, whichever of its addresses a packet
    comes from. A message of which a fragment is missing is a gap.
    """

    def __init__(self, numbers: Iterator[int]) -> None:
        self._followed = Followed[_Direction]()
        self._numbers = numbers
        self._first: dict[tuple[int, int, bytes], int] = {}

    def add(self, time_ns: int, packet: SctpPacket) -> tuple[Outcome, list[Part]]:
        """Take a packet: what became of it, and the messages that are whole now."""
        parts, data, fresh = list[Part](), 0, 0
        try:
            for kind, flags, body in _chunks(packet.chunks):
                if kind in (_INIT, _INIT_ACK):
                    self._announced(packet.ends, u32(body, 12))
                elif kind in (_ABORT, _SHUTDOWN_COMPLETE):
                    parts += self._ended(packet, time_ns)
                elif kind in _HEADER:
                    data += 1
                    found = self._taken(time_ns, packet, kind, flags, body)
                    fresh += found is not None
                    parts += found or ()
        except NotFoundError as error:
            return error.outcome, parts
        if not data:
            return Outcome.CONTROL, parts
        return Outcome.DATA if fresh else Outcome.REPEATED, parts

    def rest(self, time_ns: int) -> list[Part]:
        """What still waited for chunks before it: the capture has ended."""
        return [
            part
            for direction in self._followed.end_all()
            for part in self._rest(direction, time_ns)
        ]

    def _announced(self, ends: Ends, first: int) -> None:
        if len(self._first) >= MOST:
            self._first.clear()
        self._first[(ends.source_port, ends.destination_port, ends.source)] = first

    def _taken(
        self, time_ns: int, packet: SctpPacket, kind: int, flags: int, body: memoryview
    ) -> list[Part] | None:
        """The messages that a chunk makes whole; None where it had come."""
        number, stream = u32(body, 0), u16(body, 4)
        ordinal = u32(body, 8) if kind == _I_DATA else 0
        chunk = _Chunk(flags, (stream, flags & _UNORDERED, ordinal), body[_HEADER[kind] - 4 :])
        ends, parts = packet.ends, list[Part]()
        key = (ends.source_port, ends.destination_port, packet.tag)
        direction = self._followed.heard(key)
        if direction is None:
            first = self._first.pop((*key[:2], ends.source), None)
            ordered = Ordered[_Chunk](first)
            if first is not None and not ordered.follows(number):
                ordered = Ordered[_Chunk]()
            direction = _Direction(next(self._numbers), ends, ordered)
            oldest = self._followed.begin(key, direction)
            if oldest is not None:
                parts += self._rest(oldest, time_ns)
        found = direction.ordered.add(number, 1, chunk)
        return None if found is None else parts + _messages(direction, found, time_ns)

    def _ended(self, packet: SctpPacket, time_ns: int) -> list[Part]:
        """The direction that the packet's tag names, and what waited there.

        The other direction has another tag, and ends when the capture does.
        """
        ends = packet.ends
        direction = self._followed.end((ends.source_port, ends.destination_port, packet.tag))
        return [] if direction is None else self._rest(direction, time_ns)

    def _rest(self, direction: _Direction, time_ns: int) -> list[Part]:
        parts = _messages(direction, direction.ordered.rest(), time_ns)
        end = Part(time_ns, direction.number, direction.ends, _NOTHING, message=True, ended=True)
        return [*parts, end]


def _chunks(data: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Type, flags and value of each chunk; NotFoundError at one that does not fit."""
    at = 0
    while at + 4 <= len(data):
        length = u16(data, at + 2)
        least = _HEADER.get(data[at], 4)
        if length < least or at + length > len(data):
            raise NotFoundError(Outcome.CUT if at + length > len(data) else Outcome.MALFORMED)
        yield data[at], data[at + 1], data[at + 4 : at + length]
        at += length + -length % 4


def _messages(direction: _Direction, found: list[InOrder[_Chunk]], time_ns: int) -> list[Part]:
    """The messages that end in these chunks, which are in order."""
    parts = list[Part]()
    for each in found:
        if each.gap:
            direction.begun.clear()
            direction.gap = True
        chunk = each.part
        if chunk.flags & _FIRST:
            direction.begun[chunk.message] = []
        pieces = direction.begun.get(chunk.message)
        if pieces is None:  # the rest of a message whose beginning is missing
            continue
        pieces.append(chunk.data)
        if chunk.flags & _LAST:
            del direction.begun[chunk.message]
            data = pieces[0] if len(pieces) == 1 else memoryview(b"".join(pieces))
            number, ends, gap = direction.number, direction.ends, direction.gap
            parts.append(Part(time_ns, number, ends, data, message=True, gap=gap))
            direction.gap = False
    return parts
