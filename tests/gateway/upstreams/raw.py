"""A server that says exactly the bytes it is told to: for the faults that real servers have."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Received:
    """A request as it came: its first line, its headers (lower case) and its body."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


@dataclass
class RawUpstream:
    """What the server has seen. ``hung_up`` is set when a client closes a connection."""

    port: int = 0
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


Say = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_upstream(say: Say, tls: ssl.SSLContext | None = None) -> AsyncIterator[RawUpstream]:
    """Serve on loopback; ``say`` answers each request, and may close its connection."""
    upstream = RawUpstream()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                received = await read_request(reader)
                upstream.requests.append(received)
                answering = asyncio.ensure_future(say(received, writer))
                watching = asyncio.ensure_future(_gone(reader))
                await asyncio.wait({answering, watching}, return_when=asyncio.FIRST_COMPLETED)
                if watching.done():
                    upstream.hung_up.set()
                for task in (answering, watching):
                    task.cancel()
                await asyncio.gather(answering, watching, return_exceptions=True)
        if reader.at_eof():
            upstream.hung_up.set()  # perhaps before its request was whole
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    upstream.port = server.sockets[0].getsockname()[1]
    try:
        yield upstream
    finally:
        server.close()


async def read_request(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
    line, *fields = head.rstrip("\r\n").split("\r\n")
    headers = {}
    for one in fields:
        name, _, value = one.partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(line, headers, body)


async def _gone(reader: asyncio.StreamReader) -> None:
    while not reader.at_eof() and reader.exception() is None:
        await asyncio.sleep(0.005)


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer with a length; underscores in names of headers are hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    headers = {"Content_Type": "application/json", **headers}
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(*pieces: bytes, kind: str = "text/event-stream") -> bytes:
    """A whole answer in chunks."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"".join(map(chunk, pieces)) + b"0\r\n\r\n"


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def says(data: bytes, *, close: bool = False) -> Say:
    """Answers every request with the same bytes."""

    async def say(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if close:
            writer.close()

    return say
