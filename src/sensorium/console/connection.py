"""One connection of the API: uvicorn's protocol, with a bound on how slow it may be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# uvicorn warns of every malformed request; here they are counted instead. Errors are still told.
_ERRORS: Final = logging.getLogger("uvicorn.error.console")
_ERRORS.setLevel(logging.ERROR)


class Connection(HttpToolsProtocol):
    """Closes what sends no whole request head in time; ``count`` is told the reason."""

    def __init__(
        self, *arguments: Any, timeout_s: float, count: Callable[[str], None], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self.logger = _ERRORS
        self._timeout_s = timeout_s
        self._count = count
        self._overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection, and wait so long for what it sends."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self._relax()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; the clock runs while no request is under way."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._watch()

    def on_headers_complete(self) -> None:
        """A request begins: its body has a time of its own."""
        self._relax()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._count("malformed_request")
        super().send_400_response(msg)

    def _watch(self) -> None:
        if self._overdue is None and not self.transport.is_closing():
            self._overdue = self.loop.call_later(self._timeout_s, self._give_up)

    def _relax(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _give_up(self) -> None:
        self._overdue = None
        if not self.transport.is_closing():
            self._count("slow_head")
            self.transport.abort()
