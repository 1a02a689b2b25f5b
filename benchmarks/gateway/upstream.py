"""A model's server that answers at once or after a set time, cheaply: what stands behind gateways.

Run as a process of its own: ``python -m benchmarks.gateway.upstream --latency-ms 20 --chunks 64``.
It speaks chat completions as OpenAI does, streamed and not, and prints its port. Answers are made
before they are asked for, so that they take as little of the machine as possible.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any, Final

import httptools
import orjson
import uvloop

USAGE: Final = {"prompt_tokens": 24, "completion_tokens": 64, "total_tokens": 88}
GAP_S: Final = 0.01  # between the chunks of a stream


def whole() -> bytes:
    """One answer, head and body."""
    text = "The quick brown fox jumps over the lazy dog. " * 6
    message = {"role": "assistant", "content": text}
    body = orjson.dumps(
        {
            "id": "chatcmpl-benchmark",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": "mock",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": USAGE,
        }
    )
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def frames(chunks: int) -> list[bytes]:
    """The frames of a stream, each as a chunk of HTTP/1.1."""
    found: list[dict[str, Any]] = []
    for number in range(chunks):
        delta: dict[str, Any] = {"content": f"word{number} "}
        if not number:
            delta["role"] = "assistant"
        found.append({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    found.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    found.append({"choices": [], "usage": USAGE})
    head = {
        "id": "chatcmpl-benchmark",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "mock",
    }
    texts = [b"data: " + orjson.dumps({**head, **one}) + b"\n\n" for one in found]
    texts.append(b"data: [DONE]\n\n")
    return [b"%x\r\n%b\r\n" % (len(text), text) for text in texts]


STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


class Connection(asyncio.Protocol):
    """Answers each request after ``latency_s``."""

    def __init__(self, latency_s: float, answer: bytes, stream: list[bytes]) -> None:
        self._latency_s = latency_s
        self._answer = answer
        self._stream = stream
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        body, self._body = self._body, b""
        if b'"stream":true' in body or b'"stream": true' in body:
            task = self._loop.create_task(self._streamed())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif self._latency_s:
            self._loop.call_later(self._latency_s, self._write)
        else:
            self._write()

    def _write(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._answer)

    async def _streamed(self) -> None:
        await asyncio.sleep(self._latency_s)
        self._transport.write(STREAM_HEAD + self._stream[0])
        for frame in self._stream[1:]:
            await asyncio.sleep(GAP_S)
            if self._transport.is_closing():
                return
            self._transport.write(frame)
        self._transport.write(b"0\r\n\r\n")


async def serve(latency_s: float, chunks: int) -> None:
    """Serve until killed; the port goes to standard output."""
    answer, stream = whole(), frames(chunks)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(latency_s, answer, stream), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """The process."""
    options = argparse.ArgumentParser()
    options.add_argument("--latency-ms", type=float, default=0.0)
    options.add_argument("--chunks", type=int, default=64)
    given = options.parse_args()
    uvloop.run(serve(given.latency_ms / 1e3, given.chunks))


if __name__ == "__main__":
    main()
