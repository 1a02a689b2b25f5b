"""Scoring: a recording's truth against the incidents that were found in it.

Only this package ever reads a ``truth.json``.
"""

from sensorium.evaluate.scoring import Evaluation, ScenarioScore, Subject, score
from sensorium.evaluate.truth import Scenario, Truth, load_truth

__all__ = [
    "Evaluation",
    "Scenario",
    "ScenarioScore",
    "Subject",
    "Truth",
    "load_truth",
    "score",
]
