"""The kernel that says how series go together, beside its slow twin, and who has which place."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.kernels import relating
from sensorium.detect.metrics.members import Members
from sensorium.detect.metrics.relations import Judged, Relations
from sensorium.detect.protocol import Window
from tests.detect.metrics.hosts import Hosts, caused


def _learned(windows: list[Window]) -> Relations:
    relations = Relations(1000)
    for window in windows:
        metrics, at = window.metrics, window.index
        assert metrics is not None
        rows = relations.admit(metrics, at)
        none = np.zeros(len(relations.kept), np.bool_)
        relations.judge(metrics, none)
        relations.follow(metrics, rows, none, at)
        if at % 10 == 0:
            relations.look(at, 10)
    return relations


def _twin(relations: Relations, said: Judged, host: int) -> tuple[float, dict[int, float]]:
    """The length of a host's distances, and what the others leave of each series, by place."""
    state, covariances = relations._state, relations._covariances
    places, away = [], []
    for place, row in enumerate(relations.members.rows[host].tolist()):
        if row < 0 or not np.isfinite(said.values[row]):
            continue
        one = state[row]
        spread = max(np.sqrt(one[relating.VAR]), 0.5 * said.least[row])
        z = (said.values[row] - one[relating.CENTRE]) / spread
        if one[relating.COUNT] >= relating.SETTLED and abs(z) <= relating.FARTHEST:
            places.append(place)
            away.append(z)
    rows, z = relations.members.rows[host][places], np.array(away)
    weights = np.sqrt(state[rows, relating.WEIGHT])
    spread_of = covariances[rows][:, places].astype(np.float64) / np.outer(weights, weights)
    ridge = 0.05 + len(rows) / (1.0 + state[rows, relating.KNOWN])
    inverse = np.linalg.inv(spread_of + np.diag(ridge))
    remainders = inverse @ z / np.diag(inverse)
    return float(z @ inverse @ z / len(z)), dict(zip(places, remainders.tolist(), strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_the_kernel_says_what_its_slow_twin_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hosts, series = 3, int(rng.integers(4, 40))
    logs = np.stack([caused(rng, 140, series) for _ in range(hosts)], axis=1)
    logs[rng.random(logs.shape) < 0.1] = np.nan
    windows = Hosts(hosts, series).windows(logs)
    relations = _learned(windows[:-1])
    metrics = windows[-1].metrics
    assert metrics is not None
    said = relations.judge(metrics)
    assert len(said.hosts) == hosts
    for at, host in enumerate(said.hosts.tolist()):
        length, remainders = _twin(relations, said, host)
        assert said.out[at, relating.WITHIN] == len(remainders)
        assert said.out[at, relating.LENGTH] == pytest.approx(length, rel=1e-5)
        for place, remainder in remainders.items():
            row = int(relations.members.rows[host, place])
            spread = max(np.sqrt(relations._state[row, relating.VAR]), 0.5 * said.least[row])
            left = (said.values[row] - said.detail[at, place, relating.BY_OTHERS]) / spread
            assert left == pytest.approx(remainder, rel=1e-4, abs=1e-6)


def test_what_is_learned_is_how_the_series_go_together() -> None:
    rng = np.random.default_rng(1)
    load = rng.normal(0, 0.5, (400, 1))
    logs = np.concatenate([load, load, -load, rng.normal(0, 0.5, (400, 1))], axis=1)
    logs += rng.normal(0, 0.1, logs.shape)
    relations = _learned(Hosts(1, 4).windows(logs[:, None]))
    rows = relations.members.rows[0, :4]
    found = relations._covariances[rows, :4] / relations._state[rows, relating.WEIGHT]
    found /= np.sqrt(np.outer(np.diag(found), np.diag(found)))
    by_size = np.sort(np.abs(found[np.triu_indices(4, 1)]))
    assert (by_size[:3] < 0.2).all()
    assert (by_size[3:] > 0.9).all()


def test_each_metric_has_a_place_before_any_has_a_second() -> None:
    members = Members(10, 4, 3)
    members.make_room(8)
    keys = np.arange(1, 9, dtype=np.uint64)
    host = np.full(8, 5, np.uint64)
    families = np.array([1, 1, 1, 1, 1, 2, 3, 4], np.uint64)
    rows, _ = members.take(np.arange(8), keys, host, families, np.empty(0, np.uint64), 0)
    assert sorted(rows.tolist()) == [0, 5, 6, 7]
    members.leave(np.array([5]))
    left = np.array([1, 2])
    more = (left, keys[left], host[left], families[left])
    rows, _ = members.take(*more, np.empty(0, np.uint64), 1)
    assert rows.tolist() == [1]
    assert sorted(members.rows[0].tolist()) == [0, 1, 6, 7]


def test_a_host_that_is_given_up_frees_the_places_of_its_series() -> None:
    members = Members(2, 4, 3)
    members.make_room(12)
    for host in range(4):
        rows = np.arange(3) + 3 * host
        own = np.full(3, host + 1, np.uint64)
        members.take(rows, rows.astype(np.uint64), own, own, np.empty(0, np.uint64), host)
    assert len(members.index) <= 2
    assert set(np.flatnonzero(members.home >= 0)) == set(members.rows[members.rows >= 0].tolist())
    assert {9, 10, 11} <= set(members.rows[members.rows >= 0].tolist())
