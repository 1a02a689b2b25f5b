"""What every model of vectors must hold to, and what each of the two is for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sensorium.detect.models import autoencoder_model
from sensorium.detect.models.array_file import pack_arrays, unpack_arrays
from sensorium.detect.models.autoencoder_model import Autoencoder, read_autoencoder
from sensorium.detect.models.card import ModelCard, ModelKind
from sensorium.detect.models.errors import ModelRefusedError
from sensorium.detect.models.forest_model import ForestModel
from sensorium.detect.models.kinds import read_model

NAMES = tuple("abcdef")
KINDS = (ModelKind.ISOLATION_FOREST, ModelKind.AUTOENCODER)


def _bound(rng: np.random.Generator, n: int) -> np.ndarray:
    """Six features that two hidden numbers decide, and a little noise."""
    hidden = rng.normal(size=(n, 2))
    mixed = hidden @ np.array([[1.0, 1.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, -1.0, 1.0]])
    return mixed + rng.normal(0, 0.1, (n, 6))


@pytest.fixture(scope="module")
def seen() -> np.ndarray:
    return _bound(np.random.default_rng(8), 1500)


@pytest.fixture(scope="module")
def models(seen: np.ndarray) -> dict[ModelKind, ForestModel | Autoencoder]:
    return {
        ModelKind.ISOLATION_FOREST: ForestModel.fit(NAMES, seen, trees=50),
        ModelKind.AUTOENCODER: Autoencoder.fit(NAMES, seen, epochs=60),
    }


def _card(kind: ModelKind) -> ModelCard:
    return ModelCard("x", kind, NAMES, 0, 1, 1500)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_s_score_depends_on_that_row_alone(kind, models, seen) -> None:
    model = models[kind]
    whole = model.score(seen[:77])
    assert np.concatenate([model.score(seen[i : i + 1]) for i in range(77)]).tolist() == (
        whole.tolist()
    )
    assert model.score(seen[:77][::-1]).tolist() == whole[::-1].tolist()
    alone = [model.contributions(seen[i : i + 1])[0].tolist() for i in range(20)]
    assert alone == model.contributions(seen[:77])[:20].tolist()
    assert len(model.score(seen[:0])) == 0
    assert model.contributions(seen[:0]).shape == (0, 6)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read_back_scores_the_same(kind, models, seen) -> None:
    model = models[kind]
    again = read_model(_card(kind), model.files())
    assert again.features == NAMES
    assert again.score(seen).tolist() == model.score(seen).tolist()
    assert again.survival(model.score(seen)).tolist() == (
        model.survival(model.score(seen)).tolist()
    )
    assert again.contributions(seen[:9]).tolist() == model.contributions(seen[:9]).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_tail_probabilities_hold_for_what_was_not_trained_on(kind, models) -> None:
    model = models[kind]
    fresh = _bound(np.random.default_rng(9), 4000)
    tail = model.survival(model.score(fresh))
    assert (tail > 0).all()
    assert 0.02 <= np.mean(tail <= 0.05) <= 0.09
    assert np.mean(tail <= 0.001) <= 0.004
    order = np.argsort(model.score(fresh))
    assert (np.diff(tail[order]) <= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_far_from_all_is_rare_and_its_feature_is_named(kind, models, seen) -> None:
    odd = seen[:30].copy()
    odd[:, 3] += 8.0
    model = models[kind]
    limit = {ModelKind.ISOLATION_FOREST: 0.15, ModelKind.AUTOENCODER: 0.001}
    assert np.median(model.survival(model.score(odd))) < limit[kind]
    named = np.argmax(model.contributions(odd), axis=1)
    assert np.mean(named == 3) > 0.9


def test_the_autoencoder_finds_what_breaks_a_bond_that_no_single_feature_tells(
    models, seen
) -> None:
    broken = seen[:300].copy()
    broken[:, 1] = -broken[:, 1]
    far = np.abs(seen[:300, 0]) > 1
    model = models[ModelKind.AUTOENCODER]
    assert np.mean(model.survival(model.score(broken[far])) <= 0.01) > 0.9
    shares = model.contributions(broken)
    assert np.allclose(shares.sum(axis=1), model.score(broken))


def test_the_same_vectors_and_seed_train_the_same_autoencoder(seen) -> None:
    one, two, other = (
        Autoencoder.fit(NAMES, seen[:300], epochs=3, seed=seed) for seed in (1, 1, 2)
    )
    assert one.files() == two.files() != other.files()


def test_features_that_never_change_are_no_obstacle() -> None:
    constant = np.zeros((200, 3))
    for model in (
        ForestModel.fit(("a", "b", "c"), constant, trees=10),
        Autoencoder.fit(("a", "b", "c"), constant, epochs=3),
    ):
        odd = model.score(np.array([[0.0, 0, 0], [0, 8, 0]]))
        assert np.isfinite(odd).all()
        assert np.isfinite(model.contributions(constant[:2])).all()


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_of_another_width_are_not_scored(kind, models) -> None:
    with pytest.raises(ValueError, match="vectors of 6 values"):
        models[kind].score(np.zeros((2, 5)))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("weights_1", lambda a: a.T),
        ("weights_0", lambda a: a[:-1]),
        ("weights_3", lambda a: a[:, :-1]),
        ("biases_2", lambda a: a[:0]),
        ("weights_0", lambda a: a * 1e9),
        ("weights_0", lambda a: a * np.inf),
        ("spread", lambda a: a * 0),
        ("residual", lambda a: -a),
        ("centre", lambda a: a[:3]),
        ("scores", lambda a: -a - 1),
        ("scores", lambda a: a.astype(np.float32)),
    ],
)
def test_an_autoencoder_that_cannot_be_is_refused(models, name, change) -> None:
    files = models[ModelKind.AUTOENCODER].files()
    arrays = dict(unpack_arrays(files[autoencoder_model.FILE], autoencoder_model._FORMS))
    arrays[name] = change(arrays[name].copy())
    with np.errstate(invalid="ignore"), pytest.raises(ModelRefusedError):
        read_autoencoder(
            _card(ModelKind.AUTOENCODER), {autoencoder_model.FILE: pack_arrays(arrays)}
        )
    with pytest.raises(ModelRefusedError):
        read_autoencoder(replace(_card(ModelKind.AUTOENCODER), features=NAMES[:3]), files)
