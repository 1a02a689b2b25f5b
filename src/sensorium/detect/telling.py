"""What passed, as anomalies: each with its entity, a sentence, and the features worth telling."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.detect.features import Scale
from sensorium.detect.gate import Verdicts, ranked
from sensorium.detect.protocol import Detector, Explanation, Scored, Window
from sensorium.detect.tail import sigmas
from sensorium.model.anomaly import Anomaly, Feature

_TOLD: Final = 6
"""Features at most that are told of an anomaly."""
_WORTH_TELLING: Final = 1.0
"""A feature this improbable or more is told with the anomaly even if another is stronger."""


def anomalies_of(
    window: Window, detector: Detector, scored: Scored, verdicts: Verdicts
) -> list[Anomaly]:
    """The anomalies of a detector's entities that passed in a window, in the entities' order."""
    told = []
    for place in np.flatnonzero(verdicts.passed).tolist():
        improbable = verdicts.decades(place)
        order = ranked(improbable).tolist()
        explanation = detector.explain(window, scored, place, order)
        if not explanation.features:
            features = _features(detector, scored, place, improbable)
            explanation = replace(explanation, features=features)
        told.append(_anomaly(window, detector, verdicts, place, explanation))
    return sorted(told, key=lambda anomaly: anomaly.entity)


def _anomaly(
    window: Window, detector: Detector, verdicts: Verdicts, place: int, explanation: Explanation
) -> Anomaly:
    return Anomaly.make(
        start_ns=window.start_ns,
        end_ns=window.end_ns,
        entity=explanation.entity,
        signal=detector.signal,
        detector=detector.name,
        score=float(verdicts.score[place]),
        tail_probability=float(verdicts.probability[place]),
        features=explanation.features,
        hosts=explanation.hosts,
        peers=explanation.peers,
        summary=explanation.summary,
    )


def _features(
    detector: Detector, scored: Scored, place: int, improbable: F64
) -> tuple[Feature, ...]:
    """The features worth telling, strongest first: at least one, at most six."""
    order = ranked(improbable).tolist()
    telling = [i for i in order[:_TOLD] if i == order[0] or improbable[i] >= _WORTH_TELLING]
    return tuple(_feature(detector, scored, place, i) for i in telling)


def _feature(detector: Detector, scored: Scored, place: int, index: int) -> Feature:
    spec = detector.features[index]
    oddness = float(scored.oddness[place, index])
    direct = spec.scale is Scale.DECADES
    return Feature(
        name=spec.name,
        value=float(scored.values[place, index]),
        expected=float(scored.expected[place, index]),
        score=sigmas(oddness) if direct else oddness,
        unit=spec.unit,
    )
