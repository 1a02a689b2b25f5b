"""An upstream's answer, in the form that providers hand on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from sensorium.gateway.providers.http.exchange import Exchange


class HttpAnswer:
    """The head is there; the body comes as it is asked for."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @property
    def status(self) -> int:
        """Of any class: the provider judges it."""
        return self._exchange.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names; several fields of one name are joined by commas."""
        return self._exchange.headers

    async def body(self) -> bytes:
        """The whole body; raises ``CallFailedError``, and the connection is then closed."""
        try:
            return await self._exchange.whole()
        except BaseException:
            self._exchange.cancel()
            raise

    async def beginning(self, size: int, *, within_s: float) -> bytes:
        """The first ``size`` bytes of the body; fewer where it is shorter, breaks or is slow."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._exchange.held(size)
        return self._exchange.so_far(size)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they come; raises ``CallFailedError`` where the answer breaks."""
        exchange = self._exchange
        try:
            while piece := await exchange.piece():
                yield piece
        finally:
            exchange.cancel()

    async def aclose(self) -> None:
        """Let go of the connection: it is kept where the answer was whole, else closed."""
        self._exchange.cancel()
