"""Scoring what a replay has left in its stores."""

from __future__ import annotations

from collections.abc import Iterable

from sensorium.evaluate.scoring import Evaluation, Subject, score
from sensorium.evaluate.signs import Telemetry, first_signs
from sensorium.evaluate.truth import Truth
from sensorium.model.anomaly import Anomaly
from sensorium.model.incident import Incident
from sensorium.store.records import Records


def score_stored(
    incidents: Iterable[Incident],
    records: Records,
    telemetry: Telemetry,
    truth: Truth,
    *,
    quiet_share: float | None = None,
) -> Evaluation:
    """Compare a recording's ``incidents``, whose history is in ``records``, with what happened."""
    subjects: list[Subject] = []
    anomalies: list[Anomaly] = []
    for incident in incidents:
        events = records.incidents.events(incident.id)
        opened = min((e.at_ns for e in events), default=0)
        settled = [e.at_ns for e in events if e.to_state == "investigating"]
        subjects.append(Subject(incident, opened, min(settled, default=0)))
        anomalies += records.anomalies.of_incident(incident.id)
    signs = first_signs(telemetry, truth)
    return score(truth, subjects, anomalies, quiet_share=quiet_share, signs=signs)
