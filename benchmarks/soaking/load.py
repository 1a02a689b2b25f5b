"""The whole load, steady, from threads of this process."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

from benchmarks.soaking.datagrams import INTERFACE_VALUES, Exporter, exporters
from benchmarks.soaking.requests import EXPOSED, Requests, Stream, Target
from benchmarks.soaking.service import Service

TURNS_A_SECOND = 10
STREAM_MESSAGES = 100
OWN_SAMPLES = 2
"""``up`` and ``scrape_duration_seconds``, which every scrape adds, answered or not."""


class Load:
    """Sends from :meth:`start` until :meth:`stop`; then says what was sent."""

    def __init__(self, service: Service, target: Target, burst: int) -> None:
        ports = service.ports
        self._exporters: list[Exporter] = exporters(ports["flows"], ports["syslog"], burst)
        self._requests = Requests(service.intake)
        self._stream = Stream(ports["stream"])
        self._target = target
        self._ended = threading.Event()
        self.failed: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._every, args=arguments, daemon=True)
            for arguments in (
                (1 / TURNS_A_SECOND, self._datagrams),
                (1 / TURNS_A_SECOND, lambda: self._stream.turn(STREAM_MESSAGES)),
                (1.0, self._requests.turn),
            )
        ]

    def _datagrams(self) -> None:
        for exporter in self._exporters:
            exporter.turn()

    def _every(self, seconds: float, turn: Callable[[], None]) -> None:
        due = time.monotonic()
        try:
            while not self._ended.is_set():
                turn()
                # A turn that comes late is not made up for: the load is steady, not bursty.
                due = max(due + seconds, time.monotonic() - seconds)
                self._ended.wait(max(due - time.monotonic(), 0))
        except BaseException as error:
            self.failed.append(error)
            raise

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all senders."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._stream.close()

    @property
    def refused(self) -> int:
        """Requests that were asked to come again, and did."""
        return self._requests.refused

    def sent(self) -> Counter[str]:
        """Rows that should be stored, by signal, but what scrapes add."""
        total: Counter[str] = Counter(self._requests.acknowledged)
        for one in self._exporters:
            signal = "logs" if one.kind == "syslog" else "flows"
            total[signal] += one.number * one.each
            if one.kind == "sflow":
                total["metrics"] += one.number * INTERFACE_VALUES
        total["logs"] += self._stream.sent
        total["metrics"] += self._target.served * EXPOSED
        return total
