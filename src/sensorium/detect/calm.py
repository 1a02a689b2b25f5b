"""Whether a window may teach the gate what quiet traffic scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sensorium.detect.gate import MARGIN, Verdicts
from sensorium.state.arrays import State, whole

# Something is going on where several entities are far beyond the gate, or far more pass than
# quiet traffic lets pass.
_EXTREME = 2
_TIMES_USUAL = 10.0
_FEW = 8.0
# What an incident does to others trails off.
_COOLING = 2


class Calm:
    """Keeps windows of an incident, and the first after it, out of the calibration.

    What is merely elevated in them would raise the thresholds just when they are needed. So that
    a network that changed for good is not kept out for ever, windows left out are paid for from
    a purse that calm windows fill, one each, up to ``most``.
    """

    def __init__(self, pass_rate: float, most: int) -> None:
        self._rate = pass_rate
        self._most = most
        self._purse = most
        self._cooling = 0

    def admits(self, verdicts: Sequence[Verdicts]) -> bool:
        """Decide on the next window, given all detectors' verdicts on it."""
        scored = sum(len(v.passed) for v in verdicts)
        passed = sum(int(v.passed.sum()) for v in verdicts)
        extreme = sum(int(np.sum(v.probability < self._rate / MARGIN)) for v in verdicts)
        usual = self._rate * scored
        if extreme >= _EXTREME or passed > _FEW + _TIMES_USUAL * usual:
            self._cooling = _COOLING + 1
        if self._cooling and self._purse:
            self._cooling -= 1
            self._purse -= 1
            return False
        self._cooling = 0
        self._purse = min(self._purse + 1, self._most)
        return True

    def state(self) -> State:
        """The purse, and how long an incident still cools down."""
        return {"purse": np.array(self._purse), "cooling": np.array(self._cooling)}

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._purse = whole(state, "purse", most=self._most)
        self._cooling = whole(state, "cooling", most=_COOLING + 1)
