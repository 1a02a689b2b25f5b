"""The gate: scores of all detectors become tail probabilities, and the improbable pass.

Two steps, both learned on the stream. Each feature's score becomes the probability that quiet
traffic scores so high in this feature. An entity's combined score is a weighted sum of those
improbabilities, strongest first; its own distribution is learned too, so that the share of
entities that pass is the setting whatever the number of features and however they depend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.features import FeatureSpec, Scale
from sensorium.detect.protocol import Scored
from sensorium.detect.tail import DECADES, SIGMAS, TailModel

# Weights of an entity's features, strongest first: several odd features outweigh one, but a
# feature that only repeats another adds little.
_WEIGHTS = (1.0, 0.5, 0.25, 0.125)

# A score that passed by less than this factor may belong to quiet traffic misjudged.
MARGIN = 20.0
# Of such scores this many times the pass rate are learned in the long run, saved up to a few: one
# person's busy minute is odd in several pairs at once.
_MARGINAL = 6.0
_MARGINAL_SAVED = 6.0
# Of more extreme ones half of what quiet traffic would have, never two at once.
_EXTREME = 0.5
_EXTREME_SAVED = 1.0


@dataclass(frozen=True, slots=True)
class Verdicts:
    """For ``n`` entities: ``decades`` (n, f) of improbability per feature, the combined
    ``score`` (n,), its ``probability`` (n,) in quiet traffic, and who ``passed`` (n,)."""

    decades: F64
    score: F64
    probability: F64
    passed: Bool


class Gate:
    """The calibration of one detector."""

    def __init__(
        self, features: tuple[FeatureSpec, ...], pass_rate: float, half_life_windows: int
    ) -> None:
        self._features = features
        self._rate = pass_rate
        self._half_life = half_life_windows
        self._by_feature: dict[tuple[int, int], TailModel] = {}
        self._combined: dict[int, TailModel] = {}
        self._marginal = _Savings()
        self._extreme = _Savings()
        self._direct = all(f.scale is Scale.DECADES for f in features)
        self._passed_before = np.empty(0, np.uint64)

    def judge(self, scored: Scored) -> Verdicts:
        """Give every entity its probability; changes nothing."""
        improbable = np.zeros(scored.oddness.shape)
        score = np.zeros(len(scored))
        probability = np.ones(len(scored))
        for stratum in np.unique(scored.strata):
            rows = np.flatnonzero(scored.strata == stratum)
            improbable[rows] = self._improbability(scored.oddness[rows], int(stratum))
            score[rows] = _combine(improbable[rows])
            probability[rows] = self._combined_model(int(stratum)).survival(score[rows])
        if self._direct:
            # These are probabilities already; what is learned may only make them more cautious.
            probability = np.maximum(probability, np.minimum(10.0**-score, 1.0))
        return Verdicts(improbable, score, probability, probability <= self._rate)

    def learn(self, scored: Scored, verdicts: Verdicts) -> None:
        """Take the window's scores in.

        Of those that passed only a few are learned: marginal ones of entities that did not pass
        in the window before, and no more extreme ones than quiet traffic would have, as if they
        were marginal. So a storm does not raise its own threshold, while a threshold that is
        too low and a lasting change of regime correct themselves.
        """
        for stratum in np.unique(scored.strata):
            rows = np.flatnonzero(scored.strata == stratum)
            admitted = self._admitted(scored, verdicts, rows[verdicts.passed[rows]], len(rows))
            learned = np.concatenate([rows[~verdicts.passed[rows]], admitted])
            self._learn_stratum(scored.oddness[learned], verdicts.score[learned], int(stratum))
        if scored.unmoved:
            self._combined_model(0).learn(np.zeros(scored.unmoved), fade=not len(scored))
        self._passed_before = scored.keys[verdicts.passed]

    def _admitted(self, scored: Scored, verdicts: Verdicts, passed: I64, among: int) -> I64:
        """Those of the entities that ``passed``, in one stratum, whose scores are learned."""
        stratum = int(scored.strata[passed[0]]) if len(passed) else 0
        passed = passed[np.argsort(verdicts.score[passed], kind="stable")]
        extreme = verdicts.probability[passed] < self._rate / MARGIN
        first = ~np.isin(scored.keys[passed], self._passed_before)
        expected = self._rate * among
        marginal, saved = passed[~extreme & first], self._marginal
        few = saved.draw(stratum, _MARGINAL * expected, _MARGINAL_SAVED, len(marginal))
        saved = self._extreme
        one = saved.draw(stratum, _EXTREME * expected, _EXTREME_SAVED, int(extreme.sum()))
        return np.concatenate([marginal[:few], passed[extreme][:one]])

    def _learn_stratum(self, oddness: F64, score: F64, stratum: int) -> None:
        for column, spec in enumerate(self._features):
            if spec.scale is Scale.DECADES:
                continue
            values = np.abs(oddness[:, column])
            values = values[np.isfinite(values)]
            if len(values):
                model = self._feature_model(column, stratum)
                model.learn(np.minimum(values, model.quantile(self._rate / 10)))
        combined = self._combined_model(stratum)
        combined.learn(np.minimum(score, combined.quantile(self._rate / MARGIN)))

    def _improbability(self, oddness: F64, stratum: int) -> F64:
        out = np.zeros(oddness.shape)
        for column, spec in enumerate(self._features):
            values = oddness[:, column]
            if spec.scale is Scale.DECADES:
                out[:, column] = np.where(np.isfinite(values), np.maximum(values, 0.0), 0.0)
            elif np.isfinite(values).any():
                out[:, column] = self._feature_model(column, stratum).improbability(values)
        return out

    def _feature_model(self, column: int, stratum: int) -> TailModel:
        key = (column, stratum)
        if key not in self._by_feature:
            self._by_feature[key] = TailModel(SIGMAS, self._half_life)
        return self._by_feature[key]

    def _combined_model(self, stratum: int) -> TailModel:
        if stratum not in self._combined:
            self._combined[stratum] = TailModel(DECADES, self._half_life)
        return self._combined[stratum]


class _Savings:
    """Allowances that add up while they are not used, by stratum."""

    def __init__(self) -> None:
        self._saved: dict[int, float] = {}

    def draw(self, stratum: int, earned: float, most: float, wanted: int) -> int:
        """Add what was earned, and take as many of ``wanted`` as there is saved."""
        saved = min(self._saved.get(stratum, most) + earned, max(most, earned))
        taken = min(int(saved), wanted)
        self._saved[stratum] = saved - taken
        return taken


def _combine(improbable: F64) -> F64:
    strongest: F64 = -np.sort(-improbable, axis=1)[:, : len(_WEIGHTS)]
    weights = np.array(_WEIGHTS[: strongest.shape[1]])
    return np.asarray((strongest * weights).sum(axis=1), np.float64)


def ranked(improbable: F64) -> I64:
    """Indexes of one entity's features, most improbable first, ties in the features' order."""
    return np.argsort(-improbable, kind="stable")
