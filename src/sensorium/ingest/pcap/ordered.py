"""What one end of a connection sent, in its order, which numbers of 32 bits tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

MOST_WAITING: Final = 1024
"""Parts that wait for one that is missing, before it is taken to be missing for good."""
_FAR: Final = 1 << 26
"""A number so far from the one expected is of another connection of the same ends."""

_NUMBERS: Final = (1 << 32) - 1

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
        self._next = None if first is None else first & _NUMBERS
        self._gap = first is None
        self._waiting: dict[int, tuple[int, T]] = {}

    def follows(self, number: int) -> bool:
        """Whether a number can be of this connection, and not of one that came after it."""
        return self._next is None or abs(self._ahead(number)) < _FAR

    def add(self, number: int, size: int, part: T) -> list[InOrder[T]] | None:
        """A part that has ``size`` numbers from ``number`` on: what comes out for it.

        None where all its numbers had come.
        """
        number &= _NUMBERS
        if self._next is None:
            self._next = number
        ahead = self._ahead(number)
        if ahead + size <= 0:
            return None
        if ahead > 0:
            held = self._waiting.get(number)
            if held is not None and held[0] >= size:
                return None
            self._waiting[number] = (size, part)
            return self._drained(MOST_WAITING)
        out = [self._taken(number, size, part)]
        return out + self._drained(MOST_WAITING)

    def rest(self) -> list[InOrder[T]]:
        """What waits still, with the gaps that there are: nothing more will come."""
        return self._drained(0)

    def _ahead(self, number: int) -> int:
        """How far a number is from the one expected, negative where it has come."""
        assert self._next is not None
        return ((number - self._next + (1 << 31)) & _NUMBERS) - (1 << 31)

    def _taken(self, number: int, size: int, part: T) -> InOrder[T]:
        found = InOrder(part, max(0, -self._ahead(number)), self._gap)
        self._next, self._gap = (number + size) & _NUMBERS, False
        return found

    def _drained(self, most: int) -> list[InOrder[T]]:
        """What waits and can come out, so that ``most`` parts still wait at the end."""
        out: list[InOrder[T]] = []
        while self._waiting:
            number = min(self._waiting, key=self._ahead)
            size, part = self._waiting[number]
            ahead = self._ahead(number)
            if ahead > 0 and len(self._waiting) <= most:
                break
            del self._waiting[number]
            if ahead + size > 0:
                self._gap = self._gap or ahead > 0
                out.append(self._taken(number, size, part))
        return out
