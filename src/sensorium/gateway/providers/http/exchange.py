"""One request's answer as it arrives: parsed, bounded, timed, handed over piece by piece."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Final, Protocol

import httptools

from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.providers.failures import bad_answer, timed_out, unreachable

_MAX_HEAD: Final = 64 * 1024
_MAX_HEADERS: Final = 200
# Reading pauses above the first and goes on below the second.
_HIGH_WATER: Final = 256 * 1024
_LOW_WATER: Final = 64 * 1024


class Line(Protocol):
    """What an exchange needs of its connection."""

    def pause(self) -> None:
        """Stop reading."""

    def resume(self) -> None:
        """Go on reading."""

    def finished(self, *, reusable: bool, chunked: bool) -> None:
        """The answer is whole."""

    def abort(self) -> None:
        """Close at once."""


class Exchange:
    """Takes the bytes of one answer. Its parser's callbacks never raise; they note a failure.

    ``first_byte_s`` bounds the wait for the head, ``deadline`` (in the loop's time) all of it.
    ``limit`` is the most bytes of the answer, framing included.
    """

    def __init__(
        self,
        line: Line,
        loop: asyncio.AbstractEventLoop,
        *,
        first_byte_s: float,
        deadline: float,
        limit: int,
    ) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._line = line
        self._loop = loop
        self._deadline = deadline
        self._limit = limit
        self._parser: Any = httptools.HttpResponseParser(self)
        self._head = False
        self._framed = False
        self._done = False
        self._reusable = False
        self._more = False  # bytes after the answer, which nobody asked for
        self._failure: CallFailedError | None = None
        self._taken = 0
        self._headers_seen = 0
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._paused = False
        self._collecting = False
        self._waiter: asyncio.Future[None] | None = None
        begin_by = loop.time() + first_byte_s
        self._late_by = "first_byte" if begin_by < deadline else "whole"
        self._timer = loop.call_at(min(begin_by, deadline), self._late)

    # --- what the connection says ---------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Bytes came."""
        self._taken += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(bad_answer("the provider switched protocols", "http"))
        except httptools.HttpParserError:
            self._more = True
            self._fail(bad_answer("the provider's answer is not HTTP", "http"))
        if self._done:
            reusable = self._reusable and not self._more
            self._line.finished(reusable=reusable, chunked="transfer-encoding" in self.headers)
            return
        if self._taken > (self._limit if self._head else _MAX_HEAD):
            self._fail(bad_answer("the provider's answer is too large", "too_large", self.status))
        elif self._held > _HIGH_WATER and not self._paused and not self._collecting:
            self._paused = True
            self._line.pause()
        if self._head:
            self._wake()

    def ended(self, *, clean: bool) -> None:
        """The connection is closed; ``clean`` by an end of stream, and not by an error."""
        if self._done or self._failure is not None:
            return
        if self._head and not self._framed and clean:
            self._complete()
            self._line.finished(reusable=False, chunked=False)
        elif self._taken == 0:
            self._fail(unreachable("the provider closed the connection", "connection_closed"))
        else:
            self._fail(unreachable("the provider's answer was cut off", "connection_reset"))

    # --- the parser's callbacks -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A second answer after the first is nobody's; a final one after a 1xx is expected."""
        self._more = self._done

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field; those of a chunked body's trailer are left out."""
        if self._head or self._done:
            return
        self._headers_seen += 1
        if self._headers_seen > _MAX_HEADERS:
            self._fail(bad_answer("the provider's answer has too many headers", "http"))
            return
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        before = self.headers.get(key)
        self.headers[key] = text if before is None else f"{before}, {text}"

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self._done or self._failure is not None:
            return
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers = {}
            return
        length, coding = self.headers.get("content-length"), self.headers.get("transfer-encoding")
        self._framed = length is not None or coding is not None
        if length is not None and (coding is not None or not _is_length(length)):
            self._fail(bad_answer("the provider's answer has no clear length", "http"))
        elif coding is not None and coding.lower() != "chunked":
            self._fail(bad_answer("the provider's answer is coded in a way unknown here", "http"))
        elif self.headers.get("content-encoding", "identity").lower() != "identity":
            self._fail(bad_answer("the provider compressed its answer unasked", "encoding"))
        elif length is not None and int(length) > self._limit:
            self._fail(bad_answer("the provider's answer is too large", "too_large", self.status))
        else:
            self._head = True  # the timer runs on, and looks whether the deadline is later

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._head and not self._done:
            self._pieces.append(data)
            self._held += len(data)

    def on_message_complete(self) -> None:
        """The answer is whole, unless it only announced another (1xx)."""
        if not self._head or self._done or self._failure is not None:
            return
        if self._taken > self._limit:
            self._fail(bad_answer("the provider's answer is too large", "too_large", self.status))
        else:
            self._reusable = bool(self._parser.should_keep_alive())
            self._complete()

    # --- what the caller asks -------------------------------------------------------------------

    async def head(self) -> None:
        """Return when the head is there; raises ``CallFailedError``."""
        while not self._head:
            self._raise_failure()
            await self._wait()

    async def piece(self) -> bytes:
        """What has come and was not yet handed over, in one piece; empty at the end.

        Raises ``CallFailedError`` where the answer broke, after all that came before.
        """
        while not self._pieces:
            if self._done:
                return b""
            self._raise_failure()
            await self._wait()
        piece = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        self._resume()
        return piece

    async def whole(self) -> bytes:
        """All of the body; raises ``CallFailedError``."""
        self._collecting = True
        self._resume()
        while not self._done:
            self._raise_failure()
            await self._wait()
        return b"".join(self._pieces)

    async def held(self, size: int) -> None:
        """Return when ``size`` bytes of the body are here, or no more will come."""
        while self._held < size and not self._done and self._failure is None:
            await self._wait()

    def so_far(self, size: int) -> bytes:
        """At most the first ``size`` bytes of the body that are here."""
        return b"".join(self._pieces)[:size]

    def cancel(self) -> None:
        """Nobody wants the rest: close the connection unless the answer is whole."""
        if not self._done:
            self._fail(unreachable("the call was cancelled", "cancelled"))

    @property
    def done(self) -> bool:
        """Whether the answer is whole."""
        return self._done

    # --- within ---------------------------------------------------------------------------------

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _resume(self) -> None:
        if self._paused and not self._done and self._failure is None:
            self._paused = False
            self._line.resume()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise CallFailedError(self._failure.failure) from None

    def _late(self) -> None:
        if self._head and self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._late)
        elif self._head:
            self._fail(timed_out("the provider's answer took too long", "whole"))
        else:
            self._fail(timed_out("the provider did not begin to answer in time", self._late_by))

    def _complete(self) -> None:
        self._done = True
        self._timer.cancel()
        self._wake()

    def _fail(self, failure: CallFailedError) -> None:
        if self._failure is None and not self._done:
            self._failure = failure
            self._timer.cancel()
            self._wake()
            self._line.abort()


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
