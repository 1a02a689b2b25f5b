"""A model that runs in the shadow of another: it is scored, judged, counted, and never heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.calm import Calm
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import FeatureSpec
from sensorium.detect.gate import Gate
from sensorium.detect.models.live_record import Trial
from sensorium.detect.protocol import Scored
from sensorium.detect.tail import decades

if TYPE_CHECKING:
    from sensorium.detect.models.card import ModelCard
    from sensorium.detect.models.seat import Sitting
    from sensorium.observe.facade import Observe

# So many of a window are logged; all are counted.
_TOLD: Final = 5


class Shadow:
    """A gate of its own, and what it would have let pass.

    As a stream does, it begins with windows that are learned from and count for nothing.
    """

    def __init__(
        self,
        card: ModelCard,
        model: Sitting,
        features: tuple[FeatureSpec, ...],
        config: DetectConfig,
        observe: Observe,
        trial: Trial,
    ) -> None:
        self._model = model
        self._card = card
        self._gate = Gate(features, config.pass_rate, config.calibration_half_life_windows)
        self._calm = Calm(config.pass_rate, config.history_windows)
        self._warm_in = config.warmup_windows
        self._log = observe.logger("models")
        self._hosts = observe.counter(
            "sensorium_models_shadow",
            "host windows that passed by the active model, its shadow, both or neither",
            labels=("name", "passed_by"),
        )
        self.trial = trial

    def learn(
        self,
        hosts: Scored,
        vectors: F64,
        odd: I64,
        passed: Bool,
        end_ns: int,
        name_of: Callable[[int], str],
    ) -> None:
        """Score a window's hosts as the active model did, and count where they differ.

        ``odd`` are the rows that stage two looks at, ``passed`` (n,) what the active one let pass;
        ``name_of`` says who a row is.
        """
        out = np.zeros((len(hosts), 1))
        if len(odd):
            out[odd, 0] = decades(self._model.survival(self._model.score(vectors[odd])))
        scored = replace(hosts, oddness=out, values=out, expected=np.zeros_like(out))
        verdicts = self._gate.judge(scored)
        if self._warm_in:
            self._warm_in -= 1
            self._gate.learn(scored, verdicts)
            return
        if end_ns > self.trial.until_ns:
            self._count(passed, verdicts.passed, end_ns)
            alone = np.flatnonzero(verdicts.passed & ~passed)
            for row in alone[:_TOLD].tolist():
                self._log.info(
                    "only the shadow would have let pass",
                    model=self._card.name,
                    version=self._card.version,
                    host=name_of(row),
                    tail_probability=float(verdicts.probability[row]),
                    of_this_window=len(alone),
                )
        if self._calm.admits([verdicts]):
            self._gate.learn(scored, verdicts)

    def _count(self, active: Bool, shadow: Bool, end_ns: int) -> None:
        counts = {
            "both": int((active & shadow).sum()),
            "active": int((active & ~shadow).sum()),
            "shadow": int((~active & shadow).sum()),
            "neither": int((~active & ~shadow).sum()),
        }
        for passed_by, count in counts.items():
            self._hosts.labels(self._card.name, passed_by).inc(count)
        was = self.trial
        self.trial = replace(
            was,
            since_ns=was.since_ns or end_ns,
            until_ns=end_ns,
            windows=was.windows + 1,
            scored=was.scored + len(active),
            both=was.both + counts["both"],
            only_active=was.only_active + counts["active"],
            only_shadow=was.only_shadow + counts["shadow"],
        )
