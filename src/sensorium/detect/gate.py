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
from sensorium.detect.tail import (
    DECADES,
    SIGMAS,
    TailModel,
    count_window,
    decades_of,
    improbability,
)
from sensorium.state.arrays import State, StateError, joined, part, taken

# Weights of an entity's features, strongest first: several odd features outweigh one, but a
# feature that only repeats another adds little.
_WEIGHTS = np.array([1.0, 0.5, 0.25, 0.125])

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
    """For ``n`` entities: the ``tails`` (n, f) of each feature's score (see
    :func:`~sensorium.detect.tail.improbability`), the combined ``score`` (n,), its ``probability``
    (n,) in quiet traffic, and who ``passed`` (n,)."""

    tails: F64
    score: F64
    probability: F64
    passed: Bool

    def decades(self, row: int) -> F64:
        """The improbability of each of a row's features, (f,)."""
        return decades_of(self.tails[row])


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
        tails = np.empty(scored.oddness.shape)
        score, probability = np.empty(len(scored)), np.empty(len(scored))
        for stratum, rows in _by_stratum(scored):
            models = [self._feature_model(column, stratum) for column in range(len(self._features))]
            found = improbability(scored.oddness[rows], models, _WEIGHTS)
            tails[rows], score[rows] = found
            probability[rows] = self._combined_model(stratum).survival(found[1])
        if self._direct:
            # These are probabilities already; what is learned may only make them more cautious.
            probability = np.maximum(probability, np.minimum(10.0**-score, 1.0))
        return Verdicts(tails, score, probability, probability <= self._rate)

    def learn(self, scored: Scored, verdicts: Verdicts) -> None:
        """Take the window's scores in.

        Of those that passed only a few are learned: marginal ones of entities that did not pass
        in the window before, and no more extreme ones than quiet traffic would have, as if they
        were marginal. So a storm does not raise its own threshold, while a threshold that is
        too low and a lasting change of regime correct themselves.
        """
        for stratum, rows in _by_stratum(scored):
            there = np.arange(len(scored))[rows]
            learned = ~verdicts.passed[rows]
            passed = np.flatnonzero(~learned)
            admitted = self._admitted(scored, verdicts, there[passed], len(there))
            learned[np.searchsorted(there, admitted)] = True
            self._learn_stratum(scored.oddness[rows], verdicts.score[rows], learned, stratum)
        if scored.unmoved:
            self._combined_model(0).learn(np.zeros(scored.unmoved), fade=not len(scored))
        self._passed_before = scored.keys[verdicts.passed]

    def state(self) -> State:
        """The distributions learned, what is saved up, and who passed last."""
        models = {
            f"{column}.{stratum}": self._by_feature[column, stratum]
            for column, stratum in sorted(self._by_feature)
        }
        combined = {str(stratum): self._combined[stratum] for stratum in sorted(self._combined)}
        return {
            **joined(
                feature=joined(**{name: model.state() for name, model in models.items()}),
                combined=joined(**{name: model.state() for name, model in combined.items()}),
                marginal=self._marginal.state(),
                extreme=self._extreme.state(),
            ),
            "features": np.array(sorted(self._by_feature), np.int64).reshape(-1, 2),
            "strata": np.array(sorted(self._combined), np.int64),
            "passed": self._passed_before.copy(),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        pairs = taken(state, "features", np.int64, None, 2)
        if ((pairs[:, 0] < 0) | (pairs[:, 0] >= len(self._features))).any():
            raise StateError("a kept state has a feature that does not exist")
        self._by_feature, self._combined = {}, {}
        for column, stratum in pairs.tolist():
            model = self._feature_model(column, stratum)
            if model is None:
                raise StateError("a kept state has scores of a feature that needs none")
            model.restore(part(state, f"feature.{column}.{stratum}"))
        for stratum in taken(state, "strata", np.int64, None).tolist():
            self._combined_model(stratum).restore(part(state, f"combined.{stratum}"))
        self._marginal.restore(part(state, "marginal"))
        self._extreme.restore(part(state, "extreme"))
        self._passed_before = taken(state, "passed", np.uint64, None)

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

    def _learn_stratum(self, oddness: F64, score: F64, learned: Bool, stratum: int) -> None:
        models = [self._feature_model(column, stratum) for column in range(len(self._features))]
        most = [np.nan if m is None else m.quantile(self._rate / 10) for m in models]
        counts = count_window(oddness, learned, np.array(most))
        for model, counted in zip(models, counts, strict=True):
            if model is not None and counted.any():
                model.take(counted)
        combined = self._combined_model(stratum)
        combined.learn(np.minimum(score[learned], combined.quantile(self._rate / MARGIN)))

    def _feature_model(self, column: int, stratum: int) -> TailModel | None:
        """None where a feature's scores are improbabilities already."""
        if self._features[column].scale is Scale.DECADES:
            return None
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

    def state(self) -> State:
        """What is saved of each stratum."""
        strata = sorted(self._saved)
        return {
            "strata": np.array(strata, np.int64),
            "saved": np.array([self._saved[stratum] for stratum in strata], np.float64),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        strata = taken(state, "strata", np.int64, None)
        saved = taken(state, "saved", np.float64, len(strata))
        self._saved = dict(zip(strata.tolist(), saved.tolist(), strict=True))


def _by_stratum(scored: Scored) -> list[tuple[int, I64 | slice]]:
    """Each stratum and its rows; most have but one."""
    if not len(scored):
        return []
    if (scored.strata == scored.strata[0]).all():
        return [(int(scored.strata[0]), slice(None))]
    strata = np.unique(scored.strata)
    return [(int(stratum), np.flatnonzero(scored.strata == stratum)) for stratum in strata]


def ranked(improbable: F64) -> I64:
    """Indexes of one entity's features, most improbable first, ties in the features' order."""
    return np.argsort(-improbable, kind="stable")
