"""A model of hosts from a lesson, and what it reaches on what was held out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.detect.detectors.joint import JointDetector
from sensorium.detect.models.autoencoder_model import Autoencoder
from sensorium.detect.models.card import ModelCard, ModelKind
from sensorium.detect.models.drift import Reference
from sensorium.detect.models.forest_model import ForestModel
from sensorium.detect.models.host_lesson import NAMES, HostLesson
from sensorium.errors import SensoriumError

NAME: Final = JointDetector.name
FIT_LEAST: Final = 500
HELD_OUT_LEAST: Final = 100
RARE: Final = 0.001
EPOCHS: Final = 100

Fitted = ForestModel | Autoencoder


class TooLittleError(SensoriumError):
    """There is not enough to train on."""


def train_hosts(
    lesson: HostLesson, kind: ModelKind, *, trees: int, epochs: int, seed: int = 0
) -> tuple[ModelCard, dict[str, bytes]]:
    """Fit a model and judge it; the card is a draft for :meth:`ModelRegistry.add`.

    TooLittleError where the lesson has fewer than 500 vectors to fit to, or 100 held out.
    """
    fit, held_out = lesson.fit, lesson.held_out
    if len(fit) < FIT_LEAST or len(held_out) < HELD_OUT_LEAST:
        raise TooLittleError(
            f"{_stretch(lesson)} {len(fit):,} host windows to fit to and {len(held_out):,} held"
            f" out; {FIT_LEAST} and {HELD_OUT_LEAST} are needed",
            unaffected="no model was added; what is active stays so",
            next_step="let it watch for longer, or give a longer --since",
        )
    model: Fitted
    if kind is ModelKind.ISOLATION_FOREST:
        model = ForestModel.fit(NAMES, fit, trees=trees, seed=seed)
        settings = {"trees": trees, "seed": seed}
    else:
        model = Autoencoder.fit(NAMES, fit, epochs=epochs, seed=seed)
        settings = {"epochs": epochs, "seed": seed}
    card = ModelCard(
        name=NAME,
        kind=kind,
        features=NAMES,
        since_ns=lesson.since_ns,
        until_ns=lesson.until_ns,
        rows=len(fit),
        settings={**settings, "of_vectors": lesson.seen, "of_windows": lesson.windows},
        scores=judged(model.score, model.survival, fit, held_out),
    )
    return card, model.files()


def judged(
    score: Callable[[F64], F64], survival: Callable[[F64], F64], fit: F64, held_out: F64
) -> dict[str, float]:
    """What a model reaches on vectors that it was not fitted to.

    ``rare_share`` of them have a tail probability of 0.001 or less, which should be about as many.
    ``drift`` is the population stability index of their scores against those fitted to.
    ``told_apart`` is the area under the ROC curve of telling them from the same vectors with each
    column shuffled, so that each feature is as it was and no combination is.
    """
    then, now = score(fit), score(held_out)
    rng = np.random.default_rng(0)
    shuffled = np.column_stack([rng.permutation(column) for column in held_out.T])
    reference = Reference(then)
    return {
        "held_out": float(len(held_out)),
        "rare_share": float(np.mean(survival(now) <= RARE)),
        "mean_score": float(now.mean()),
        "mean_score_fit": float(then.mean()),
        "drift": reference.index(reference.counts(now)),
        "told_apart": _area(now, score(shuffled)),
    }


def _area(usual: F64, odd: F64) -> float:
    from sklearn.metrics import roc_auc_score

    truth = np.repeat([0, 1], [len(usual), len(odd)])
    return float(roc_auc_score(truth, np.concatenate([usual, odd])))


def _stretch(lesson: HostLesson) -> str:
    if not lesson.windows:
        return "there are"
    first, last = (_minute(ns) for ns in (lesson.since_ns, lesson.until_ns))
    return f"from {first} to {last} there are"


def _minute(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M")
