"""The drift of a model in use: a gauge, and a warning when it has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sensorium.detect.arrays import F64
from sensorium.detect.models.drift import MOVED, Drift

if TYPE_CHECKING:
    from sensorium.detect.models.card import ModelCard
    from sensorium.detect.models.seat import Role, Sitting
    from sensorium.observe.facade import Observe

# An hour of windows; what a day or a week brings is not drift of a few minutes.
_HALF_LIFE_WINDOWS: Final = 120
_ENOUGH: Final = 500
# So many hosts of a window are scored for it, whatever their number.
_HOSTS: Final = 64
# It has come back when it is below this share of what warns.
_BACK: Final = 0.8


class DriftWatch:
    """Holds what hosts score now against what they scored when the model was trained."""

    def __init__(self, card: ModelCard, model: Sitting, role: Role, observe: Observe) -> None:
        self._card, self._model, self._role = card, model, role
        self._log = observe.logger("models")
        self._drift = Drift(
            model.usual.scores, half_life_windows=_HALF_LIFE_WINDOWS, enough=_ENOUGH
        )
        self._gauge = observe.gauge(
            "sensorium_models_drift",
            "population stability index of what is scored now against the training data",
            labels=("name", "role"),
        ).labels(card.name, role.value)
        self._gauge.set(0)
        self._moved = False

    @property
    def value(self) -> float | None:
        """The index, None before there is one."""
        return self._drift.value

    def learn(self, vectors: F64) -> None:
        """Take in a window's hosts (n, f), those that did not pass."""
        if not len(vectors):
            return
        step = -(-len(vectors) // _HOSTS)
        self._drift.learn(self._model.score(vectors[::step]))
        now = self._drift.value
        if now is None:
            return
        self._gauge.set(now)
        if now > MOVED and not self._moved:
            self._log.warning(
                "hosts behave otherwise than where a model was trained",
                model=self._card.name,
                version=self._card.version,
                role=self._role.value,
                drift=round(now, 3),
                unaffected="it goes on scoring; its tail probabilities are less sure",
                next_step=f"train it again: sensorium models train {self._card.name}",
            )
        self._moved = now > (MOVED * _BACK if self._moved else MOVED)
