"""The scraper: asks each target for its metrics, again and again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Final

import httpx

from sensorium import __version__
from sensorium.component import Health, HealthState
from sensorium.ingest.prometheus import Scrape
from sensorium.ingest.transport.config import ScrapeConfig, ScrapeTarget
from sensorium.observe import Observe

# Prometheus' own text format: what every exporter serves.
_HEADERS: Final = {
    "Accept": "text/plain;version=0.0.4;q=1,*/*;q=0.1",
    "User-Agent": f"sensorium/{__version__}",
}
_OK: Final = 200


class _TooLargeError(Exception):
    """A body beyond the limit."""


class Scraper:
    """Scrapes every target on its own schedule and hands each :class:`Scrape` to ``deliver``.

    A target that does not answer gives a scrape with status 0 and no body, which the decoder
    turns into ``up`` = 0. Targets of one interval are spread over it by their names.
    """

    name = "scrape"

    def __init__(
        self,
        config: ScrapeConfig,
        deliver: Callable[[Scrape], None],
        observe: Observe,
        *,
        clock_ns: Callable[[], int],
    ) -> None:
        self._config = config
        self._deliver = deliver
        self._clock_ns = clock_ns
        self._down: set[str] = set()
        self._log = observe.logger(self.name)
        self._scrapes = observe.counter(
            "sensorium_scrapes", "Scrapes made, by job and outcome", ("job", "outcome")
        )

    def health(self) -> Health:
        """Degraded while a target does not answer."""
        if self._down:
            return Health(HealthState.DEGRADED, f"no answer from {', '.join(sorted(self._down))}")
        return Health(HealthState.OK, f"{len(self._config.targets)} targets")

    async def run(self) -> None:
        """Scrape until cancelled."""
        # Targets are in the settings: a proxy from the environment is not meant for them.
        async with httpx.AsyncClient(headers=_HEADERS, trust_env=False) as client:
            async with asyncio.TaskGroup() as group:
                for target in self._config.targets:
                    group.create_task(self._repeat(client, target))
            await asyncio.Event().wait()

    async def scrape(self, client: httpx.AsyncClient, target: ScrapeTarget) -> Scrape:
        """Ask one target once."""
        began_ns = self._clock_ns()
        try:
            async with asyncio.timeout(target.timeout_s):
                status, body = await self._get(client, target)
            outcome = "ok" if status == _OK else "http_error"
        except (TimeoutError, httpx.TimeoutException):
            status, body, outcome = 0, b"", "timeout"
        except _TooLargeError:
            status, body, outcome = 0, b"", "too_large"
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            status, body, outcome = 0, b"", "no_answer"
        self._scrapes.labels(target.job, outcome).inc()
        self._note(target, outcome)
        return Scrape(
            time_ns=began_ns,
            job=target.job,
            instance=target.instance,
            status=status,
            body=body,
            duration_ns=max(self._clock_ns() - began_ns, 0),
        )

    async def _repeat(self, client: httpx.AsyncClient, target: ScrapeTarget) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + _offset(target)
        while True:
            await asyncio.sleep(max(due - loop.time(), 0))
            self._deliver(await self.scrape(client, target))
            # A slow target misses turns; it is not asked twice at once to catch up.
            due += target.interval_s * max(1, -(-(loop.time() - due) // target.interval_s))

    async def _get(self, client: httpx.AsyncClient, target: ScrapeTarget) -> tuple[int, bytes]:
        async with client.stream("GET", target.url, timeout=target.timeout_s) as response:
            chunks, size = [], 0
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > self._config.max_body_bytes:
                    raise _TooLargeError
                chunks.append(chunk)
        return response.status_code, b"".join(chunks)

    def _note(self, target: ScrapeTarget, outcome: str) -> None:
        if outcome == "ok":
            self._down.discard(target.instance)
        elif target.instance not in self._down:
            self._down.add(target.instance)
            self._log.warning(
                "a target was not scraped; the others are; look at its exporter",
                job=target.job,
                instance=target.instance,
                reason=outcome,
            )


def _offset(target: ScrapeTarget) -> float:
    """Where in its interval a target's turn is, in seconds: the same in every process."""
    name = hashlib.blake2b(f"{target.job} {target.url}".encode(), digest_size=8).digest()
    return int.from_bytes(name, "big") / 2**64 * target.interval_s
