"""How long a connection may keep us waiting for the head of a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Patience:
    """Aborts a connection that takes longer than ``timeout_s``; ``count`` is told ``slow_head``."""

    def __init__(self, timeout_s: float, count: Callable[[str], None]) -> None:
        self._timeout_s = timeout_s
        self._count = count
        self._overdue: asyncio.TimerHandle | None = None

    def begin(self, transport: asyncio.Transport) -> None:
        """The clock runs from now on, unless it does already."""
        if self._overdue is None and not transport.is_closing():
            loop = asyncio.get_running_loop()
            self._overdue = loop.call_later(self._timeout_s, self._give_up, transport)

    def end(self) -> None:
        """What was waited for came, or the connection has gone."""
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _give_up(self, transport: asyncio.Transport) -> None:
        self._overdue = None
        if not transport.is_closing():
            self._count("slow_head")
            transport.abort()
