"""Settings of detection."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from sensorium.component import setting
from sensorium.detect.names import left_alone, named, problems_with
from sensorium.detect.override_config import OverrideConfig
from sensorium.detect.serving.config import ServingConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class DetectConfig:
    """How telemetry is cut into windows and how improbable a window must be to pass."""

    window_seconds: int = setting(30, "length of one tumbling event-time window", ge=1, le=3600)
    lateness_seconds: int = setting(
        60, "how long before its arrival a record's event time may lie", ge=0, le=3600
    )
    pass_rate: float = setting(
        0.001, "share of scored windows that may pass in quiet traffic", gt=0, le=0.1
    )
    pass_burst: int = setting(
        512, "passes that are saved up for a storm; beyond them pass_rate holds in it too", ge=1
    )
    pass_floor: int = setting(
        16, "entities that may pass in every window, however few are scored", ge=1
    )
    warmup_windows: int = setting(
        10, "windows at the start of a stream that are learned from and never passed", ge=1
    )
    history_windows: int = setting(
        60, "windows of its own past that each entity is compared with", ge=10, le=1000
    )
    hold_windows: int = setting(
        20, "windows for which an odd entity keeps its old baseline before it adapts", ge=0
    )
    max_entities: int = setting(
        50_000, "entities of one kind kept in memory; the least recently seen leave", ge=100
    )
    calibration_half_life_windows: int = setting(
        960, "windows after which a score counts half in the calibration", ge=10
    )
    stage2_share: float = setting(
        0.05, "share of host windows, the oddest, that the isolation forest looks at", gt=0, le=1
    )
    forest_trees: int = setting(64, "trees of the isolation forest", ge=10, le=500)
    forest_refit_windows: int = setting(20, "windows between two fits of the forest", ge=1)
    ignored_metrics: str = setting(
        "scrape_|node_scrape_|promhttp_|python_gc_|go_(gc|memstats|sched)_",
        "regular expression of the beginnings of metric names that are not scored: what"
        " exporters say of themselves",
    )
    template_similarity: float = setting(
        0.7, "share of equal words for a log line to join a template of its length", gt=0, le=1
    )
    max_templates: int = setting(20_000, "log templates kept in memory", ge=100)
    max_shapes: int = setting(
        512,
        "metric series whose shapes are judged, of those that repeat themselves: 66 kB each, and"
        " 4 kB for each of four times as many that are watched for it",
        ge=1,
        le=100_000,
    )
    serving: ServingConfig = setting(ServingConfig, "")
    switched_off: tuple[str, ...] = setting(
        (), "detectors that do not run, patterns too (flows.beacon, metrics.*)"
    )
    overrides: tuple[OverrideConfig, ...] = setting((), "what differs for some entities")

    def __post_init__(self) -> None:
        """ValueError where a detector is unknown, one that others need is off alone, or an
        expression is none."""
        try:
            re.compile(self.ignored_metrics)
        except re.error as error:
            raise ValueError(f"ignored_metrics: no regular expression: {error}") from error
        problems = [*problems_with(self.switched_off), *left_alone(named(self.switched_off))]
        if problems:
            raise ValueError("; ".join(f"switched_off: {problem}" for problem in problems))


# What was learned is as good under another value of these.
_INDIFFERENT = frozenset(
    {
        "lateness_seconds",
        "pass_rate",
        "pass_burst",
        "pass_floor",
        "warmup_windows",
        "hold_windows",
        "stage2_share",
        "forest_trees",
        "forest_refit_windows",
        "serving",
        "switched_off",
        "overrides",
    }
)


def shaping(config: DetectConfig) -> dict[str, Any]:
    """The settings that what is learned depends on: a kept state fits only where they are equal."""
    names = (each.name for each in fields(config) if each.name not in _INDIFFERENT)
    return {name: getattr(config, name) for name in names}
