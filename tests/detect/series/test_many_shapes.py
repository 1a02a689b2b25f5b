"""The shapes of many series side by side."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.detect.series import many_shapes as kernels
from sensorium.detect.series.many_shapes import LOOK_BACK, ShapeTables
from sensorium.detect.series.shape import PERIOD, Shapes, shape_oddness
from sensorium.state.arrays import StateError
from tests.detect.metrics.cycles import job, restless

ROWS = 700


def _values() -> np.ndarray:
    rng = np.random.default_rng(4)
    jobs = [job(rng, ROWS, every, 0.3, spoilt="missing", at=at)[0] for every, at in
            ((300.0, 50), (420.0, 40), (600.0, 25))]  # fmt: skip
    return np.array([*jobs, restless(rng, ROWS, "noise")])


def _alone(values: np.ndarray) -> list[tuple[float, ...]]:
    """What a table of its own says of each row of a series; the slow and obvious way."""
    shapes = Shapes.empty(LOOK_BACK)
    given = False, kernels.FARTHER, kernels.LEAST, kernels.HALF_LIFE
    return [shape_oddness(shapes, x, *given) for x in values.tolist()]


def test_each_is_told_what_it_would_be_alone_and_judging_changes_nothing() -> None:
    values, many = _values(), ShapeTables()
    many.make_room(4)
    rows, whole = np.array([2, 0, 3, 1]), np.zeros(4, np.bool_)
    told = []
    for at in range(ROWS):
        before = many.state(4) if at % 100 == 99 else {}
        told.append(many.judge(rows, values[rows, at], whole))
        for name, array in before.items():
            np.testing.assert_array_equal(array, many.state(4)[name], err_msg=name)
        many.take(rows, values[rows, at], whole)
    judged = np.array(told)[:, [1, 3, 0, 2]]
    assert (judged[:, :3, kernels.ODDNESS] > 1).any(axis=0).all()
    assert np.isnan(judged[:, 3]).all()
    for place in range(3):
        alone = np.array(_alone(values[place]))
        known = np.isfinite(judged[:, place, kernels.ODDNESS])
        assert known.sum() > ROWS / 2
        np.testing.assert_array_equal(judged[known, place, : kernels.KNOWN], alone[known])


def test_one_that_begins_with_a_history_goes_on_as_if_it_had_seen_it() -> None:
    values, many, other = _values()[0], ShapeTables(), ShapeTables()
    row, whole = np.zeros(1, np.int64), np.zeros(1, np.bool_)
    many.make_room(1)
    other.make_room(1)
    many.begin(0, values[:300], 10)
    for at in range(300):
        other.take(row, values[at : at + 1], whole)
    assert many.clock(row, PERIOD).tolist() == [10]
    for name, array in many.state(1).items():
        np.testing.assert_array_equal(array, other.state(1)[name], err_msg=name)


@pytest.mark.parametrize("which", [PERIOD, 3])
def test_a_state_that_points_outside_of_its_tables_is_refused(which: int) -> None:
    many = ShapeTables()
    many.make_room(2)
    state = many.state(2)
    state["clock"][1, which] = LOOK_BACK
    with pytest.raises(StateError):
        many.restore(state, 2)


@pytest.mark.parametrize(("every", "rows", "found"), [(300.0, 128, 10), (3600.0, 512, 120)])
def test_after_how_many_rows_a_series_repeats_itself(every: float, rows: int, found: int) -> None:
    values, _ = job(np.random.default_rng(2), rows, every, 0.3)
    assert abs(kernels.repeats_after(values, 4) - found) <= 1
    assert kernels.repeats_after(np.full(rows, 3.0), 4) == 0
    assert kernels.repeats_after(restless(np.random.default_rng(2), rows, "walk"), 4) == 0
