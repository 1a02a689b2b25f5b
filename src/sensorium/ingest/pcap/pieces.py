"""IP packets put together from their pieces, in whatever order these were captured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MOST: Final = 1024
"""Packets that wait for pieces, and no longer than so many nanoseconds of capture time:"""
LONGEST_NS: Final = 60_000_000_000
_LARGEST: Final = 65_535
_MOST_PIECES: Final = 128
"""Of one packet: so many there are where links carry 576 bytes, the least that IPv4 asks for."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Of which packet it is, at which byte it begins, and whether more follow."""

    key: bytes
    offset: int
    more: bool


@dataclass(slots=True)
class _Waiting:
    began_ns: int
    held: dict[int, bytes] = field(default_factory=dict)
    protocol: int = 0
    length: int = -1
    pieces: int = 0

    def add(self, piece: Piece, data: bytes) -> bool:
        """Whether the piece goes with those that are there: overlapping ones do not (RFC 5722)."""
        end = piece.offset + len(data)
        if end > _LARGEST or (piece.more and (len(data) % 8 or not data)):
            return False
        if self.held.get(piece.offset) == data:  # once more
            return True
        if len(self.held) == _MOST_PIECES:
            return False
        for offset, other in self.held.items():
            if piece.offset < offset + len(other) and offset < end:
                return False
        if not piece.more:
            if self.length >= 0:
                return False
            self.length = end
        self.held[piece.offset] = data
        return self.length < 0 or max(o + len(d) for o, d in self.held.items()) <= self.length

    def whole(self) -> bool:
        return self.length >= 0 and sum(map(len, self.held.values())) == self.length


class Pieces:
    """Holds the pieces of packets until all have come."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, _Waiting] = {}
        self._lost = 0

    def add(
        self, time_ns: int, protocol: int, piece: Piece, data: memoryview
    ) -> tuple[int, bytes, int] | None:
        """Take a piece; the packet's protocol and payload with the number of its pieces, once all
        have come.

        The protocol is what the first piece says: that of IPv6 may differ in the others.
        """
        self._let_go(time_ns)
        waiting = self._waiting.setdefault(piece.key, _Waiting(time_ns))
        waiting.pieces += 1
        if not waiting.add(piece, bytes(data)):
            self._lost += self._waiting.pop(piece.key).pieces
            return None
        if piece.offset == 0:
            waiting.protocol = protocol
        if not waiting.whole():
            return None
        del self._waiting[piece.key]
        payload = b"".join(data for _, data in sorted(waiting.held.items()))
        return waiting.protocol, payload, waiting.pieces

    def lost(self) -> int:
        """How many pieces were given up, with those that wait still: the capture has ended."""
        waiting = sum(packet.pieces for packet in self._waiting.values())
        self._waiting.clear()
        return self._lost + waiting

    def _let_go(self, time_ns: int) -> None:
        while self._waiting:
            oldest = next(iter(self._waiting))
            began_ns = self._waiting[oldest].began_ns
            if len(self._waiting) < MOST and time_ns - began_ns <= LONGEST_NS:
                return
            self._lost += self._waiting.pop(oldest).pieces
