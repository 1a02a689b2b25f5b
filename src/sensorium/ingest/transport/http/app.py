"""The ASGI application: from a request to its route, and from a refusal to its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from sensorium.ingest.acceptance import NoRoomError
from sensorium.ingest.transport.http.body import TooLargeError, UndecodableError, decompress
from sensorium.ingest.transport.http.config import HttpConfig
from sensorium.ingest.transport.http.guard import (
    Guard,
    RefusedError,
    packed_source,
    too_large,
)
from sensorium.ingest.transport.http.held import Held, busy
from sensorium.ingest.transport.http.route import Reply, Request, Route, plain_refusal
from sensorium.observe import Observe

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_OTHER: Final = "other"
# Below it decompressing costs less than handing over to another thread.
_INLINE_BYTES: Final = 32_768
_SECRET: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


class _GoneError(Exception):
    """The sender closed the connection before its request was whole."""


class Application:
    """Answers the requests of one server, in its event loop.

    A request is refused as early as can be seen that it must be, and its body is then never
    kept. What a route raises costs that request alone.
    """

    def __init__(
        self,
        config: HttpConfig,
        routes: Mapping[str, Route],
        observe: Observe,
        *,
        token: str,
        clock_ns: Callable[[], int],
    ) -> None:
        self._config = config
        self._routes = dict(routes)
        self._guard = Guard(config, token)
        self._held = Held(config)
        self._clock_ns = clock_ns
        self._log = observe.logger("http_ingest")
        self._requests = observe.counter(
            "sensorium_http_ingest_requests",
            "Requests answered on the port for telemetry, by route and status",
            ("route", "status"),
        )
        self._bytes = observe.counter(
            "sensorium_http_ingest_bytes",
            "Bytes of bodies taken in, as sent and decompressed, by route",
            ("route", "form"),
        )
        self._refused = observe.counter(
            "sensorium_http_ingest_refused",
            "Requests not handed to their route, by route and reason",
            ("route", "reason"),
        )
        self._in_hand = observe.gauge(
            "sensorium_http_ingest_held_bytes", "Bytes of bodies that are in hand"
        )

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        route = self._routes.get(scope["path"])
        name = route.name if route is not None else _OTHER
        try:
            reply = await self._answer(scope, headers, route, receive)
        except RefusedError as refused:
            self._refused.labels(name, refused.reason).inc()
            reply = self._refusal(route, headers, refused)
        except _GoneError:
            self._refused.labels(name, "disconnected").inc()
            return
        self._requests.labels(name, str(reply.status)).inc()
        await _send(send, reply)

    async def _answer(
        self,
        scope: Mapping[str, Any],
        headers: dict[str, str],
        route: Route | None,
        receive: Receive,
    ) -> Reply:
        source = packed_source(scope["client"])
        self._guard.check_sender(source, headers.get("authorization", "").encode("latin-1"))
        if route is None:
            raise RefusedError(404, "path", f"nothing is taken at {scope['path']}")
        encoding = self._guard.check_request(scope["method"], headers, route)
        self._held.admit()
        held = 0
        try:
            body = bytearray()
            async for chunk in self._chunks(receive):
                held += self._held.take(len(chunk))
                body += chunk
            whole = await self._decompressed(bytes(body), encoding)
            held += self._held.take(len(whole))
            self._in_hand.set(self._held.bytes)
            self._bytes.labels(route.name, "sent").inc(len(body))
            self._bytes.labels(route.name, "decompressed").inc(len(whole))
            shown = {key: value for key, value in headers.items() if key not in _SECRET}
            return await self._handle(route, Request(shown, whole, source, self._clock_ns()))
        finally:
            self._held.release(held)
            self._in_hand.set(self._held.bytes)

    async def _chunks(self, receive: Receive) -> Any:
        """The body as it arrives; RefusedError where it is too long or takes too long."""
        size, more = 0, True
        deadline = asyncio.get_running_loop().time() + self._config.request_timeout_s
        while more:
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                # Not 408: senders of telemetry give up what was answered with 4xx.
                again = {"Connection": "close", "Retry-After": "1"}
                raise RefusedError(503, "slow", "the body did not arrive in time", again) from None
            if message["type"] == "http.disconnect":
                raise _GoneError
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._config.max_body_bytes:
                raise too_large(self._config.max_body_bytes)
            more = message.get("more_body", False)
            yield chunk

    async def _decompressed(self, body: bytes, encoding: str) -> bytes:
        limit = self._config.max_decompressed_bytes
        try:
            if encoding == "identity" or len(body) <= _INLINE_BYTES:
                return decompress(body, encoding, limit)
            return await asyncio.to_thread(decompress, body, encoding, limit)
        except TooLargeError:
            raise RefusedError(
                413, "bomb", f"a body may have {limit} bytes at most when decompressed"
            ) from None
        except UndecodableError as error:
            raise RefusedError(400, "undecodable", str(error)) from error

    async def _handle(self, route: Route, request: Request) -> Reply:
        try:
            return await route.handle(request)
        except NoRoomError as error:
            refused = busy(error.message, error.retry_after_s)
            refused.reason = "no_room"
            raise refused from error
        except Exception as error:
            self._log.error(
                "a request failed here; it was not acknowledged and others are not affected",
                route=route.name,
                error=str(error),
                exc_info=True,
            )
            raise RefusedError(500, "error", "an error here; see the log") from error

    def _refusal(
        self, route: Route | None, headers: Mapping[str, str], refused: RefusedError
    ) -> Reply:
        if route is None:
            reply = plain_refusal(refused.status, refused.message)
        else:
            reply = route.refusal(headers, refused.status, refused.message)
        extra = {**reply.headers, **refused.headers}
        return Reply(reply.status, reply.body, reply.content_type, extra)


async def _send(send: Send, reply: Reply) -> None:
    headers: list[tuple[bytes, bytes]] = []
    if reply.status != 204:  # which has no body, and no length (RFC 9110 8.6)
        headers.append((b"content-length", str(len(reply.body)).encode()))
    if reply.content_type:
        headers.append((b"content-type", reply.content_type.encode("latin-1")))
    headers += [
        (key.lower().encode("latin-1"), value.encode("latin-1"))
        for key, value in reply.headers.items()
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
