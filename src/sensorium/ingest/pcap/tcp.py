"""TCP connections in a capture: each direction's bytes, in order and once (RFC 9293)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from sensorium.ingest.pcap.ordered import InOrder, Ordered
from sensorium.ingest.pcap.outcomes import Outcome
from sensorium.ingest.pcap.parts import Followed, Part
from sensorium.ingest.pcap.transport import Ends, TcpSegment

_FIN: Final = 1
_SYN: Final = 2
_RST: Final = 4
_NOTHING: Final = memoryview(b"")


class _Mark(Enum):
    """What has a place in the sequence and no bytes."""

    CUT = "cut"
    """Bytes that the capture left out of a segment."""
    END = "end"


@dataclass(slots=True)
class _Direction:
    number: int
    ends: Ends
    first: int | None
    ordered: Ordered[memoryview | _Mark]
    cut: bool = False


class TcpConnections:
    """Puts segments in order. What the capture has nothing of is a gap, and is gone past.

    A connection whose beginning was not captured begins with a gap. One that has ended is
    remembered for a while, for segments that are sent again come late.
    """

    def __init__(self, numbers: Iterator[int]) -> None:
        self._open = Followed[_Direction]()
        self._ended = Followed[_Direction]()
        self._numbers = numbers

    def add(self, time_ns: int, segment: TcpSegment) -> tuple[Outcome, list[Part]]:
        """Take a segment: what became of it, and all that is in order now."""
        if segment.flags & _RST:
            both = (segment.ends, segment.ends.reverse())
            return Outcome.CONTROL, [part for ends in both for part in self._end(ends, time_ns)]
        if self._comes_late(segment):
            return (Outcome.REPEATED if segment.payload else Outcome.CONTROL), []
        direction, parts = self._direction(time_ns, segment)
        if direction is None:
            return Outcome.CONTROL, parts
        number = segment.number + bool(segment.flags & _SYN)
        found = direction.ordered.add(number, len(segment.payload), segment.payload)
        outcome = Outcome.DATA if found is not None else Outcome.REPEATED
        if not segment.payload:
            found, outcome = [], Outcome.CONTROL
        found = list(found or ())
        number += len(segment.payload)
        if segment.missing:
            outcome = Outcome.CUT
            found += direction.ordered.add(number, segment.missing, _Mark.CUT) or ()
        if segment.flags & _FIN:
            number += segment.missing
            found += direction.ordered.add(number, 1, _Mark.END) or ()
        return outcome, parts + self._parts(direction, found, time_ns)

    def rest(self, time_ns: int) -> list[Part]:
        """What still waited for segments before it: the capture has ended."""
        return [
            part for direction in self._open.end_all() for part in self._rest(direction, time_ns)
        ]

    def _comes_late(self, segment: TcpSegment) -> bool:
        """Whether a segment says nothing new of a direction that has ended."""
        ended = self._ended.heard(segment.ends)
        if ended is None:
            return False
        number, size = segment.number, len(segment.payload)
        if segment.flags & _SYN:
            return ended.first == number + 1
        return ended.ordered.follows(number) and ended.ordered.has_come(number, size)

    def _direction(self, time_ns: int, segment: TcpSegment) -> tuple[_Direction | None, list[Part]]:
        """The direction that a segment belongs to; None where it says nothing of one not known."""
        ends, parts = segment.ends, list[Part]()
        first = segment.number + 1 if segment.flags & _SYN else None
        direction = self._open.heard(ends)
        if direction is not None:
            another = first is not None and first != direction.first
            if not another and direction.ordered.follows(segment.number):
                return direction, parts
            parts += self._end(ends, time_ns)
        if first is None and not segment.payload:
            return None, parts
        self._ended.end(ends)
        direction = _Direction(next(self._numbers), ends, first, Ordered(first))
        oldest = self._open.begin(ends, direction)
        if oldest is not None:
            parts += self._rest(oldest, time_ns)
        return direction, parts

    def _end(self, ends: Ends, time_ns: int) -> list[Part]:
        """End a direction before it says so; what waited there."""
        direction = self._open.end(ends)
        if direction is None:
            return []
        self._ended.begin(ends, direction)
        return self._rest(direction, time_ns)

    def _parts(
        self, direction: _Direction, found: list[InOrder[memoryview | _Mark]], time_ns: int
    ) -> list[Part]:
        parts, number, ends = list[Part](), direction.number, direction.ends
        for each in found:
            direction.cut = direction.cut or each.gap
            if each.part is _Mark.CUT:
                direction.cut = True
            elif each.part is _Mark.END:
                if self._open.end(ends) is not None:
                    self._ended.begin(ends, direction)
                parts.append(_ended(direction, time_ns, closed=not direction.cut))
                break
            else:
                data = each.part[each.known :]
                parts.append(Part(time_ns, number, ends, data, message=False, gap=direction.cut))
                direction.cut = False
        return parts

    def _rest(self, direction: _Direction, time_ns: int) -> list[Part]:
        parts = self._parts(direction, direction.ordered.rest(), time_ns)
        if not parts or not parts[-1].ended:
            parts.append(_ended(direction, time_ns, closed=False))
        return parts


def _ended(direction: _Direction, time_ns: int, *, closed: bool) -> Part:
    """The end of a direction, and whether that is its own."""
    return Part(
        time_ns,
        direction.number,
        direction.ends,
        _NOTHING,
        message=False,
        gap=direction.cut,
        ended=True,
        closed=closed,
    )
