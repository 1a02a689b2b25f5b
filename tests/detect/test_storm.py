"""A storm passes while it lasts, its cause among it, and hides nothing that comes after."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.engine import DetectionEngine
from sensorium.detect.stats import DetectStats
from sensorium.detect.testing import (
    DATABASE,
    NS,
    OUTSIDE,
    START_NS,
    WORKSTATIONS,
    Talks,
    everyday,
    flow_batch,
)
from sensorium.model.anomaly import Anomaly
from sensorium.model.signals import Signal
from tests.detect.test_engine import drive

STORM, LATER, END = 620.0, 1_020.0, 1_200.0
INFECTED = WORKSTATIONS[3]
SMALL = 12


def stormy() -> pa.RecordBatch:
    """One host knocks at three hundred, all of which then knock at each other for two minutes;
    six minutes later the database sends out a hundred megabytes."""
    rng = np.random.default_rng(11)
    far = [f"10.7.{i // 200}.{i % 200 + 1}" for i in range(300)]
    worm = [
        Talks.to(np.array([STORM + i / 20]), INFECTED, far[i], 445, up=9000) for i in range(300)
    ]
    for at in np.linspace(STORM + 20, STORM + 120, 10):
        worm += [Talks.to(np.array([at]), one, far[int(rng.integers(300))], 445) for one in far]
    sent = Talks.to(np.arange(LATER, LATER + 30, 5.0), DATABASE, OUTSIDE[1], 443, up=2e7, down=2e5)
    return flow_batch(Talks.join([everyday(rng, END), *worm, sent]), rng)


@pytest.fixture(scope="module")
def unheld() -> tuple[list[Anomaly], DetectionEngine]:
    """With a budget for all of it."""
    return drive({Signal.FLOWS: stormy()}, config=DetectConfig(pass_burst=100_000))


@pytest.fixture(scope="module")
def held() -> tuple[list[Anomaly], DetectionEngine]:
    """With a small one."""
    config = DetectConfig(pass_burst=40, pass_floor=SMALL)
    return drive({Signal.FLOWS: stormy()}, config=config)


@pytest.fixture(params=["unheld", "held"])
def after(request: pytest.FixtureRequest) -> tuple[list[Anomaly], DetectStats]:
    found, engine = request.getfixturevalue(request.param)
    return found, engine.stats()


def _at(found: list[Anomaly], start: float, end: float) -> list[Anomaly]:
    return [a for a in found if start <= (a.start_ns - START_NS) / NS < end]


def test_the_cause_of_a_storm_passes_and_is_told_with_what_it_did(
    after: tuple[list[Anomaly], DetectStats],
) -> None:
    first = _at(after[0], STORM - 30, STORM + 30)
    cause = [a for a in first if a.detector == "flows.host" and a.entity.key == INFECTED]
    assert cause
    assert any("fan-out" in a.summary for a in cause)
    # Nobody is odder at its beginning.
    assert min(a.tail_probability for a in first) == min(a.tail_probability for a in cause)


def test_what_happens_after_a_storm_is_not_hidden_by_it(
    after: tuple[list[Anomaly], DetectStats],
) -> None:
    sender = [a for a in _at(after[0], LATER - 30, LATER + 60) if DATABASE in a.hosts]
    assert any(a.detector == "flows.host" for a in sender)


def test_outside_the_storm_about_as_few_pass_as_the_setting_says(
    after: tuple[list[Anomaly], DetectStats],
) -> None:
    busy = [(START_NS + int(STORM - 30) * NS, START_NS + int(STORM + 150) * NS)]
    busy += [(START_NS + int(LATER - 30) * NS, START_NS + int(LATER + 90) * NS)]
    # Of some sixteen hundred quiet entity windows one in a thousand is one or two, give or take.
    stats = after[1]
    assert stats.quiet_rate(busy, 30 * NS) <= 0.003 < stats.pass_rate


def test_a_storm_is_held_at_the_budget_and_what_is_learned_does_not_change(
    unheld: tuple[list[Anomaly], DetectionEngine], held: tuple[list[Anomaly], DetectionEngine]
) -> None:
    stats, freely = held[1].stats(), unheld[1].stats()
    assert freely.held_back == 0
    assert stats.held_back == freely.passed - stats.passed > 300
    busiest = sorted(count.passed for count in stats.history)
    assert busiest[-1] <= 40
    assert busiest[-2] <= SMALL
    assert {a.id for a in held[0]} < {a.id for a in unheld[0]}
    kept, free = held[1].state(), unheld[1].state()
    assert {name for name in kept if not name.startswith("budget")} <= set(free)
    for name, array in kept.items():
        if not name.startswith("budget"):
            np.testing.assert_array_equal(array, free[name])
