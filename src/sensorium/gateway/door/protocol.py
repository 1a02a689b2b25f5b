"""HTTP/1.1 on one connection: uvicorn's protocol, with the limits on callers that it lacks.

A caller may take only so long over a request's head, over its body, and over reading the answer,
and the head may only be so large. Who asked is told at once when the connection is lost, without a
task for each request that waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.door.going_on import framing, parser_after
from sensorium.gateway.door.unparsed import refusal

LEAVING = "sensorium.leaving"
CYCLE = "sensorium.cycle"
_TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
_NO_HTTP = "This cannot be read as an HTTP request."


class DoorProtocol(HttpToolsProtocol):
    """Puts two things into every request's scope.

    ``scope[LEAVING]`` is a set of callables that are called when the connection is lost,
    ``scope[CYCLE]`` what uvicorn knows of this request.
    """

    limits: ClassVar[DoorConfig] = DoorConfig()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leaving: set[Callable[[], object]] = set()
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._idle_since = 0.0  # in the loop's time; 0: not idle
        self._in_head = True
        self._in_body = False
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as there
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._body_timer, self._write_timer, self._idle_timer):
            if timer is not None:
                timer.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        leaving, self._leaving = self._leaving, set()
        for left in leaving:
            left()

    def data_received(self, data: bytes) -> None:
        # As uvicorn's own, but for what it makes of a request that asks for another protocol.
        self._idle_since = 0.0
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST, "invalid_http", _NO_HTTP)
            return
        if self._in_body and self._body_timer is None:
            # Most bodies come with their head, and need no timer.
            limit_s = self.limits.body_timeout_s
            self._body_timer = self.loop.call_later(limit_s, self._body_is_late)
        if self._in_head:
            # As do most heads of requests that follow another.
            if self._head_timer is None:
                self._await_head()
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.max_head_bytes and not self.transport.is_closing():
                message = f"The head is larger than {self.limits.max_head_bytes} bytes."
                self._refuse(_TOO_LARGE, "headers_too_large", message)

    def _go_on(self, rest: bytes) -> None:
        """Read the rest of a request that asked for another protocol, which it does not get."""
        try:
            while True:
                lines = framing(self.headers)
                if lines:
                    self._in_body = self.cycle.more_body = True
                self.parser = parser_after(self, lines)
                try:
                    self.parser.feed_data(rest)
                except httptools.HttpParserUpgrade as another:  # sent without waiting
                    rest = rest[another.args[0] :]
                else:
                    return
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST, "invalid_http", _NO_HTTP)

    def _refuse(self, status: HTTPStatus, code: str, message: str, path: str = "") -> None:
        self.transport.write(refusal(status, code, message, path))
        self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[LEAVING] = self._leaving  # type: ignore[literal-required]  # ours
        if not self._in_head:
            self._in_head = True
            self._head_bytes = 0

    def on_headers_complete(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        self._in_head = False
        self._in_body = True
        super().on_headers_complete()
        self.scope[CYCLE] = self.cycle  # type: ignore[literal-required]  # ours

    def on_message_complete(self) -> None:
        self._in_body = False
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
        super().on_message_complete()

    def on_response_complete(self) -> None:
        # As uvicorn's own, but with one timer for a connection and not one for each answer.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.limits.keep_alive_s, self._look_if_idle)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = 0.0

    def _look_if_idle(self) -> None:
        self._idle_timer = None
        if not self._idle_since or self.transport.is_closing():
            return  # the next answer looks again
        left_s = self._idle_since + self.limits.keep_alive_s - self.loop.time()
        if left_s <= 0:
            self.transport.close()
        else:
            self._idle_timer = self.loop.call_later(left_s, self._look_if_idle)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.limits.write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        super().resume_writing()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.limits.head_timeout_s, self._too_slow)

    def _too_slow(self) -> None:
        """Nothing is answered: a caller that sends nothing waits for nothing."""
        self._head_timer = None
        self.transport.close()

    def _body_is_late(self) -> None:
        self._body_timer = None
        if not self.transport.is_closing() and not self.cycle.response_started:
            message = f"The body took longer than {self.limits.body_timeout_s:g} seconds."
            path = self.scope["path"]
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "request_too_slow", message, path)
        self.transport.close()


def protocol_with(limits: DoorConfig) -> type[DoorProtocol]:
    """The protocol for one door."""
    return type("DoorProtocol", (DoorProtocol,), {"limits": limits})
