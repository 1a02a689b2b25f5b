"""Made-up hosts whose series have a few causes in common."""

from __future__ import annotations

import numpy as np

from sensorium.detect.keys import text_key
from sensorium.detect.metrics.window import MetricWindow, Series, SeriesKind, Targets
from sensorium.detect.protocol import Window

NS = 1_000_000_000


def caused(rng: np.random.Generator, windows: int, series: int, spread: float = 0.12) -> np.ndarray:
    """Logarithms of values (windows, series) that follow three causes, each with its own memory."""
    causes = rng.normal(0, 1, (windows, 3))
    for at in range(1, windows):
        for cause, keeps in enumerate((0.8, 0.9, 0.95)):
            fresh = np.sqrt(1 - keeps**2) * causes[at, cause]
            causes[at, cause] = keeps * causes[at - 1, cause] + fresh
    weights = rng.normal(0, 1, (3, series))
    weights /= np.linalg.norm(weights, axis=0)
    return 0.5 * causes @ weights + rng.normal(0, spread, (windows, series))


class Hosts:
    """Some hosts with as many series each: of one ``kind``, or rates and gauges in turn."""

    def __init__(
        self, hosts: int, series: int, first: int = 1, kind: SeriesKind | None = None
    ) -> None:
        self.names = [f"10.0.0.{first + host}" for host in range(hosts)]
        rows = sorted(
            (text_key(f"{self.names[host]} {place}"), host, place)
            for host in range(hosts)
            for place in range(series)
        )
        self._keys = np.array([row[0] for row in rows], np.uint64)
        self._at = np.array([row[1:] for row in rows]).T
        in_turn = np.where(self._at[1] % 2 == 0, int(SeriesKind.RATE), int(SeriesKind.GAUGE))
        self._kinds = in_turn if kind is None else np.full(len(rows), int(kind))
        self._families = np.array([text_key(f"metric {row[2]}") for row in rows], np.uint64)
        self._series = [
            Series(f'm{place}{{instance="{self.names[host]}:1"}}', f"m{place}", self.names[host])
            for _, host, place in rows
        ]

    def window(self, index: int, values: np.ndarray) -> Window:
        """A window in which the series have ``values`` (hosts, series), none where NaN."""
        of = values[self._at[0], self._at[1]]
        there = np.flatnonzero(np.isfinite(of))
        targets = np.array([text_key(self.names[host]) for host in self._at[0, there]], np.uint64)
        metrics = MetricWindow(
            keys=self._keys[there],
            values=of[there],
            kinds=self._kinds[there],
            whole=np.zeros(len(there), np.bool_),
            families=self._families[there],
            target=targets,
            series=[self._series[place] for place in there.tolist()],
            targets=Targets(np.unique(targets), self.names),
            samples=len(there),
        )
        return Window(index, index * 30 * NS, (index + 1) * 30 * NS, metrics=metrics)

    def windows(self, logs: np.ndarray, first: int = 0) -> list[Window]:
        """Windows of logarithms (windows, hosts, series) of values around 50."""
        return [self.window(first + at, 50 * np.exp(values)) for at, values in enumerate(logs)]
