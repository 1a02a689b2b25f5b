"""Who may call the API: a bearer token where one is set, and never a foreign web page."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from sensorium.console.config import ConsoleConfig

Next = Callable[[Request], Awaitable[Response]]


def make_guard(config: ConsoleConfig) -> Callable[[Request, Next], Awaitable[Response]]:
    """Build the middleware. Probes and ``/metrics`` stay open; everything under ``/api`` is not.

    A browser sends ``Origin`` with a cross-site POST, and sends this machine's name of the
    attacker's choice as ``Host`` after DNS rebinding; both are refused, so that a page somebody
    happens to open cannot approve anything on loopback.
    """

    async def guard(request: Request, call_next: Next) -> Response:
        if not request.url.path.startswith("/api"):
            return await call_next(request)
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        if config.is_loopback() and host not in {"localhost", "127.0.0.1", "::1", config.host}:
            return _refuse(421, f"this API answers to {config.host}, not to {host!r}")
        origin = request.headers.get("origin")
        if origin and urlsplit(origin).netloc != request.headers.get("host"):
            return _refuse(403, "calls from other web pages are refused")
        if config.token:
            sent = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(sent.encode(), config.token.encode()):
                return _refuse(401, "send the token as 'Authorization: Bearer ...'")
        length = request.headers.get("content-length", "0")
        if length.isdigit() and int(length) > config.max_body_bytes:
            return _refuse(413, f"a body may have {config.max_body_bytes} bytes at most")
        return await call_next(request)

    return guard


def _refuse(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status_code=status)
