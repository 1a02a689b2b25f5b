"""One HTTP request and its answer, as the door's handlers see them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

from sensorium.gateway.calls.facts import Headers
from sensorium.gateway.calls.rejection import RejectedError
from sensorium.gateway.door.answering import answer_at_once, begin_at_once
from sensorium.gateway.door.config import DoorConfig
from sensorium.gateway.door.protocol import CYCLE, LEAVING

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON: Final = (b"content-type", b"application/json")
EVENTS: Final = (b"content-type", b"text/event-stream; charset=utf-8")


class LeftError(Exception):
    """The caller closed the connection."""


class Exchange:
    """Reads what a caller sent and writes the answer. Nothing of the URL's host is ever used."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: DoorConfig) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.status = 0
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self._receive = receive
        self._send = send
        self._limits = limits

    @property
    def bearer(self) -> str:
        """What the caller authenticates with, by either header; empty where by none."""
        value = self.headers.get(b"authorization")
        if value is not None:
            kind, _, rest = value.partition(b" ")
            return rest.strip().decode("latin-1") if kind.lower() == b"bearer" else ""
        return self.headers.get(b"x-api-key", b"").strip().decode("latin-1")

    def header(self, name: bytes) -> str:
        """A header's text, of bounded length; empty where there is none."""
        return self.headers.get(name, b"")[:200].decode("latin-1")

    async def body(self) -> bytes:
        """The whole body; ``RejectedError`` for one that is too large.

        One that comes too slowly ends the connection, as if the caller had left.
        """
        headers, most = self.headers, self._limits.max_body_bytes
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise RejectedError(415, "unsupported_encoding", "Send the body without encoding.")
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > most:
            raise _too_large(most)
        return await self._whole(most)

    async def _whole(self, most: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise LeftError
            piece = message.get("body", b"")
            size += len(piece)
            if size > most:
                raise _too_large(most)
            if not message.get("more_body"):
                return piece if not pieces else b"".join((*pieces, piece))
            pieces.append(piece)

    def watch(self, left: Callable[[], object]) -> Callable[[], None]:
        """Have ``left`` called when the connection is lost; returns what takes that back."""
        leaving: set[Callable[[], object]] = self.scope[LEAVING]
        leaving.add(left)
        return lambda: leaving.discard(left)

    async def answer(
        self, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = (JSON,)
    ) -> None:
        """A whole answer."""
        self.status = status
        await answer_at_once(self.scope[CYCLE], status, headers, body)

    async def begin(self, status: int, headers: Headers, data: bytes) -> None:
        """The head of a streamed answer, together with its first piece."""
        self.status = status
        await begin_at_once(self.scope[CYCLE], status, headers, data)

    async def more(self, data: bytes) -> None:
        """A piece of a streamed answer; waits while the caller does not read."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """The end of a streamed answer."""
        await self._send({"type": "http.response.body", "body": b""})


def _too_large(most: int) -> RejectedError:
    return RejectedError(
        413, "request_too_large", f"The request's body is larger than {most} bytes."
    )
