"""One request to a model's server: processor time and latency, beside aiohttp and httpx.

The server is a process of its own that answers at once, or after 20 ms. All clients keep their
connections, send the same body with the same key, and read the same answer as bytes. Ours is the
provider of kind ``openai`` as the gateway uses it: credential looked up, head rendered, timeouts
armed, destination judged. Processor time is the client's alone.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import httptools
import httpx
import orjson
import uvloop

from benchmarks.report import Claim, arguments, report
from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.provider import Call
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.registry import make_provider
from sensorium.observe import Observe

BODY = {"model": "mock", "messages": [{"role": "user", "content": "hello " * 50}]}
ANSWER = orjson.dumps(
    {
        "id": "1",
        "object": "chat.completion",
        "model": "mock",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello there"}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
KEY = "sk-benchmark"
CLIENTS = ("ours", "aiohttp", "httpx")

Ask = Callable[[], Awaitable[bytes]]


class _Server(asyncio.Protocol):
    """Answers each request with the same bytes, after a while."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        asyncio.get_running_loop().call_later(self._delay_s, self._answer)

    def _answer(self) -> None:
        self._transport.write(HEAD % len(ANSWER) + ANSWER)


async def serve(delay_s: float) -> None:
    """Serve until the parent closes standard input."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Server(delay_s), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@asynccontextmanager
async def client(name: str, url: str) -> AsyncIterator[Ask]:
    """How one of the clients asks."""
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    if name == "aiohttp":
        connector = aiohttp.TCPConnector(limit=1000)
        timeout = aiohttp.ClientTimeout(total=60, connect=5)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

            async def by_aiohttp() -> bytes:
                data = orjson.dumps(BODY)
                async with session.post(
                    f"{url}/v1/chat/completions", data=data, headers=headers, allow_redirects=False
                ) as answer:
                    return await answer.read()

            yield by_aiohttp
    elif name == "httpx":
        limits = httpx.Limits(max_connections=1000, max_keepalive_connections=1000)
        async with httpx.AsyncClient(limits=limits, timeout=60) as session_of_httpx:

            async def by_httpx() -> bytes:
                data = orjson.dumps(BODY)
                answer = await session_of_httpx.post(
                    f"{url}/v1/chat/completions", content=data, headers=headers
                )
                return answer.content

            yield by_httpx
    else:
        config = ProviderConfig(
            name="mock",
            base_url=f"{url}/v1",
            credential="env:KEY",
            allow_private_destinations=True,
        )
        deps = ProviderDeps(observe=Observe(), dialects=DIALECTS, environment={"KEY": KEY})
        provider = make_provider(config, deps)

        async def by_ours() -> bytes:
            call = Call(
                operation="chat",
                model="mock",
                body=BODY,
                stream=False,
                timeout_s=60.0,
                first_byte_s=60.0,
            )
            answer = await provider.send(call)
            try:
                return await answer.body()
            finally:
                await answer.aclose()

        yield by_ours
        await provider.close()


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds of processor time for a request, and milliseconds until its answer."""

    cpu_us: float
    p50_ms: float


async def measure(name: str, url: str, concurrency: int, count: int) -> Measured:
    """``count`` requests, so many at once."""
    async with client(name, url) as ask:
        if await ask() != ANSWER:
            raise SystemExit("an answer is not what was sent")
        await asyncio.gather(*(ask() for _ in range(concurrency)))
        taken: list[float] = []

        async def one_after_another(share: int) -> None:
            for _ in range(share):
                begun = time.perf_counter()
                await ask()
                taken.append(time.perf_counter() - begun)

        cpu = time.process_time()
        await asyncio.gather(*(one_after_another(count // concurrency) for _ in range(concurrency)))
        cpu = time.process_time() - cpu
        taken.sort()
        return Measured(cpu / len(taken) * 1e6, taken[len(taken) // 2] * 1e3)


def measured(delay_s: float, concurrency: int, count: int) -> dict[str, Measured]:
    """Each client in turn, thrice, against one server; the best of each."""
    command = [sys.executable, "-m", "benchmarks.gateway_upstream", "--serve", str(delay_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        found: dict[str, Measured] = {}
        for _ in range(3):
            for name in CLIENTS:
                share = count // 5 if name == "httpx" else count
                one = uvloop.run(measure(name, url, concurrency, share))
                if name not in found or one.cpu_us < found[name].cpu_us:
                    found[name] = one
        server.stdin.close()
    return found


def main() -> None:
    """Measure and report."""
    if sys.argv[1:2] == ["--serve"]:
        uvloop.run(serve(float(sys.argv[2])))
        return
    quick = arguments(__doc__).quick
    alone = measured(0.0, 1, 1500 if quick else 5000)
    busy = measured(0.02, 32, 1600 if quick else 6400)
    report(
        "A request to a model's server, from one process",
        [
            Claim(
                name=f"processor time for a request, {how}",
                ours=found["ours"].cpu_us,
                unit="µs",
                peer=peer,
                peer_value=found[peer].cpu_us,
                lower_is_better=True,
                goal=">= 1.5x" if peer == "aiohttp" else "",
            )
            for how, found in (("one at once", alone), ("32 at once, 20 ms", busy))
            for peer in ("aiohttp", "httpx")
        ]
        + [
            Claim(
                name="until the answer, one at once, median",
                ours=alone["ours"].p50_ms,
                unit="ms",
                peer="aiohttp",
                peer_value=alone["aiohttp"].p50_ms,
                lower_is_better=True,
            )
        ],
    )


if __name__ == "__main__":
    main()
