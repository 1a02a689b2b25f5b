"""A listening socket that takes so many connections and no more, of one address and in all.

What it holds counts from the moment a connection is accepted, so that one whose TLS handshake
never comes to its end has its place among the others, and files stay open for the store.
"""

from __future__ import annotations

import socket
import weakref
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final

_REFUSED_AT_A_TIME: Final = 64


class BoundedListener(socket.socket):
    """Accepts at most ``limit`` connections at a time, ``per_source`` of one address (0: no bound).

    More are closed at once; ``refused`` is told the reason.
    """

    _limit: int
    _per_source: int
    _refused: Callable[[str], None]
    _held: Counter[str]

    @classmethod
    def of(
        cls, bound: socket.socket, *, limit: int, per_source: int, refused: Callable[[str], None]
    ) -> BoundedListener:
        """Take over a bound socket, which is then closed."""
        made = cls(fileno=bound.detach())
        made._limit = limit
        made._per_source = per_source
        made._refused = refused
        made._held = Counter()
        return made

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that is let in; BlockingIOError where there is none now."""
        for _ in range(_REFUSED_AT_A_TIME):
            raw, peer = super().accept()
            source = peer[0]
            if self._held.total() >= self._limit:
                reason = "too_many_connections"
            elif self._per_source and self._held[source] >= self._per_source:
                reason = "too_many_of_source"
            else:
                self._held[source] += 1
                return _Held(raw, partial(self._left, source)), peer
            raw.close()
            self._refused(reason)
        raise BlockingIOError("others have their turn first")

    def _left(self, source: str) -> None:
        self._held[source] -= 1
        if not self._held[source]:
            del self._held[source]


class _Held(socket.socket):
    """A connection that says once, when it is closed or nobody has it any more, that it left."""

    def __init__(self, raw: socket.socket, left: Callable[[], None]) -> None:
        super().__init__(fileno=raw.detach())
        self._left = weakref.finalize(self, left)

    def close(self) -> None:
        """Close it."""
        super().close()
        self._left()
