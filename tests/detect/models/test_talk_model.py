"""A model of first contacts: trained on stored flows, kept as arrays, and heard by flows.edge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("torch")

from sensorium.detect.config import DetectConfig
from sensorium.detect.engine import DetectionEngine
from sensorium.detect.models import talk_model
from sensorium.detect.models.array_file import Form, pack_arrays, unpack_arrays
from sensorium.detect.models.errors import ModelRefusedError
from sensorium.detect.models.kinds import read_model
from sensorium.detect.models.talk_training import NAME, TalkLessons, TooLittleError, train_talk
from sensorium.detect.names import KIND_OF
from sensorium.detect.testing import NS, START_NS, Talks, flow_batch
from sensorium.links.network.names import FEATURES
from sensorium.model.signals import Signal

SECONDS = 2100.0
END = START_NS + int(SECONDS * NS)


@pytest.fixture(scope="module")
def flows() -> pa.RecordBatch:
    """Three teams with servers of their own, of which most people use a few and now and then one
    for the first time."""
    rng = np.random.default_rng(3)
    wanted = 1 / np.arange(1, 21) ** 1.2
    parts = []
    for client in range(45):
        at = np.sort(rng.uniform(0, SECONDS, 120))
        liking = rng.permutation(20)
        chosen = liking[rng.choice(20, len(at), p=wanted / wanted.sum())]
        for server in np.unique(chosen):
            mine = at[chosen == server]
            size = rng.lognormal(8, 1, len(mine))
            to = f"10.2.{client % 3}.{server + 1}"
            parts.append(Talks.to(mine, f"10.1.0.{client + 1}", to, 443, down=size, seconds=0.3))
    return flow_batch(Talks.join(parts), rng)


def _read(flows: pa.RecordBatch, step: int, seconds: float = SECONDS) -> TalkLessons:
    end = START_NS + int(seconds * NS)
    lessons = TalkLessons(DetectConfig(), START_NS, end)
    arrived = flows.column("time_received_ns").to_numpy()
    for at in range(START_NS, end, step):
        first, last = np.searchsorted(arrived, [at, at + step])
        lessons.read(flows.slice(first, last - first) if last > first else None, at + step)
    return lessons


@pytest.fixture(scope="module")
def lessons(flows: pa.RecordBatch) -> TalkLessons:
    return _read(flows, 30 * NS)


@pytest.fixture(scope="module")
def trained(lessons: TalkLessons):
    return train_talk(lessons)


def test_how_the_store_is_read_does_not_change_what_is_learned(flows, lessons) -> None:
    other = _read(flows, 7 * NS)
    for one, same in ((lessons.fit, other.fit), (lessons.held_out, other.held_out)):
        for rows, again in zip(one.rows, same.rows, strict=True):
            assert np.array_equal(rows, again)
    assert len(lessons.fit) > 3 * len(lessons.held_out) > 0


def test_it_tells_first_contacts_that_came_from_others(trained) -> None:
    card, _ = trained
    assert card.scores["told_from_absent"] > 0.7
    assert card.scores["told_from_absent"] > card.scores["told_untrained"] - 0.05


def test_what_is_kept_scores_as_what_was_trained(trained, lessons) -> None:
    card, files = trained
    known, came = lessons.held_out.rows
    model = read_model(card, files)
    scores = model.score(known)
    assert np.abs(scores).max() <= 6
    assert scores[came == 0].mean() > scores[came > 0].mean()
    assert np.array_equal(scores, read_model(card, files).score(known))
    assert train_talk(lessons)[1] == files
    tail = model.survival(scores)
    assert ((tail > 0) & (tail <= 1)).all()
    assert tail[scores.argmax()] == tail.min()
    assert model.contributions(known).shape == known.shape
    with pytest.raises(ValueError, match="27 columns"):
        model.score(known[:, :3])


def test_files_that_make_no_model_are_refused(trained) -> None:
    card, files = trained
    with pytest.raises(ModelRefusedError, match="other features"):
        read_model(replace(card, features=FEATURES[:3]), files)
    with pytest.raises(ModelRefusedError, match="one file"):
        read_model(card, {})
    forms = {name: Form("<f4", (27,)) for name in ("centre", "spread")}
    forms |= {"usual": Form("<f8", (None,))}
    for n in range(3):
        forms |= {f"weights_{n}": Form("<f4", (None, None)), f"biases_{n}": Form("<f4", (None,))}
    arrays = unpack_arrays(files[talk_model.FILE], forms)
    for name, wrong in (
        ("weights_1", arrays["weights_1"][:-1]),
        ("biases_0", arrays["biases_0"][:-1]),
        ("spread", np.zeros(27, "<f4")),
        ("usual", np.zeros(0)),
    ):
        packed = {talk_model.FILE: pack_arrays({**arrays, name: wrong})}
        with pytest.raises(ModelRefusedError):
            read_model(card, packed)


def test_too_little_is_said_with_how_much_there_is(flows) -> None:
    with pytest.raises(TooLittleError, match="edges to fit to and 0 held out"):
        train_talk(_read(flows.slice(0, 0), 30 * NS, 60.0))


def test_a_promoted_model_is_heard_and_a_rollback_takes_it_away(opened, trained, flows) -> None:
    kept = opened()
    config = replace(DetectConfig(), switched_off=tuple(name for name in KIND_OF if name != NAME))

    def told() -> list[float]:
        seen: list[float] = []

        def witness(_window, judged) -> None:
            ((_, scored, _, _),) = judged
            seen.extend(scored.values[:, 0].tolist())

        engine = DetectionEngine(config, kept.observe, models=kept.registry, witness=witness)
        engine.observe(Signal.FLOWS, flows)
        engine.advance(END)
        return seen

    before = told()
    card = kept.registry.add(*trained)
    assert told() == before
    kept.registry.promote(NAME, card.version)
    with_it = told()
    assert np.median(with_it) < np.median(before)  # it knows the teams, and expects more
    assert kept.observe.value("sensorium_models_version", {"name": NAME, "role": "active"}) == 1
    kept.registry.rollback(NAME)
    assert told() == before
