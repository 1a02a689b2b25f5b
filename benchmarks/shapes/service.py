"""The running service's detectors of metrics over series of which single cycles are spoilt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.following.follower import followers
from sensorium.detect.metrics.window import SeriesKind
from sensorium.model.signals import Signal
from tests.detect.metrics.cycles import RESTLESS, SECONDS, SPOILT, job, restless
from tests.detect.metrics.hosts import Hosts

F64 = npt.NDArray[np.float64]

SHAPE: Final = "metrics.shape"
EVERY: Final = (300.0, 420.0, 600.0, 900.0, 1800.0, 3600.0)
"""Seconds between two runs of a job."""
SHARES: Final = (0.1, 0.3, 0.5)
"""Of a cycle in which the job runs."""
_TRAINED: Final = 6_000
_ROWS: Final = 16_000
_NEAR: Final = 130


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A cycle that is spoilt: of which host's series, how, its windows and those of the next."""

    host: int
    series: int
    every: float
    how: str
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Course:
    """What each detector told of spoilt cycles, and of the same place a few cycles before them."""

    spoilt: list[Spoilt]
    told: dict[str, list[bool]]
    by_chance: dict[str, list[bool]]
    passed_else: dict[str, int]
    scored: dict[str, int]
    seconds: dict[str, float]
    series_windows: int


def made(rng: np.random.Generator, hosts: int, windows: int) -> tuple[F64, list[Spoilt]]:
    """Values (windows, hosts, series): jobs, of which one run each is spoilt, and others."""
    values = np.empty((windows, hosts, len(SHARES) + len(RESTLESS)))
    spoilt = []
    for host in range(hosts):
        every = EVERY[host % len(EVERY)]
        cycle = int(every / SECONDS)
        for place, share in enumerate(SHARES):
            how = SPOILT[(host // len(EVERY) + place) % len(SPOILT)]
            at = int(rng.uniform(0.6, 0.9) * windows / cycle)
            jitter, noise = float(rng.choice([1.0, 5.0])), float(rng.choice([0.03, 0.1]))
            values[:, host, place], first = job(
                rng, windows, every, share, jitter=jitter, noise=noise, spoilt=how, at=at
            )
            spoilt.append(Spoilt(host, place, every, how, first, first + 2 * cycle + 2))
        for place, kind in enumerate(RESTLESS, len(SHARES)):
            values[:, host, place] = restless(rng, windows, kind)
    return values, spoilt


def course(seed: int, hosts: int, windows: int) -> Course:
    """All detectors of metrics over made hosts."""
    rng = np.random.default_rng(seed)
    values, spoilt = made(rng, hosts, windows)
    network = Hosts(hosts, values.shape[2], kind=SeriesKind.GAUGE)
    following = followers(lambda d: d.signal is Signal.METRICS, lambda told: told.entity.key)
    for at, row in enumerate(values):
        window = network.window(at, row)
        for each in following.values():
            each.take(window)

    def keys(one: Spoilt) -> tuple[str, ...]:
        name = network.names[one.host]
        return f'm{one.series}{{instance="{name}:1"}}', name

    told, by_chance, passed = {}, {}, {}
    for name, each in following.items():
        told[name] = [each.tells(keys(one), one.first, one.end) for one in spoilt]
        back = [4 * (one.end - one.first) for one in spoilt]
        by_chance[name] = [
            each.tells(keys(one), one.first - before, one.end - before)
            for one, before in zip(spoilt, back, strict=True)
        ]
        inside = {(keys(one)[0], at) for one in spoilt for at in range(one.first, one.end)}
        passed[name] = sum((key, at) not in inside for key, ats in each.told.items() for at in ats)
    return Course(
        spoilt, told, by_chance, passed,
        {name: each.scored for name, each in following.items()},
        {name: each.seconds for name, each in following.items()},
        values.size,
    )  # fmt: skip


def machine(path: Path) -> tuple[int, int]:
    """What is scored of a machine of the Server Machine Dataset, and what of it passes wrongly.

    A row is taken for a window. Windows of series are counted: all of them, and those that passed
    and are not within :data:`_NEAR` windows of what is labelled.
    """
    data = np.load(path, allow_pickle=False)
    values = np.concatenate([data["train"][-_TRAINED:], data["test"]]).astype(np.float64)[:_ROWS]
    labelled = np.concatenate([np.zeros(_TRAINED, np.bool_), data["label"] > 0])[:_ROWS]
    network = Hosts(1, values.shape[1], kind=SeriesKind.GAUGE)
    follower = followers(lambda d: d.name == SHAPE, lambda told: told.entity.key)[SHAPE]
    for at, row in enumerate(values):
        follower.take(network.window(at, row[None]))
    told = [at for ats in follower.told.values() for at in ats]
    return follower.scored, sum(not labelled[max(at - _NEAR, 0) : at + 1].any() for at in told)
