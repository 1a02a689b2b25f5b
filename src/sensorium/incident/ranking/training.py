"""Training: from what people said to a model, and how it would have done on the latest of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.detect.models.card import ModelCard, ModelKind
from sensorium.detect.models.ranker_model import PARAMETERS, ROUNDS, RankerModel
from sensorium.incident.errors import TooFewLabelsError
from sensorium.incident.ranking.examples import (
    OWN_WEIGHT,
    Example,
    Examples,
    columns_seen,
    present_order,
    table_of,
)
from sensorium.incident.ranking.measures import Calibration, Quality, calibration, quality

NAME: Final = "incidents.rank"
FEWEST: Final = 30
FEWEST_OF_A_SORT: Final = 5
HELD_OUT: Final = 0.3


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How the order of the latest incidents that people labelled would have been, by a model that
    was trained on all earlier ones; ``worst_first`` is the order without a model. Qualities are
    None where all of them were confirmed or none was."""

    rows: int
    confirmed: int
    learned: Quality | None
    worst_first: Quality | None
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Trained:
    """A model of all labels, its card's draft, and what was found out on the way."""

    card: ModelCard
    model: RankerModel
    held_out: HeldOut
    labels: Mapping[str, int]
    own: int


def train(examples: Examples) -> Trained:
    """Learn from all examples; TooFewLabelsError where they are too few, RankerMissingError where
    XGBoost is not installed.

    The latest 30 % of what people labelled are first held out, in time: what is said of the model
    comes from one that saw only incidents opened before them. The model itself is then trained
    on everything, since the latest labels are the most telling.
    """
    people = examples.of_people()
    _require_enough(people, examples)
    cut = len(people) - round(HELD_OUT * len(people))
    starts_ns = people[cut].opening.at_ns
    later = [example for example in people if example.opening.at_ns >= starts_ns]
    earlier = [example for example in examples.rows if example.opening.at_ns < starts_ns]
    held_out = _hold_out(earlier, later)
    columns = columns_seen(examples.rows)
    model = RankerModel.fit(columns, *table_of(examples.rows, columns))
    opened = [example.opening.at_ns for example in examples.rows]
    card = ModelCard(
        name=NAME,
        kind=ModelKind.RANKER,
        features=columns,
        since_ns=min(opened),
        until_ns=max(opened),
        rows=len(examples.rows),
        settings={**PARAMETERS, "rounds": ROUNDS, "own_weight": OWN_WEIGHT, "held_out": HELD_OUT},
        scores=_scores(held_out),
    )
    labels = Counter(example.opinion.value for example in people)
    return Trained(card, model, held_out, labels, len(examples.rows) - len(people))


def _hold_out(earlier: list[Example], later: list[Example]) -> HeldOut:
    sorts = {example.confirmed for example in earlier}
    if len(sorts) < 2:
        raise TooFewLabelsError(
            "all incidents but the latest turned out the same way, so nothing can be told apart",
            next_step="label earlier incidents of the other sort: sensorium incident list",
        )
    columns = columns_seen(earlier)
    model = RankerModel.fit(columns, *table_of(earlier, columns))
    vectors, confirmed, _ = table_of(later, columns)
    probabilities: F64 = model.score(vectors)
    return HeldOut(
        rows=len(later),
        confirmed=int(confirmed.sum()),
        learned=quality(confirmed, probabilities),
        worst_first=quality(confirmed, present_order(later)),
        calibration=calibration(confirmed, probabilities),
    )


def _require_enough(people: list[Example], examples: Examples) -> None:
    confirmed = sum(example.confirmed for example in people)
    others = len(people) - confirmed
    if len(people) >= FEWEST and min(confirmed, others) >= FEWEST_OF_A_SORT:
        return
    left = []
    if examples.without_opening:
        left.append(f"{examples.without_opening} are of incidents kept by an earlier version")
    if examples.merged:
        left.append(f"{examples.merged} are of incidents that became part of others")
    more = f"; besides, {' and '.join(left)} and cannot be learned from" if left else ""
    raise TooFewLabelsError(
        f"{len(people)} labelled incidents, {confirmed} of them confirmed, are too few to learn "
        f"from: it takes {FEWEST}, and {FEWEST_OF_A_SORT} that were confirmed and "
        f"{FEWEST_OF_A_SORT} that were not{more}",
        unaffected="no model was made",
        next_step="say what more incidents were: sensorium incident label ID LABEL",
    )


def _scores(held_out: HeldOut) -> dict[str, float]:
    found = {
        "held_out": float(held_out.rows),
        "held_out_confirmed": float(held_out.confirmed),
        "brier": held_out.calibration.brier,
        "brier_of_rate": held_out.calibration.brier_of_rate,
        "calibration_error": held_out.calibration.error,
    }
    for prefix, measured in (("", held_out.learned), ("worst_first_", held_out.worst_first)):
        if measured is not None:
            found[f"{prefix}auc"] = measured.auc
            found[f"{prefix}average_precision"] = measured.precision
    if held_out.learned is not None:
        found |= {"auc_low": held_out.learned.low, "auc_high": held_out.learned.high}
    return {name: float(np.round(value, 6)) for name, value in found.items()}
