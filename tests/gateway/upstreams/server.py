"""Small real servers that speak as providers do: what they have in common."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Seen:
    """A request as it came; ``path`` is not decoded and has its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Emulator:
    """A provider's server. ``faults`` are said, one each, before it goes on to answer well."""

    seen: list[Seen] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    url: str = ""
    key: str = ""

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """The provider's own answer."""
        raise NotImplementedError

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, str(request.rel_url.raw_path_qs), headers, body))
        if self.faults:
            return await self.faults.popleft()(request)
        return await self.answer(request, body)


@asynccontextmanager
async def serving(emulator: Emulator) -> AsyncIterator[Emulator]:
    """Serve on loopback, at any free port."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{anything:.*}", emulator.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    emulator.url = f"http://{host}:{port}"
    try:
        yield emulator
    finally:
        await runner.cleanup()


async def stream(
    request: web.Request, pieces: list[bytes], content_type: str = "text/event-stream"
) -> web.StreamResponse:
    """An answer piece by piece, each in a chunk of its own."""
    response = web.StreamResponse(headers={"Content-Type": content_type})
    await response.prepare(request)
    for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


def json_answer(value: Any, status: int = 200, **headers: str) -> web.Response:
    return web.json_response(
        value, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
