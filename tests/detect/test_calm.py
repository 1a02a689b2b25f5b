"""Windows of an incident do not teach the gate what is quiet."""

from __future__ import annotations

import numpy as np

from sensorium.detect.calm import Calm
from sensorium.detect.gate import Verdicts


def _window(scored: int, passed: int, probability: float = 5e-4) -> list[Verdicts]:
    chances = np.full(scored, 0.5)
    chances[:passed] = probability
    return [Verdicts(np.zeros((scored, 1)), np.zeros(scored), chances, chances <= 0.001)]


def test_a_window_in_which_little_passes_teaches() -> None:
    calm = Calm(0.001, 60)
    assert all(calm.admits(_window(700, passed)) for passed in (0, 1, 3, 6, 0))


def test_an_incident_and_the_minute_after_it_do_not() -> None:
    calm = Calm(0.001, 60)
    assert not calm.admits(_window(700, 2, 1e-6))
    assert [calm.admits(_window(700, 0)) for _ in range(4)] == [False, False, True, True]
    assert not calm.admits(_window(700, 40))


def test_a_network_that_changed_for_good_is_learned_in_the_end() -> None:
    calm = Calm(0.001, 60)
    taught = [calm.admits(_window(700, 40)) for _ in range(200)]
    assert not any(taught[:60])
    assert sum(taught[60:]) >= 60
