"""One connection of the API: uvicorn's protocol, with a bound on how slow it may be."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sensorium.ingest.transport.http.patience import Patience

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
        self._count = count
        self._patience = Patience(timeout_s, count)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection, and wait so long for what it sends."""
        super().connection_made(transport)
        self._patience.begin(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self._patience.end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; the clock runs while no request is under way."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._patience.begin(self.transport)

    def on_headers_complete(self) -> None:
        """A request begins: its body has a time of its own."""
        self._patience.end()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._count("malformed_request")
        super().send_400_response(msg)
