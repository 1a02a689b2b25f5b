"""When to say again what goes on: at once, and then every half minute for each table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_EVERY_S: Final = 30.0


class NowAndThen:
    """One kind of line. ``clock_s`` is a monotonic clock."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._next_s: dict[str, float] = {}
        self._rows: dict[str, int] = {}

    def due(self, table: str, rows: int = 0) -> int | None:
        """How many rows there were since the last line, these included; None where none is due."""
        rows += self._rows.pop(table, 0)
        now_s = self._clock_s()
        if now_s < self._next_s.get(table, now_s):
            self._rows[table] = rows
            return None
        self._next_s[table] = now_s + _EVERY_S
        return rows

    def unsaid(self, table: str) -> int:
        """The rows that no line has told of yet, which are then told."""
        return self._rows.pop(table, 0)

    def over(self, table: str) -> bool:
        """It is over: the next time is said at once. Whether there was any line."""
        return self._next_s.pop(table, None) is not None
