"""Rows scored by a trained model: vectors by the names of their features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sensorium.detect.arrays import F64, I64
from sensorium.detect.serving.answer import Answer, Strongest, iso
from sensorium.detect.serving.asked import STRONGEST, STRONGEST_AT_MOST, Asked, nearest
from sensorium.detect.serving.refusal import Reason, shown, wrong

if TYPE_CHECKING:
    from sensorium.detect.models import Loaded, ModelCard

EXPLAINED: Final = 1_000
"""Of so many rows of a request, the oddest, it is told which features made them odd."""
_AT_ONCE: Final = 1 << 18
"""So many values are explained at once: it takes memory as their number times the features."""
_LARGEST: Final = float(np.finfo(np.float32).max)


def score_vectors(asked: Asked, loaded: Loaded, now_ns: int) -> Answer:
    """Score each row by itself; RefusedError where rows are not such as the model knows."""
    vectors = _vectors(asked, loaded.card)
    model, told = loaded.model, _told(asked, loaded.card)
    scores = np.asarray(model.score(vectors), np.float64)
    tails = np.asarray(model.survival(scores), np.float64)
    return Answer(
        about={
            "model": loaded.card.name,
            "version": loaded.card.version,
            "age_seconds": age_s(loaded.card, now_ns),
            "rows": len(vectors),
        },
        score=scores,
        tail_probability=tails,
        judged=np.ones(len(vectors), np.bool_),
        strongest=_strongest(loaded, vectors, scores, told) if told else None,
    )


def card_as_json(card: ModelCard, state: str, now_ns: int) -> Mapping[str, Any]:
    """What is known of one version, for people and programs."""
    return {
        "name": card.name,
        "version": card.version,
        "kind": card.kind,
        "state": state,
        "age_seconds": age_s(card, now_ns),
        "created": iso(card.created_ns),
        "features": card.features,
        "trained_on": {
            "since": iso(card.since_ns),
            "until": iso(card.until_ns),
            "rows": card.rows,
        },
        "settings": dict(card.settings),
        "scores": dict(card.scores),
    }


def age_s(card: ModelCard, now_ns: int) -> float:
    """How long ago a model was made, in seconds."""
    return round(max(0, now_ns - card.created_ns) / 1e9, 3)


def _told(asked: Asked, card: ModelCard) -> int:
    """How many features of a row are told."""
    for field, given in (("times", asked.times), ("warmup", asked.warmup)):
        if given is not None:
            raise wrong(
                Reason.FIELDS,
                f"the model {card.name} has no use for {field}",
                "it judges each row by itself; the model 'series' judges rows by those before",
            )
    told = STRONGEST if asked.contributions is None else asked.contributions
    if told > STRONGEST_AT_MOST:
        raise wrong(
            Reason.FIELDS, f"{told:,} contributions: {STRONGEST_AT_MOST} are allowed at most"
        )
    return min(told, len(card.features))


def _vectors(asked: Asked, card: ModelCard) -> F64:
    """The columns in the order of the model's features; each is there, and has all its values."""
    for name in asked.columns:
        if name not in card.features:
            raise wrong(
                Reason.COLUMNS,
                f"the model {card.name} has no feature {shown(name)}",
                nearest(name, card.features, "its features"),
            )
    for name in card.features:
        if name not in asked.columns:
            raise wrong(
                Reason.COLUMNS,
                f"the feature {shown(name)} of the model {card.name} is missing",
                f"it has {len(card.features)} features: see /api/v1/detect/models/{card.name}",
            )
    vectors = np.column_stack([asked.columns[name] for name in card.features])
    rows, columns = np.nonzero(~(np.abs(vectors) <= _LARGEST))
    if len(rows):
        name = card.features[columns[0]]
        raise wrong(
            Reason.VALUES,
            f"{shown(name)} has no value that can be scored in row {rows[0]:,}",
            f"a model of vectors needs every value, of at most {_LARGEST:.2g}",
        )
    return vectors


def _strongest(loaded: Loaded, vectors: F64, scores: F64, told: int) -> Strongest:
    """The strongest features of the oddest rows."""
    features = loaded.card.features
    rows = np.sort(np.argsort(-scores, kind="stable")[:EXPLAINED])
    step = max(1, _AT_ONCE // len(features) ** 2)
    names: list[list[str]] = [[] for _ in range(len(vectors))]
    shares: list[list[float]] = [[] for _ in range(len(vectors))]
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        found = np.asarray(loaded.model.contributions(vectors[part]), np.float64)
        order: I64 = np.argsort(-found, axis=1, kind="stable")[:, :told]
        for row, places, given in zip(part.tolist(), order.tolist(), found.tolist(), strict=True):
            names[row] = [features[place] for place in places]
            shares[row] = [given[place] for place in places]
    return Strongest(names, shares)
