"""Scoring: a recording's truth against the incidents that were found in it.

Only this package ever reads a ``truth.json``.
"""

from sensorium.evaluate.scoring import Evaluation, ScenarioScore, Subject, score
from sensorium.evaluate.signs import Sign, first_signs
from sensorium.evaluate.stored import score_stored
from sensorium.evaluate.truth import Scenario, Truth, load_truth

__all__ = [
    "Evaluation",
    "Scenario",
    "ScenarioScore",
    "Sign",
    "Subject",
    "Truth",
    "first_signs",
    "load_truth",
    "score",
    "score_stored",
]
