"""What comes out of a captured connection, and how many of them are followed at once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, NamedTuple, TypeVar

from sensorium.ingest.pcap.transport import Ends

MOST: Final = 16_384
"""Directions of connections that are followed at once; the one heard longest ago makes room."""

T = TypeVar("T")


class Part(NamedTuple):
    """Bytes of one direction of a TCP connection in their order, or one message of SCTP.

    ``number`` is the direction's, which no other in the capture has. ``gap``: what came before
    was not captured. ``ended``: nothing more comes, and there is no ``data``; ``closed`` where the
    sender said so, and all before that is there.
    """

    time_ns: int
    number: int
    ends: Ends
    data: memoryview
    message: bool
    gap: bool = False
    ended: bool = False
    closed: bool = False


class Followed(Generic[T]):
    """What is known of the directions that are followed, the one heard longest ago first."""

    def __init__(self) -> None:
        self._known: dict[Hashable, T] = {}

    def heard(self, key: Hashable) -> T | None:
        """What is known of a direction, which has just been heard."""
        known = self._known.pop(key, None)
        if known is not None:
            self._known[key] = known
        return known

    def begin(self, key: Hashable, known: T) -> T | None:
        """Follow one more; the one that made room for it."""
        oldest = self._known.pop(next(iter(self._known))) if len(self._known) >= MOST else None
        self._known[key] = known
        return oldest

    def end(self, key: Hashable) -> T | None:
        """Follow a direction no longer; what was known of it."""
        return self._known.pop(key, None)

    def end_all(self) -> list[T]:
        """Follow none any longer; what was known of them."""
        known = list(self._known.values())
        self._known.clear()
        return known
