"""Ranking incidents with the active model: which first, how probably worth it, and why."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

import numpy as np

from sensorium.errors import SensoriumError
from sensorium.incident.ranking.columns import is_column, told
from sensorium.incident.ranking.extract import row_of, vector_of
from sensorium.incident.ranking.training import NAME
from sensorium.incident.urgency import worst_first
from sensorium.model.incident import Incident

if TYPE_CHECKING:
    from sensorium.detect.models import Loaded, ModelRegistry
    from sensorium.observe import Observe
    from sensorium.store.records import Records

_REMEMBERED: Final = 10_000
_MOST_REASONS: Final = 4
_LEAST: Final = 0.05


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was known at the opening; ``odds`` is the factor by which it makes the odds
    larger (above 1) or smaller that a person confirms the incident."""

    words: str
    odds: float

    def __str__(self) -> str:
        times = f"odds × {self.odds:.2g}"
        return f"{'for' if self.odds > 1 else 'against'}: {self.words} ({times})"


@dataclass(frozen=True, slots=True)
class Ranked:
    """How probable it is (0 to 1) that a person confirms an incident, by which version of the
    model, and the strongest reasons, the strongest first."""

    incident_id: str
    probability: float
    version: int
    reasons: tuple[Reason, ...]


class Ranker:
    """Orders and rates incidents by what was known when they were opened. It hides and closes none.

    Without an active model, or where it cannot be used, the order is the worst first; why it
    cannot be used is logged and counted once for each version. Thread-safe.
    """

    def __init__(self, registry: ModelRegistry, records: Records, observe: Observe) -> None:
        self._registry = registry
        self._records = records
        self._lock = Lock()
        self._loaded: Loaded | None = None
        self._unusable: int | None = None
        self._known: OrderedDict[str, Ranked] = OrderedDict()
        self._log = observe.logger("incident")
        self._failed = observe.counter(
            "sensorium_ranker_unusable", "Versions of the ranker that could not be used"
        )

    def order(self, incidents: Iterable[Incident]) -> list[Incident]:
        """All of them: the more probably confirmed first, and the worst first among equals. Before
        them those that cannot be rated, since nothing speaks against them."""
        ordered = worst_first(incidents)
        rated = self.rate(ordered)
        return sorted(ordered, key=lambda i: -rated[i.id].probability if i.id in rated else -1.0)

    def rate(self, incidents: Sequence[Incident]) -> dict[str, Ranked]:
        """By id those that can be rated: none without a model, and none from before openings were
        kept."""
        with self._lock:
            return self._rate(incidents)

    def _rate(self, incidents: Sequence[Incident]) -> dict[str, Ranked]:
        loaded = self._active()
        if loaded is None:
            return {}
        fresh = [incident.id for incident in incidents if incident.id not in self._known]
        if fresh:
            self._learn(fresh, loaded)
        rated = {i.id: self._known[i.id] for i in incidents if i.id in self._known}
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return rated

    def _active(self) -> Loaded | None:
        version = self._registry.standing(NAME).active
        if version is None or version == self._unusable:
            return None
        if self._loaded is None or self._loaded.card.version != version:
            self._known.clear()
            self._loaded = self._load(version)
        return self._loaded

    def _load(self, version: int) -> Loaded | None:
        try:
            loaded = self._registry.load(NAME, version)
            unknown = [name for name in loaded.card.features if not is_column(name)]
            if unknown:
                raise SensoriumError(f"it knows columns that this version has not: {unknown[0]}")
        except SensoriumError as error:
            self._unusable = version
            self._failed.inc()
            self._log.warning(
                "the ranker is not used; incidents are taken the worst first",
                version=version,
                reason=error.message,
                next_step=error.next_step,
            )
            return None
        return loaded

    def _learn(self, fresh: Sequence[str], loaded: Loaded) -> None:
        openings = list(self._records.openings.of(fresh).values())
        if not openings:
            return
        columns = loaded.card.features
        rows = [row_of(o, self._records.anomalies.of_ids(o.anomaly_ids)) for o in openings]
        vectors = np.array([vector_of(row, columns) for row in rows], np.float64)
        scores = loaded.model.score(vectors)
        odds = loaded.model.contributions(vectors)
        for place, opening in enumerate(openings):
            self._known[opening.incident_id] = Ranked(
                opening.incident_id,
                float(scores[place]),
                loaded.card.version,
                _reasons(columns, vectors[place].tolist(), odds[place].tolist()),
            )


def _reasons(
    columns: Sequence[str], values: Sequence[float], log_odds: Sequence[float]
) -> tuple[Reason, ...]:
    strongest = sorted(range(len(columns)), key=lambda c: (-abs(log_odds[c]), columns[c]))
    return tuple(
        Reason(told(columns[c], values[c]), float(np.exp(log_odds[c])))
        for c in strongest[:_MOST_REASONS]
        if abs(log_odds[c]) >= _LEAST
    )
