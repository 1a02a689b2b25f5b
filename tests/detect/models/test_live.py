"""A running engine takes models up between windows, runs shadows unheard, and watches drift."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.host import HostDetector
from sensorium.detect.detectors.joint import JointDetector, host_vectors
from sensorium.detect.engine import DetectionEngine
from sensorium.detect.models.autoencoder_model import Autoencoder
from sensorium.detect.models.card import ModelCard, ModelKind
from sensorium.detect.models.drift_watch import DriftWatch
from sensorium.detect.models.forest_model import FILE, ForestModel
from sensorium.detect.models.host_models import HostModels
from sensorium.detect.models.live_record import LiveRecord
from sensorium.detect.models.seat import Role
from sensorium.detect.protocol import Window
from sensorium.detect.testing import (
    NS,
    SERVERS,
    START_NS,
    WORKSTATIONS,
    Talks,
    everyday,
    flow_batch,
    scan,
)
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.observe.testing import RecordingObserve

NAME = JointDetector.name
COLUMNS = tuple(feature.name for feature in HostDetector.features)
# Stage two looks at every second host, so that there is something to compare in few windows.
CONFIG = DetectConfig(stage2_share=0.5, pass_rate=0.05)


@pytest.fixture(scope="session")
def models() -> tuple[ForestModel, Autoencoder]:
    vectors = np.random.default_rng(4).normal(0, 1, (600, len(COLUMNS)))
    return (
        ForestModel.fit(COLUMNS, vectors, trees=10),
        Autoencoder.fit(COLUMNS, vectors, epochs=2),
    )


@pytest.fixture
def two(kept: Any, models: tuple[ForestModel, Autoencoder]) -> Any:
    """A registry with a forest, version 1, and an autoencoder, version 2, of hosts."""
    draft = ModelCard(NAME, ModelKind.ISOLATION_FOREST, COLUMNS, 0, 1, 600)
    kept.registry.add(draft, models[0].files())
    kept.registry.add(replace(draft, kind=ModelKind.AUTOENCODER), models[1].files())
    return kept


@pytest.fixture(scope="session")
def attack() -> dict[Signal, Any]:
    """Ten minutes with a scan in the ninth."""
    rng = np.random.default_rng(1)
    talks = Talks.join([everyday(rng, 600.0), scan(WORKSTATIONS[0], SERVERS[:3], 490.0)])
    return {Signal.FLOWS: flow_batch(talks, rng)}


@pytest.fixture(scope="session")
def attacked(attack: dict[Signal, Any], cutting: Callable[..., list[Window]]) -> list[Window]:
    return cutting(attack)


class Led:
    """Joint detection led through windows, with models or without."""

    def __init__(self, registry: Any = None, config: DetectConfig = CONFIG) -> None:
        self.hosts = HostDetector(config)
        models = None
        if registry is not None:
            models = HostModels(registry, NAME, COLUMNS, JointDetector.features, config)
        self.joint = JointDetector(config, self.hosts, models)

    def step(self, window: Window) -> np.ndarray:
        scored = self.joint.score(window)
        self.hosts.learn(window, self.hosts.score(window), np.zeros(len(scored), np.bool_))
        self.joint.learn(window, scored, np.zeros(len(scored), np.bool_))
        return scored.oddness[:, 0]

    def run(self, windows: list[Window]) -> list[list[float]]:
        return [self.step(window).tolist() for window in windows]


def test_without_a_promoted_model_nothing_is_other_than_without_a_registry(
    two: Any, quiet_windows: list[Window]
) -> None:
    assert Led(two.registry).run(quiet_windows) == Led().run(quiet_windows)


def test_a_shadow_changes_nothing_of_what_passes(two: Any, quiet_windows: list[Window]) -> None:
    two.registry.shadow_with(NAME, 2)
    assert Led(two.registry).run(quiet_windows) == Led().run(quiet_windows)


def test_a_promotion_is_taken_up_with_the_next_window_and_so_is_a_rollback(
    two: Any, models: tuple[ForestModel, Autoencoder], quiet_windows: list[Window]
) -> None:
    led, plain = Led(two.registry), Led()
    for window in quiet_windows[:12]:
        led.step(window)
        plain.step(window)
    two.registry.promote(NAME, 1)
    # The window after the promotion may have begun: it ends with whom it began with.
    assert led.step(quiet_windows[12]).tolist() == plain.step(quiet_windows[12]).tolist()
    vectors = host_vectors(led.hosts.score(quiet_windows[13]))
    by_model, own = led.step(quiet_windows[13]), plain.step(quiet_windows[13])
    looked_at = by_model > 0
    tail = models[0].survival(models[0].score(vectors))
    assert looked_at.any()
    assert by_model[looked_at].tolist() == (-np.log10(tail[looked_at])).tolist()
    assert two.observe.value("sensorium_models_version", {"name": NAME, "role": "active"}) == 1
    two.registry.rollback(NAME)
    led.step(quiet_windows[14]), plain.step(quiet_windows[14])
    assert led.step(quiet_windows[15]).tolist() == plain.step(quiet_windows[15]).tolist()
    assert by_model.tolist() != own.tolist()


def test_a_model_that_is_damaged_leaves_the_one_before_in_place(
    two: Any, quiet_windows: list[Window]
) -> None:
    two.registry.promote(NAME, 2)
    led = Led(two.registry)
    for window in quiet_windows[:12]:
        led.step(window)
    before = led.joint.score(quiet_windows[12]).oddness.tolist()
    two.registry.promote(NAME, 1)
    path = two.folder / NAME / "000001" / FILE
    path.write_bytes(path.read_bytes()[:-1])
    led.joint._look()
    led.joint._look()
    assert led.joint.score(quiet_windows[12]).oddness.tolist() == before
    assert two.refused("digest") == 1
    told = [e for e in two.observe.entries if e["event"].startswith("a model was not taken up")]
    assert [(e["version"], e["stays"]) for e in told] == [(1, 2)]
    assert two.observe.value("sensorium_models_version", {"name": NAME, "role": "active"}) == 2


def test_a_model_of_other_features_is_not_taken_up(
    two: Any, forest: ForestModel, draft: ModelCard
) -> None:
    other = two.registry.add(draft, forest.files())
    two.registry.promote(NAME, other.version)
    led = Led(two.registry)
    assert led.joint._models.active is None
    assert any("not taken up" in event for event in two.observe.events)


def test_what_a_shadow_would_have_let_pass_is_counted_logged_and_written_down(
    two: Any, attacked: list[Window]
) -> None:
    two.registry.shadow_with(NAME, 2)
    led = Led(two.registry, replace(CONFIG, warmup_windows=2))
    led.run(attacked)
    trial = LiveRecord.read(two.registry.live_path(NAME)).trial
    assert (trial.version, trial.active) == (2, 0)
    assert trial.windows == len(attacked) // 4 * 4 - 2
    # Nobody passed by the active one, so all that passed did so by the shadow alone.
    assert trial.only_shadow > 0
    assert trial.both == trial.only_active == 0
    assert (trial.agreement, trial.rate(shadow=False)) == (0.0, 0.0)
    passed = {"name": NAME, "passed_by": "shadow"}
    counted = two.observe.value("sensorium_models_shadow_total", passed)
    assert counted >= trial.only_shadow
    told = [e for e in two.observe.entries if e["event"] == "only the shadow would have let pass"]
    assert told[0]["host"].startswith(("10.", "203."))
    assert 0 < len(told) <= counted


def test_a_restart_goes_on_counting_and_counts_no_window_twice(
    two: Any, quiet_windows: list[Window]
) -> None:
    two.registry.shadow_with(NAME, 2)
    config = replace(CONFIG, warmup_windows=2)
    Led(two.registry, config).run(quiet_windows[:12])
    first = LiveRecord.read(two.registry.live_path(NAME)).trial
    Led(two.registry, config).run(quiet_windows[:16])
    second = LiveRecord.read(two.registry.live_path(NAME)).trial
    assert (first.windows, second.windows) == (10, 14)
    assert second.since_ns == first.since_ns


@pytest.mark.parametrize(
    "content", [b"", b"{}", b'{"trial":{"version":"x"}}', b"\xff", b"[" * 99_999]
)
def test_a_damaged_record_of_use_is_begun_anew(two: Any, content: bytes) -> None:
    path = two.registry.live_path(NAME)
    path.write_bytes(content)
    assert LiveRecord.read(path) == LiveRecord()
    two.registry.shadow_with(NAME, 1)
    Led(two.registry)


def test_drift_is_a_gauge_and_warns_once_until_it_is_over(
    models: tuple[ForestModel, Autoencoder],
) -> None:
    observe = RecordingObserve()
    card = ModelCard(NAME, ModelKind.AUTOENCODER, COLUMNS, 0, 1, 600, version=3)
    watch = DriftWatch(card, models[1], Role.ACTIVE, observe)
    rng = np.random.default_rng(0)
    labels = {"name": NAME, "role": "active"}
    for _ in range(20):
        watch.learn(rng.normal(0, 1, (60, len(COLUMNS))))
    assert 0 < observe.value("sensorium_models_drift", labels) < 0.1
    for _ in range(200):
        watch.learn(rng.normal(0, 2, (60, len(COLUMNS))))
    assert observe.value("sensorium_models_drift", labels) > 0.25
    warned = [e for e in observe.entries if e["level"] == "warning"]
    assert [(e["version"], e["drift"] > 0.25) for e in warned] == [(3, True)]
    assert "train it again" in warned[0]["next_step"]


def test_an_engine_with_a_promoted_model_says_what_the_model_found_odd(
    two: Any, attack: dict[Signal, Any]
) -> None:
    off = ("logs.*", "metrics.*", "flows.silence.*", "flows.[!h]*")
    config = replace(CONFIG, switched_off=off)

    def anomalies(registry: Any) -> list[Any]:
        engine = DetectionEngine(config, Observe(), models=registry)
        engine.observe(Signal.FLOWS, attack[Signal.FLOWS])
        return [a for a in engine.advance(START_NS + 700 * NS) if a.detector == NAME]

    without = anomalies(None)
    assert anomalies(two.registry) == without
    two.registry.promote(NAME, 2)
    found = anomalies(two.registry)
    assert found
    assert json.dumps([a.summary for a in found]) != json.dumps([a.summary for a in without])
    assert all("is unlike any host before" in a.summary for a in found)
