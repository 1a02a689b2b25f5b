"""Who may call the API: a bearer token where one is set, and never a foreign web page."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from fastapi import HTTPException
from fastapi.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sensorium.console.config import ConsoleConfig


class Guard:
    """Middleware. Probes and ``/metrics`` stay open; everything under ``/api`` is not.

    A browser sends ``Origin`` with a cross-site POST, and sends this machine's name of the
    attacker's choice as ``Host`` after DNS rebinding; both are refused, so that a page somebody
    happens to open cannot approve anything on loopback.
    """

    def __init__(self, app: ASGIApp, config: ConsoleConfig) -> None:
        self._app = app
        self._config = config
        self._names = {"localhost", "127.0.0.1", "::1", config.host}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a call on, or answer that it is refused."""
        refused = None
        if scope["type"] == "http" and scope["path"].startswith("/api"):
            refused = self._refused(scope)
        if scope["type"] == "http":
            receive = self._bounded(receive)
        await (refused or self._app)(scope, receive, send)

    def _bounded(self, receive: Receive) -> Receive:
        """Hands on a body as long as it is not too large and comes in time, whatever it claims."""
        limit, size, ended = self._config.max_body_bytes, 0, False
        until_s = asyncio.get_running_loop().time() + self._config.request_timeout_s

        async def bounded() -> Message:
            nonlocal size, ended
            if ended:  # what comes now is that the caller went away
                return await receive()
            try:
                async with asyncio.timeout_at(until_s):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(408, "the body did not come in time") from error
            size += len(message.get("body", b""))
            if size > limit:
                raise HTTPException(413, f"a body may have {limit} bytes at most")
            ended = not message.get("more_body", False)
            return message

        return bounded

    def _refused(self, scope: Scope) -> JSONResponse | None:
        config = self._config
        sent: dict[str, str] = {}
        for name, value in scope["headers"]:
            sent.setdefault(name.decode("latin-1"), value.decode("latin-1"))
        host = _split(f"//{sent.get('host', '')}").hostname or ""
        if config.is_loopback() and host not in self._names:
            return _refuse(421, f"this API answers to {config.host}, not to {host!r}")
        origin = sent.get("origin")
        if origin and _split(origin).netloc != sent.get("host"):
            return _refuse(403, "calls from other web pages are refused")
        if config.token:
            token = sent.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(token.encode(), config.token.encode()):
                return _refuse(401, "send the token as 'Authorization: Bearer ...'")
        length = sent.get("content-length", "0")
        if length.isdigit() and int(length) > config.max_body_bytes:
            return _refuse(413, f"a body may have {config.max_body_bytes} bytes at most")
        return None


def _split(url: str) -> SplitResult:
    """The parts of a URL that a caller states; of what is none, such as ``//[::1``, all empty."""
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def _refuse(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status_code=status)
