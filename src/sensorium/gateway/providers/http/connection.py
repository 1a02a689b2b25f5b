"""One connection to an origin: an ``asyncio`` protocol that carries one exchange at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.providers.failures import unreachable
from sensorium.gateway.providers.http.exchange import Exchange


class Connection(asyncio.Protocol):
    """Idle, or busy with one exchange. ``idle_since`` is in the loop's time.

    ``settle`` says that the last answer was chunked: llama.cpp and others close the connection
    after a stream without having said so, which shows only a moment later.

    ``on_idle`` is called when it can take another exchange, ``on_gone`` once when it is closed.
    """

    def __init__(
        self,
        on_idle: Callable[[Connection], None],
        on_gone: Callable[[Connection], None],
    ) -> None:
        self.idle_since = 0.0
        self.settle = False
        self._on_idle = on_idle
        self._on_gone = on_gone
        self._transport: Any = None
        self._exchange: Exchange | None = None
        self._eof = False

    @property
    def usable(self) -> bool:
        """Whether it is open and idle, as far as the other side has said."""
        return self._exchange is None and not self._eof and not self._transport.is_closing()

    def start(self, exchange: Exchange, head: bytes, body: bytes) -> None:
        """Send a request, whose answer goes to ``exchange``; the connection must be usable."""
        self._exchange = exchange
        if len(body) <= 65_536:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))

    def close(self) -> None:
        """Close it now, whatever it is doing."""
        self._transport.abort()

    # --- asyncio.Protocol -----------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """It is open."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes of the answer; bytes that nobody asked for close the connection."""
        if self._exchange is None:
            self._transport.abort()
        else:
            self._exchange.feed(data)

    def eof_received(self) -> bool:
        """The other side says no more: neither do we."""
        self._eof = True
        if self._exchange is not None:
            self._exchange.ended(clean=True)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self._eof = True
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.ended(clean=exc is None)
        self._on_gone(self)

    # --- what its exchange asks -----------------------------------------------------------------

    def pause(self) -> None:
        """Let the other side wait, by not reading."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Go on reading."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def finished(self, *, reusable: bool, chunked: bool) -> None:
        """The exchange is over; the connection is idle, or closed where it cannot be used again."""
        self._exchange = None
        self.settle = chunked
        sent = self._transport.get_write_buffer_size() == 0
        if reusable and sent and self.usable:
            self._on_idle(self)
        else:
            self._transport.abort()

    def abort(self) -> None:
        """The exchange failed: what it left unread must not reach another."""
        self._exchange = None
        self._transport.abort()


async def connect(
    addresses: list[str],
    port: int,
    make: Callable[[], Connection],
    *,
    tls: Any,
    server_hostname: str,
) -> Connection:
    """Connect to the first of the addresses that answers, each with a share of 1 s at least.

    Raises ``CallFailedError`` (UNREACHABLE). ``tls`` is an ``ssl.SSLContext`` or None.
    """
    loop = asyncio.get_running_loop()
    failure: CallFailedError | None = None
    for number, address in enumerate(addresses):
        last = number == len(addresses) - 1
        try:
            async with asyncio.timeout(None if last else 1.0):
                _, connection = await loop.create_connection(
                    make,
                    address,
                    port,
                    ssl=tls,
                    server_hostname=server_hostname if tls is not None else None,
                )
        except (OSError, TimeoutError) as error:
            failure = _why(error)
        else:
            return connection
    assert failure is not None  # there is at least one address
    raise CallFailedError(failure.failure) from None


def _why(error: Exception) -> CallFailedError:
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        reason = (error.verify_message or "").rstrip(".")
        return unreachable(f"the provider's certificate cannot be verified: {reason}", "tls")
    if isinstance(error, ssl.SSLError):
        return unreachable("the provider does not speak TLS as it should", "tls")
    if isinstance(error, ConnectionRefusedError):
        return unreachable("the provider refuses connections", "refused")
    return unreachable("the provider cannot be connected to", "connect")
