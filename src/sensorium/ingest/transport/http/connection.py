"""One connection: uvicorn's protocol, with bounds on how slow it may be."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Callable
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from sensorium.ingest.transport.http.patience import Patience

# uvicorn tells of every malformed request; here they are counted instead.
_QUIET: Final = logging.Logger("sensorium.http_ingest", logging.CRITICAL + 1)


class Connection(H11Protocol):
    """Closes what sends no whole request head in time; ``count`` is told the reason."""

    def __init__(
        self,
        *arguments: Any,
        timeout_s: float,
        count: Callable[[str], None],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.logger = _QUIET
        self.access_log = False
        self._count = count
        self._patience = Patience(timeout_s, count)
        # Made when a connection is accepted, and let go unused where its TLS handshake fails.
        self._unmade = weakref.finalize(self, count, "tls_failed")
        self._unmade.atexit = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection, and wait so long for what it sends."""
        self._unmade.detach()
        super().connection_made(transport)
        self._patience.begin(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self._patience.end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; the clock runs while a head is incomplete, or nobody reads a body."""
        super().data_received(data)
        begun = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        ignored = self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY
        if begun or ignored:
            self._patience.begin(self.transport)
        else:
            self._patience.end()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._count("malformed_request")
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            super().send_400_response(msg)
        else:  # a response is under way or done: there is no place left for this one
            self.transport.close()
