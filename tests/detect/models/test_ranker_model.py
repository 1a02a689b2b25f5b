"""Boosted trees are kept as plain JSON, and what does not hold never reaches XGBoost."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.models.boosted import MOST_BYTES, check_boosted
from sensorium.detect.models.card import ModelCard, ModelKind
from sensorium.detect.models.errors import ModelRefusedError
from sensorium.detect.models.ranker_model import TREES, USUAL, RankerModel, read_ranker

pytest.importorskip("xgboost", reason="XGBoost is not installed (sensorium[ranker])")

FEATURES = ("a", "b", "c")
CARD = ModelCard("incidents.rank", ModelKind.RANKER, FEATURES, 0, 1, 80)
RNG = np.random.default_rng(5)
ROWS = RNG.normal(size=(80, 3))
CONFIRMED = (ROWS[:, 1] > 0).astype(np.float64)
MODEL = RankerModel.fit(FEATURES, ROWS, CONFIRMED, np.ones(80))
TREE = ("learner", "gradient_booster", "model", "trees", 0)


def changed(path: tuple[Any, ...], value: Any) -> bytes:
    document = json.loads(MODEL.files()[TREES])
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(document).encode()


def test_a_model_that_was_written_and_read_scores_and_explains_the_same() -> None:
    read = read_ranker(CARD, MODEL.files())
    assert read.score(ROWS).tolist() == MODEL.score(ROWS).tolist()
    assert read.contributions(ROWS).tolist() == MODEL.contributions(ROWS).tolist()
    assert read.survival(np.array([0.0, 0.5, 1.0])).tolist() == pytest.approx(
        MODEL.survival(np.array([0.0, 0.5, 1.0])).tolist()
    )
    assert read.files() == MODEL.files()


def test_contributions_add_up_to_the_log_odds_and_name_what_decides() -> None:
    scores, parts = MODEL.score(ROWS), MODEL.contributions(ROWS)
    log_odds = np.log(scores / (1 - scores))
    rest = log_odds - parts.sum(axis=1)
    assert rest == pytest.approx(np.full(80, rest[0]), abs=1e-3)
    assert np.abs(parts).mean(axis=0).argmax() == 1


def test_a_row_is_scored_alone_and_rows_of_another_width_are_refused() -> None:
    alone = [float(MODEL.score(row[None])[0]) for row in ROWS[:5]]
    assert alone == MODEL.score(ROWS)[:5].tolist()
    with pytest.raises(ValueError, match="3 columns"):
        MODEL.score(ROWS[:, :2])
    assert MODEL.score(np.zeros((0, 3))).shape == (0,)
    assert MODEL.contributions(np.zeros((0, 3))).shape == (0, 3)


def test_survival_counts_the_rows_it_was_trained_on_and_is_never_zero() -> None:
    scores = MODEL.score(ROWS)
    assert MODEL.survival(np.array([scores.max() + 0.01]))[0] == pytest.approx(1 / 81)
    assert MODEL.survival(np.array([0.0]))[0] == 1.0


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("learner", "objective", "name"), "reg:squarederror"),
        (("learner", "gradient_booster", "name"), "dart"),
        (("learner", "learner_model_param", "num_feature"), "4"),
        (("learner", "learner_model_param", "base_score"), "[NaN]"),
        (("learner", "attributes"), {"best": "1"}),
        (("learner", "more"), {}),
        (("learner", "gradient_booster", "model", "tree_info"), []),
        (("learner", "gradient_booster", "model", "trees"), []),
        ((*TREE, "id"), 3),
        ((*TREE, "left_children"), [-1]),
        ((*TREE, "left_children", 0), 10**6),
        ((*TREE, "left_children", 0), 0),
        ((*TREE, "right_children", 0), 1),
        ((*TREE, "parents", 1), 2),
        ((*TREE, "split_indices", 0), 3),
        ((*TREE, "split_indices", 0), -1),
        ((*TREE, "split_indices", 0), 0.5),
        ((*TREE, "split_conditions", 0), float("nan")),
        ((*TREE, "split_conditions", 0), 1e300),
        ((*TREE, "sum_hessian", 0), -1.0),
        ((*TREE, "split_type", 0), 1),
        ((*TREE, "categories"), [1]),
        ((*TREE, "tree_param", "num_nodes"), "1000000"),
        ((*TREE, "tree_param", "size_leaf_vector"), "7"),
    ],
)
def test_a_changed_model_is_refused(path: tuple[Any, ...], value: Any) -> None:
    files = {**MODEL.files(), TREES: changed(path, value)}
    with pytest.raises(ModelRefusedError):
        read_ranker(CARD, files)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\x80\x04.", b"[" * 100_000])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ModelRefusedError):
        check_boosted(data, 3)


def test_a_model_of_too_many_bytes_and_files_too_few_are_refused() -> None:
    with pytest.raises(ModelRefusedError, match="at most"):
        check_boosted(b" " * (MOST_BYTES + 1), 3)
    with pytest.raises(ModelRefusedError, match="two files"):
        read_ranker(CARD, {TREES: MODEL.files()[TREES]})
    bad = {**MODEL.files(), USUAL: MODEL.files()[TREES]}
    with pytest.raises(ModelRefusedError):
        read_ranker(CARD, bad)


@given(cut=st.integers(0, 40_000), byte=st.integers(0, 255))
def test_a_model_with_one_byte_changed_is_refused_or_scores_numbers(cut: int, byte: int) -> None:
    data = bytearray(MODEL.files()[TREES])
    data[cut % len(data)] = byte
    try:
        read = read_ranker(CARD, {**MODEL.files(), TREES: bytes(data)})
    except ModelRefusedError:
        return
    assert np.isfinite(read.score(ROWS)).all()
