"""Callers: connections that are kept open, each with one request at a time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httptools
import orjson


@dataclass(slots=True)
class Tally:
    """What callers saw. ``latencies`` in seconds; ``first`` until the first byte of a body."""

    latencies: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    frames: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> int:
        """Answers with status 200."""
        return self.statuses.get(200, 0)


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._done: asyncio.Future[None] | None = None
        self.first_at = 0.0
        self.last_at = 0.0
        self.longest_gap = 0.0
        self.body = bytearray()
        self.status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError("closed"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        now = time.perf_counter()
        if not self.first_at:
            self.first_at = now
        else:
            self.longest_gap = max(self.longest_gap, now - self.last_at)
        self.last_at = now
        self.body += body

    def on_message_complete(self) -> None:
        self.status = self._parser.get_status_code()
        # A parser has read one message; the next answer needs a new one only after an upgrade.
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    async def ask(self, request: bytes) -> None:
        """Send it and wait for the whole answer."""
        self._done = asyncio.get_running_loop().create_future()
        self.first_at = self.last_at = self.longest_gap = 0.0
        self.body.clear()
        self.transport.write(request)
        await self._done


def request(url: str, key: str, *, stream: bool = False, model: str = "mock") -> bytes:
    """A chat request, head and body."""
    content = "Say something about foxes and dogs, in one short paragraph, please. "
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": 64,
    }
    if stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    data = orjson.dumps(body)
    parts = urlsplit(url)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {parts.netloc}\r\n"
        f"authorization: Bearer {key}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def drive(
    url: str, asked: bytes, *, callers: int, requests: int, limit_s: float = 120.0
) -> Tally:
    """``requests`` by ``callers`` connections at once; stops early after ``limit_s``."""
    host, _, port = urlsplit(url).netloc.partition(":")
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(Caller, host, int(port)))[1] for _ in range(callers)
    ]
    tally = Tally()
    left = requests
    ends = time.perf_counter() + limit_s

    async def one(caller: Caller) -> None:
        nonlocal left
        while left > 0 and time.perf_counter() < ends:
            left -= 1
            began = time.perf_counter()
            await caller.ask(asked)
            tally.latencies.append(time.perf_counter() - began)
            tally.first.append(caller.first_at - began)
            tally.gaps.append(caller.longest_gap)
            tally.statuses[caller.status] = tally.statuses.get(caller.status, 0) + 1
            tally.frames.append(caller.body.count(b"\n\n"))

    began = time.perf_counter()
    await asyncio.gather(*(one(caller) for caller in connections))
    tally.seconds = time.perf_counter() - began
    for caller in connections:
        caller.transport.close()
    return tally


def quantile(values: list[float], share: float) -> float:
    """The smallest value that ``share`` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
