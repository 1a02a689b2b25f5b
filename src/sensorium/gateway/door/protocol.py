"""HTTP/1.1 on one connection: uvicorn's protocol, with the limits on callers that it lacks.

A caller may take only so long over a request's head, over its body, and over reading the answer,
and the head may only be so large. Who asked is told at once when the connection is lost, without a
task for each request that waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.door.cork import Cork

LEAVING = "sensorium.leaving"
CORK = "sensorium.cork"
CYCLE = "sensorium.cycle"
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)
_TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class DoorProtocol(HttpToolsProtocol):
    """Puts three things into every request's scope.

    ``scope[LEAVING]`` is a set of callables that are called when the connection is lost,
    ``scope[CORK]`` what holds writes back, ``scope[CYCLE]`` what uvicorn knows of this request.
    """

    limits: ClassVar[DoorConfig] = DoorConfig()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leaving: set[Callable[[], object]] = set()
        self._head_timer: asyncio.TimerHandle | None = None
        self._body_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._in_body = False
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as there
        self._cork = Cork(transport)
        super().connection_made(cast("asyncio.Transport", self._cork))
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._body_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)
        leaving, self._leaving = self._leaving, set()
        for left in leaving:
            left()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_body and self._body_timer is None:
            # Most bodies come with their head, and need no timer.
            limit_s = self.limits.body_timeout_s
            self._body_timer = self.loop.call_later(limit_s, self._body_is_late)
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.max_head_bytes and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[CORK] = self._cork  # type: ignore[literal-required]  # ours
        self.scope[LEAVING] = self._leaving  # type: ignore[literal-required]  # ours
        if self._head_timer is None:
            self._await_head()

    def on_headers_complete(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        self._in_body = True
        super().on_headers_complete()
        self.scope[CYCLE] = self.cycle  # type: ignore[literal-required]  # ours

    def on_message_complete(self) -> None:
        self._in_body = False
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.limits.write_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        super().resume_writing()

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self.limits.head_timeout_s, self._too_slow)

    def _too_slow(self) -> None:
        """Nothing is answered: a caller that sends nothing waits for nothing."""
        self._head_timer = None
        self.transport.close()

    def _body_is_late(self) -> None:
        self._body_timer = None
        if not self.transport.is_closing() and not self.cycle.response_started:
            self.transport.write(_TOO_LATE)
        self.transport.close()


def protocol_with(limits: DoorConfig) -> type[DoorProtocol]:
    """The protocol for one door."""
    return type("DoorProtocol", (DoorProtocol,), {"limits": limits})
