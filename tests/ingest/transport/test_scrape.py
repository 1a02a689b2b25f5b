"""A target is asked on its schedule; whatever it answers, or does not, becomes a scrape."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import httpx
import pytest

from sensorium.component import HealthState
from sensorium.ingest.prometheus import Scrape
from sensorium.ingest.transport import ScrapeConfig, Scraper, ScrapeTarget
from sensorium.observe import Observe

pytestmark = pytest.mark.anyio


class Exporter(BaseHTTPRequestHandler):
    """Serves metrics; other paths misbehave in the way they are named."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.headers["Accept"])
        if self.path == "/slow":
            time.sleep(0.5)
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        self.wfile.write(b"x" * 5000 if self.path == "/endless" else b"up_since 1\n")

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def exporter() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def make(*targets: ScrapeTarget, observe: Observe | None = None) -> tuple[Scraper, list[Scrape]]:
    scrapes: list[Scrape] = []
    config = ScrapeConfig(targets=targets, max_body_bytes=1024)
    ticks = iter(range(10**9, 10**12, 10**6))
    scraper = Scraper(config, scrapes.append, observe or Observe(), clock_ns=lambda: next(ticks))
    return scraper, scrapes


async def scrape_once(url: str, observe: Observe | None = None, timeout_s: float = 5.0) -> Scrape:
    target = ScrapeTarget(job="shop", url=url, timeout_s=timeout_s)
    scraper, _ = make(target, observe=observe)
    async with httpx.AsyncClient(trust_env=False) as client:
        return await scraper.scrape(client, target)


async def test_an_answer_is_kept_as_served(exporter: str) -> None:
    observe = Observe()
    scrape = await scrape_once(f"{exporter}/metrics", observe)
    assert (scrape.job, scrape.instance) == ("shop", exporter.removeprefix("http://"))
    assert (scrape.status, scrape.body) == (200, b"up_since 1\n")
    assert (scrape.time_ns, scrape.duration_ns) == (10**9, 10**6)
    assert observe.value("sensorium_scrapes_total", {"job": "shop", "outcome": "ok"}) == 1


@pytest.mark.parametrize(
    ("path", "status", "outcome"),
    [("/broken", 500, "http_error"), ("/endless", 0, "too_large"), ("/slow", 0, "timeout")],
)
async def test_a_failure_is_a_scrape_too_and_counted(
    exporter: str, path: str, status: int, outcome: str
) -> None:
    observe = Observe()
    scrape = await scrape_once(exporter + path, observe, timeout_s=0.1)
    assert scrape.status == status
    assert observe.value("sensorium_scrapes_total", {"job": "shop", "outcome": outcome}) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/metrics", "http://nowhere.invalid/"])
async def test_no_answer_is_status_0(url: str) -> None:
    scrape = await scrape_once(url)
    assert (scrape.status, scrape.body) == (0, b"")


async def test_targets_are_asked_again_and_again(exporter: str) -> None:
    targets = [
        ScrapeTarget(job=f"j{n}", url=f"{exporter}/metrics", interval_s=0.05) for n in range(3)
    ]
    scraper, scrapes = make(*targets)
    task = asyncio.create_task(scraper.run())
    async with asyncio.timeout(10):
        while len(scrapes) < 12:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert {scrape.job for scrape in scrapes} == {"j0", "j1", "j2"}
    assert scraper.health().state is HealthState.OK


async def test_a_target_that_does_not_answer_makes_it_degraded(exporter: str) -> None:
    targets = [
        ScrapeTarget(job="gone", url="http://127.0.0.1:1/metrics", interval_s=0.05),
        ScrapeTarget(job="there", url=f"{exporter}/metrics", interval_s=0.05),
    ]
    scraper, scrapes = make(*targets)
    task = asyncio.create_task(scraper.run())
    async with asyncio.timeout(10):
        while {scrape.job for scrape in scrapes} != {"gone", "there"}:
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert scraper.health().state is HealthState.DEGRADED
    assert "127.0.0.1:1" in scraper.health().detail


@pytest.mark.parametrize(
    ("url", "instance"),
    [
        ("http://10.0.0.1:9100/metrics", "10.0.0.1:9100"),
        ("https://shop.example/metrics", "shop.example:443"),
        ("http://[2001:db8::1]/metrics", "[2001:db8::1]:80"),
    ],
)
def test_the_instance_is_address_and_port(url: str, instance: str) -> None:
    assert ScrapeTarget(url=url).instance == instance
