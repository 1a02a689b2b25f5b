"""Labelled incidents as rows to learn from, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.incident.ranking.columns import columns_of
from sensorium.incident.ranking.extract import row_of, vector_of
from sensorium.incident.urgency import RANK
from sensorium.model.incident import Incident, IncidentState, Verdict
from sensorium.model.label import Opening, Opinion

if TYPE_CHECKING:
    from sensorium.store.records import Records

OWN_WEIGHT: Final = 0.25
"""What a conclusion of the product's own counts beside a person's word."""


class Source(StrEnum):
    """Who said what an incident was."""

    PERSON = "person"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Example:
    """One incident with what it turned out to be; ``row`` has the columns that are not 0."""

    opening: Opening
    opinion: Opinion
    source: Source
    row: dict[str, float]

    @property
    def confirmed(self) -> bool:
        """Whether it was worth looking at."""
        return self.opinion is Opinion.CONFIRMED

    @property
    def weight(self) -> float:
        """What it counts."""
        return 1.0 if self.source is Source.PERSON else OWN_WEIGHT


@dataclass(frozen=True, slots=True)
class Examples:
    """All examples, the first opened first. ``without_opening`` were labelled, and are from before
    openings were kept; ``merged`` were labelled, and became part of another."""

    rows: tuple[Example, ...]
    without_opening: int = 0
    merged: int = 0

    def of_people(self) -> list[Example]:
        """Those that a person labelled."""
        return [example for example in self.rows if example.source is Source.PERSON]


def read_examples(records: Records) -> Examples:
    """Everything that can be learned from: people's latest words, and what the product closed as
    planned, with proof, where nobody said anything."""
    labels = records.labels.latest()
    incidents = {incident.id: incident for incident in records.incidents.list(limit=None)}
    said: dict[str, tuple[Opinion, Source]] = {}
    merged = 0
    for incident in incidents.values():
        label = labels.get(incident.id)
        if incident.state is IncidentState.MERGED:
            merged += label is not None
        elif label is not None:
            said[incident.id] = (label.opinion, Source.PERSON)
        elif _is_proved(incident):
            said[incident.id] = (Opinion.PLANNED, Source.PRODUCT)
    openings = records.openings.of(said)
    examples = []
    for opening in sorted(openings.values(), key=lambda o: (o.at_ns, o.incident_id)):
        opinion, source = said[opening.incident_id]
        row = row_of(opening, records.anomalies.of_ids(opening.anomaly_ids))
        examples.append(Example(opening, opinion, source, row))
    people = {key for key, (_, source) in said.items() if source is Source.PERSON}
    return Examples(tuple(examples), len(people - openings.keys()), merged)


def table_of(examples: Sequence[Example], columns: Sequence[str]) -> tuple[F64, F64, F64]:
    """Rows (n, f), whether each was confirmed (n,), what each counts (n,)."""
    vectors = np.array([vector_of(example.row, columns) for example in examples], np.float64)
    confirmed = np.array([example.confirmed for example in examples], np.float64)
    weights = np.array([example.weight for example in examples], np.float64)
    return vectors.reshape(len(examples), len(columns)), confirmed, weights


def columns_seen(examples: Sequence[Example]) -> tuple[str, ...]:
    """The columns of these examples."""
    return columns_of(example.row for example in examples)


def present_order(examples: Sequence[Example]) -> F64:
    """Numbers (n,) that order as the rule without learning does: by severity, then surprise."""
    keys = [(-RANK[e.opening.severity], e.opening.surprise) for e in examples]
    places = {key: place for place, key in enumerate(sorted(set(keys)))}
    return np.array([places[key] for key in keys], np.float64)


def _is_proved(incident: Incident) -> bool:
    return incident.verdict is Verdict.PLANNED and bool(incident.proof)
