"""``sensorium gateway run`` with two workers: real processes, sockets, databases and signals."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from sqlalchemy import func, select

from sensorium.gateway.access.permission import OPERATOR
from sensorium.gateway.config import GatewaySettings
from sensorium.gateway.ledger import LedgerConfig, Limit
from sensorium.gateway.ledger.tables import ATTEMPTS
from sensorium.gateway.service import Opened, open_gateway
from sensorium.observe import Observe
from tests.gateway.served import PRICES, two_teams
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

ASKED = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 50}
CALLERS, ROOM = 40, 7


class Gated(OpenAIEmulator):
    """Answers nobody before ``open`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()

    async def answer(self, request: web.Request, body: bytes) -> web.StreamResponse:
        await self.open.wait()
        return await super().answer(request, body)


class Crew:
    """A gateway of two workers. ``said`` is what it has logged."""

    def __init__(self, process: Process, key: str, http: aiohttp.ClientSession) -> None:
        self.process = process
        self.said: list[dict[str, Any]] = []
        self.url = ""
        self._headers = {"authorization": f"Bearer {key}"}
        self._http = http

    async def hear(self, heard: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read the log up to an entry."""
        assert self.process.stderr is not None
        async with asyncio.timeout(120):
            while line := await self.process.stderr.readline():
                if line.startswith(b"{"):
                    self.said.append(json.loads(line))
                    if heard(self.said[-1]):
                        return self.said[-1]
        raise AssertionError(f"it never said so: {self.said}")

    async def both_listen(self) -> None:
        """Wait until each worker takes calls, and keep the log flowing from then on."""
        listening: set[str] = set()
        while listening < {"1", "2"}:
            entry = await self.hear(lambda one: one["message"] == "listening")
            listening.add(entry["worker"])
            self.url = entry["url"]

    def pids(self) -> dict[str, int]:
        """The newest process of each worker."""
        started = [one for one in self.said if one["message"] == "worker started"]
        return {one["worker"]: one["pid"] for one in started}

    async def call(self) -> int:
        """One call on a connection of its own; its status."""
        url = f"{self.url}/v1/chat/completions"
        async with self._http.post(url, json=ASKED, headers=self._headers) as answer:
            await answer.read()
            return answer.status

    async def counts(self) -> dict[str, float]:
        """Samples of whichever worker is scraped."""
        async with self._http.get(f"{self.url}/metrics") as answer:
            text = await answer.text()
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}


def prepared(folder: Path, dsn: str, upstream: Gated) -> tuple[Path, Opened, str, str]:
    """A settings file, the gateway's books, a team's scope, and a key of it."""
    (folder / "prices.toml").write_text(PRICES)
    file = folder / "gateway.yaml"
    file.write_text(
        f"data_dir: {folder}\n"
        f"ledger: {{dsn: '{dsn}', prices: {folder}/prices.toml}}\n"
        "door: {port: 0}\n"
        f"providers: [{{name: up, base_url: '{upstream.url}/v1', credential: 'env:UP', "
        "allow_private_destinations: true}]\n"
        "models: [{name: m, deployments: [{provider: up, model: echo}]}]\n"
    )
    settings = GatewaySettings(data_dir=folder, ledger=LedgerConfig(dsn=dsn))
    opened = open_gateway(settings, Observe(), {})
    team, _ = two_teams(opened.directory)
    key = opened.directory.create_key(OPERATOR, team.id, "tests").secret.text
    return file, opened, f"team:{team.id}", key


@asynccontextmanager
async def crew(file: Path, key: str, **environment: str) -> AsyncIterator[Crew]:
    command = [sys.executable, "-m", "sensorium", "gateway", "run", "--workers", "2"]
    process = await asyncio.create_subprocess_exec(
        *command,
        "-c",
        str(file),
        stderr=PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        limit=1 << 20,
    )
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as http:
        made = Crew(process, key, http)
        try:
            await made.both_listen()
            yield made
        finally:
            if process.returncode is None:
                process.terminate()
            await process.communicate()


async def overshoot_is_tried(found: Crew, opened: Opened, scope: str, upstream: Gated) -> None:
    """Many calls at once, of which the budget has room for some at their worst."""
    upstream.open.set()
    assert await found.call() == 200
    upstream.open.clear()
    while not (first := sums(opened))[1]:  # an answer does not wait for its settlement
        await asyncio.sleep(0.01)
    worst, cost = first
    opened.directory.set_limit(OPERATOR, scope, Limit(budget=cost + ROOM * worst))
    calls = [asyncio.ensure_future(found.call()) for _ in range(CALLERS)]
    for refused, done in enumerate(asyncio.as_completed(calls), 1):
        assert await done == 429  # those that had room are held back by the provider
        if refused == CALLERS - ROOM:
            break
    while len(upstream.seen) < 1 + ROOM:
        await asyncio.sleep(0.01)
    upstream.open.set()
    statuses = await asyncio.gather(*calls)
    assert sorted(statuses) == [200] * ROOM + [429] * (CALLERS - ROOM)
    assert len(upstream.seen) == 1 + ROOM
    calls_made = 'sensorium_gateway_calls_total{model="m",operation="chat",outcome="ok"}'
    no_room = 'sensorium_gateway_refused_total{reason="budget",scope="team"}'
    while (counted := await found.counts())[calls_made] < 1 + ROOM:  # nor for being counted
        await asyncio.sleep(0.01)
    assert (counted[calls_made], counted[no_room]) == (1 + ROOM, CALLERS - ROOM)


def sums(opened: Opened) -> tuple[int, int]:
    """The first attempt's worst case, and what all of them cost."""
    with opened.database.reading() as connection:
        row = connection.execute(
            select(func.min(ATTEMPTS.c.worst), func.coalesce(func.sum(ATTEMPTS.c.cost), 0))
        ).one()
    return int(row[0]), int(row[1])


def is_gone(pid: int) -> bool:
    """Whether there is no such process, or only what is left of one."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def test_two_workers_never_overshoot_a_budget_count_as_one_and_end_as_one(
    tmp_path: Path, dsn: str
) -> None:
    async def check() -> None:
        upstream = Gated()
        async with emulating(upstream):
            file, opened, scope, key = prepared(tmp_path, dsn, upstream)
            try:
                async with crew(file, key, UP=upstream.key) as found:
                    await overshoot_is_tried(found, opened, scope, upstream)
                    if opened.database.is_sqlite:
                        await a_dead_worker_is_replaced(found)
                    else:
                        await workers_end_with_their_parent(found)
            finally:
                await opened.close()

    async def in_time() -> None:
        async with asyncio.timeout(240):
            await check()

    asyncio.run(in_time())


async def a_dead_worker_is_replaced(found: Crew) -> None:
    before, counted = found.pids(), await found.counts()
    os.kill(before["1"], signal.SIGKILL)
    lost = await found.hear(lambda one: "another takes its place" in one["message"])
    assert (lost["worker"], lost["how"]) == ("1", "exit status -9")
    await found.hear(lambda one: one["message"] == "listening" and one["worker"] == "1")
    now = await found.counts()
    assert now["sensorium_gateway_worker_restarts_total"] == 1
    for name, value in counted.items():
        if name.startswith("sensorium_gateway_calls_total"):
            assert now[name] == value, "what the dead one counted is not lost"
    after = found.pids()
    assert after["1"] != before["1"]
    assert after["2"] == before["2"]
    found.process.terminate()
    await found.hear(lambda one: one["message"] == "stopped" and one["worker"] == "parent")
    assert await found.process.wait() == 0
    assert all(is_gone(pid) for pid in after.values())


async def workers_end_with_their_parent(found: Crew) -> None:
    found.process.kill()
    stopped = {"1", "2"}
    while stopped:
        entry = await found.hear(lambda one: one["message"] == "stopped")
        stopped.discard(entry["worker"])
