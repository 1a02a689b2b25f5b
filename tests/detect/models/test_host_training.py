"""Models of hosts are trained on what was stored, judged on its last fifth, in bounded memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.models.card import ModelKind
from sensorium.detect.models.drift import Drift, Reference
from sensorium.detect.models.host_lesson import NAMES, HostLesson, HostLessons
from sensorium.detect.models.host_training import TooLittleError, train_hosts
from sensorium.detect.models.kinds import read_model
from sensorium.detect.models.reservoir import Reservoir
from sensorium.detect.testing import NS, START_NS, everyday, flow_batch

SECONDS = 2100.0


@pytest.fixture(scope="module")
def flows() -> pa.RecordBatch:
    rng = np.random.default_rng(3)
    return flow_batch(everyday(rng, SECONDS), rng)


def _read(flows: pa.RecordBatch, step: int) -> HostLesson:
    end = START_NS + int(SECONDS * NS)
    lessons = HostLessons(DetectConfig(), START_NS, end)
    arrived = flows.column("time_received_ns").to_numpy()
    for at in range(START_NS, end, step):
        first, last = np.searchsorted(arrived, [at, at + step])
        lessons.read(flows.slice(first, last - first) if last > first else None, at + step)
    return lessons.lesson()


@pytest.fixture(scope="module")
def lesson(flows: pa.RecordBatch) -> HostLesson:
    return _read(flows, 30 * NS)


def test_a_lesson_has_the_last_fifth_held_out_and_leaves_out_the_warm_up(lesson) -> None:
    window = 30 * NS
    assert lesson.since_ns == START_NS + 10 * window
    assert lesson.until_ns <= START_NS + int(SECONDS * NS)
    assert 50 <= lesson.windows <= 60
    assert 0.15 < len(lesson.held_out) / lesson.seen < 0.3
    assert lesson.fit.shape[1] == len(NAMES)
    assert np.abs(lesson.fit).max() <= 8


def test_how_the_store_is_read_does_not_change_the_lesson(flows, lesson) -> None:
    other = _read(flows, 7 * NS)
    assert other.fit.tolist() == lesson.fit.tolist()
    assert other.held_out.tolist() == lesson.held_out.tolist()


@pytest.mark.parametrize("kind", [ModelKind.ISOLATION_FOREST, ModelKind.AUTOENCODER])
def test_a_trained_model_says_what_it_reached_on_what_it_had_not_seen(lesson, kind) -> None:
    card, files = train_hosts(lesson, kind, trees=20, epochs=10)
    model = read_model(card, files)
    assert card.rows == len(lesson.fit)
    assert (card.since_ns, card.until_ns) == (lesson.since_ns, lesson.until_ns)
    tail = model.survival(model.score(lesson.held_out))
    assert card.scores["rare_share"] == np.mean(tail <= 0.001)
    assert card.scores["rare_share"] < 0.02
    assert card.scores["drift"] < 0.25
    assert card.scores["told_apart"] > 0.5
    again = train_hosts(lesson, kind, trees=20, epochs=10)
    assert (card, files) == again


def test_too_little_is_said_with_how_much_there_is_and_how_much_is_needed(lesson) -> None:
    little = HostLesson(lesson.fit[:37], lesson.held_out[:9], 0, 60 * NS, 2, 46)
    with pytest.raises(TooLittleError, match=r"37 host windows .* 9 held out; 500 and 100"):
        train_hosts(little, ModelKind.ISOLATION_FOREST, trees=10, epochs=1)
    nothing = HostLesson(lesson.fit[:0], lesson.held_out[:0], 0, 0, 0, 0)
    with pytest.raises(TooLittleError, match="there are 0 host windows"):
        train_hosts(nothing, ModelKind.AUTOENCODER, trees=10, epochs=1)


def test_a_reservoir_keeps_each_of_a_stream_as_often() -> None:
    kept = np.zeros(100)
    for seed in range(200):
        reservoir = Reservoir(10, 1, seed)
        for part in np.array_split(np.arange(100.0)[:, None], 7):
            reservoir.add(part)
        assert len(reservoir.vectors) == len(np.unique(reservoir.vectors)) == 10
        kept[reservoir.vectors[:, 0].astype(int)] += 1
    # Twenty are expected of each, give or take four or five.
    assert kept.min() > 3
    assert kept.max() < 42


def test_a_reservoir_that_is_not_full_keeps_all() -> None:
    reservoir = Reservoir(10, 2, 0)
    reservoir.add(np.ones((3, 2)))
    reservoir.add(np.empty((0, 2)))
    assert reservoir.vectors.tolist() == [[1, 1]] * 3


def test_the_index_is_near_zero_for_the_same_distribution_and_large_for_another() -> None:
    rng = np.random.default_rng(2)
    reference = Reference(rng.gamma(2, 1, 5000))
    assert reference.index(reference.counts(rng.gamma(2, 1, 5000))) < 0.02
    assert reference.index(reference.counts(rng.gamma(2, 2, 5000))) > 0.25
    equal = Reference(np.zeros(500))
    assert equal.index(equal.counts(np.zeros(50))) < 0.05
    assert equal.index(equal.counts(np.ones(50))) == pytest.approx(0, abs=0.05)


def test_drift_is_told_when_enough_was_seen_and_forgotten_when_it_is_over() -> None:
    rng = np.random.default_rng(2)
    drift = Drift(rng.gamma(2, 1, 5000), half_life_windows=5, enough=200)
    drift.learn(rng.gamma(2, 1, 100))
    assert drift.value is None
    for _ in range(20):
        drift.learn(rng.gamma(2, 3, 100))
    assert drift.value > 0.25
    for _ in range(40):
        drift.learn(rng.gamma(2, 1, 100))
    assert drift.value < 0.1
