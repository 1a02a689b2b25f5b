"""What one end of a connection sent, in its order, which numbers of 32 bits tell."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

MOST_WAITING: Final = 1024
"""Parts that wait for one that is missing, before it is taken to be missing for good."""
_FAR: Final = 1 << 26
"""A number so far from the one expected is of another connection of the same ends."""

_NUMBERS: Final = (1 << 32) - 1
_HALF: Final = 1 << 31

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InOrder(Generic[T]):
    """A part whose turn has come; of its first ``known`` numbers all came before.

    ``gap``: something before it is missing.
    """

    part: T
    known: int
    gap: bool


class Ordered(Generic[T]):
    """Parts are added in the order of capture and come out in that of sending, each number once.

    ``first`` is the number that the sender said it begins with; None where that was not captured.
    """

    def __init__(self, first: int | None = None) -> None:
        # Places do not wrap as numbers do: they count on from the first number.
        self._next = None if first is None else first & _NUMBERS
        self._gap = first is None
        self._waiting: list[tuple[int, int, T]] = []
        self._sizes: dict[int, int] = {}

    def follows(self, number: int) -> bool:
        """Whether a number can be of this connection, and not of one that came after it."""
        return self._next is None or abs(self._place(number) - self._next) < _FAR

    def has_come(self, number: int, size: int) -> bool:
        """Whether all of these numbers came before."""
        return self._next is not None and self._place(number) + size <= self._next

    def add(self, number: int, size: int, part: T) -> list[InOrder[T]] | None:
        """A part that has ``size`` numbers from ``number`` on: what comes out for it.

        None where all its numbers had come.
        """
        if self._next is None:
            self._next = number & _NUMBERS
        place = self._place(number)
        if place + size <= self._next:
            return None
        if place <= self._next:
            return [self._taken(place, size, part), *self._drained(MOST_WAITING)]
        if self._sizes.get(place, -1) >= size:
            return None
        self._sizes[place] = size
        # Parts are never compared: of one place each that waits is longer than those before it.
        heapq.heappush(self._waiting, (place, size, part))
        return self._drained(MOST_WAITING)

    def rest(self) -> list[InOrder[T]]:
        """What waits still, with the gaps that there are: nothing more will come."""
        return self._drained(0)

    def _place(self, number: int) -> int:
        """The place of a number: of those that it can stand for, the nearest to the next."""
        assert self._next is not None
        return self._next + ((number - self._next + _HALF) & _NUMBERS) - _HALF

    def _taken(self, place: int, size: int, part: T) -> InOrder[T]:
        assert self._next is not None
        found = InOrder(part, max(0, self._next - place), self._gap)
        self._next, self._gap = place + size, False
        return found

    def _drained(self, most: int) -> list[InOrder[T]]:
        """What waits and can come out, so that ``most`` parts still wait at the end."""
        out: list[InOrder[T]] = []
        while self._waiting:
            assert self._next is not None
            if self._waiting[0][0] > self._next and len(self._waiting) <= most:
                break
            place, size, part = heapq.heappop(self._waiting)
            self._sizes.pop(place, None)
            if place + size > self._next:
                self._gap = self._gap or place > self._next
                out.append(self._taken(place, size, part))
        return out
