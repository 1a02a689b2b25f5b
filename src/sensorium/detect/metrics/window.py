"""The metric samples of one window: one value per series that has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from sensorium.detect.arrays import F64, I64, U64, Bool


class SeriesKind(IntEnum):
    """How a series' value in a window came about, and with which others it is comparable."""

    GAUGE = 0
    RATE = 1
    MEAN = 2


@dataclass(frozen=True, slots=True)
class Series:
    """What a series is called: ``key`` as in :class:`sensorium.model.anomaly.Entity`.

    ``host`` is the address of the instance that exposes it, empty where there is none.
    """

    key: str
    name: str
    host: str


@dataclass(frozen=True, slots=True)
class Targets:
    """The instances that answered a scrape in the window, as ``10.0.0.1:9100``."""

    keys: U64
    instances: Sequence[str]


@dataclass(frozen=True, slots=True)
class MetricWindow:
    """Values of ``n`` series in a window.

    ``keys`` uint64 (n,), distinct and sorted; ``values`` (n,) are the mean of a gauge's samples,
    a counter's increase per second, or a histogram's mean observation; ``kinds`` (n,) are
    :class:`SeriesKind`; ``whole`` (n,) is true where all samples so far were whole numbers;
    ``families`` uint64 (n,) are keys of the metric's name, ``target`` uint64 (n,) those of the
    instance that exposes it, 0 where there is none or the value follows from other series';
    ``series`` says what each is called.
    """

    keys: U64
    values: F64
    kinds: I64
    whole: Bool
    families: U64
    target: U64
    series: Sequence[Series]
    targets: Targets
    samples: int
