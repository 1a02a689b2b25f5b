"""Metrics against plain twins; ties count against the model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from sensorium.links.learning import evaluation

_SCORES = st.lists(st.integers(0, 6).map(float), min_size=1, max_size=30).map(np.array)


@given(positive=_SCORES, negative=_SCORES)
def test_metrics_are_their_definitions(positive, negative):
    ranks = [1 + sum(n >= p for n in negative) for p in positive]
    assert evaluation.ranks(positive, negative).tolist() == ranks
    assert evaluation.reciprocal(np.array(ranks)) == pytest.approx(np.mean([1 / r for r in ranks]))
    truth = np.repeat([1, 0], [len(positive), len(negative)])
    area = roc_auc_score(truth, np.concatenate([positive, negative]))
    assert evaluation.area(positive, negative) == pytest.approx(area)
    precision = [
        n / (n + sum(x >= p for x in negative)) for n, p in enumerate(sorted(positive)[::-1], 1)
    ]
    assert evaluation.average_precision(positive, negative) == pytest.approx(np.mean(precision))
    for k in (1, 2, 5):
        if k <= len(negative):
            bound = sorted(negative)[-k]
            assert evaluation.hits(positive, negative, k) == np.mean([p > bound for p in positive])


def test_a_score_that_is_the_same_for_all_finds_nothing():
    same = np.ones(200)
    assert evaluation.hits(same, same, 50) == 0
    assert evaluation.ranks(same[:1], same).tolist() == [201]


def test_own_negatives_give_each_link_a_rank_of_its_own():
    negative = np.array([[0.1, 0.9], [0.5, 0.4]])
    assert evaluation.own_ranks(np.array([0.5, 0.5]), negative).tolist() == [2, 2]


def test_a_suggestion_is_a_hit_when_one_of_the_first_is_wanted():
    found = [np.array([3, 4, 5]), np.array([6, 7, 8]), np.array([9])]
    wanted = [np.array([5, 4]), np.array([8]), np.array([1])]
    got = evaluation.suggestions(found, wanted, 2)
    assert got == {"hit@2": pytest.approx(1 / 3), "mrr@2": pytest.approx(0.5 / 3)}
