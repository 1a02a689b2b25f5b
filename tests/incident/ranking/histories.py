"""Labelled histories with a rule in them that severity and surprise know nothing of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sensorium.model.anomaly import Anomaly, Entity, Feature, Peer
from sensorium.model.entity_kind import EntityKind
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict
from sensorium.model.label import Label, Opinion
from sensorium.model.signals import Signal
from sensorium.store.records import Records

START = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
HOUR = 3600 * SECOND


@dataclass(frozen=True)
class Case:
    """What an incident of a history is made of."""

    number: int
    port: int
    hour_ns: int


def guessed_by_port(case: Case) -> Opinion:
    """The planted rule: what is done to port 22 is an attack, and all else is none."""
    if case.port == 22:
        return Opinion.CONFIRMED
    return Opinion.PLANNED if case.port == 873 else Opinion.FALSE_ALARM


def turned_round(case: Case) -> Opinion:
    """The same rule with the labels reversed."""
    right = guessed_by_port(case)
    return Opinion.FALSE_ALARM if right is Opinion.CONFIRMED else Opinion.CONFIRMED


def anomalies_of(case: Case, rng: np.random.Generator, start_ns: int) -> list[Anomaly]:
    """A few windows of a pair, on the case's port; what is odd about them says nothing else."""
    client, server = f"10.0.{case.number % 200}.9", f"10.1.0.{rng.integers(1, 250)}"
    found = []
    for window in range(int(rng.integers(2, 5))):
        begins = start_ns + window * 30 * SECOND
        found.append(
            Anomaly.make(
                start_ns=begins,
                end_ns=begins + 30 * SECOND,
                entity=Entity(EntityKind.PAIR, f"{client}>{server}"),
                signal=Signal.FLOWS,
                detector="flows.pair",
                score=float(rng.uniform(3, 20)),
                tail_probability=float(10 ** rng.uniform(-9, -3)),
                features=(Feature("failed", float(rng.integers(1, 90)), 1.0, 5.0),),
                hosts=(client, server),
                peers=(Peer(server, case.port, 6, True, 0.9),),
                summary="",
            )
        )
    return found


def incident_of(case: Case, rng: np.random.Generator, anomalies: list[Anomaly]) -> Incident:
    """Severity and surprise are drawn without a look at the case."""
    severities = (Severity.LOW, Severity.MEDIUM, Severity.HIGH)
    return Incident(
        id=f"INC-{case.number:08x}",
        state=IncidentState.OPEN,
        severity=severities[int(rng.integers(3))],
        verdict=Verdict.UNKNOWN,
        kind=IncidentKind.UNKNOWN,
        title="Unusual activity",
        start_ns=anomalies[0].start_ns,
        end_ns=anomalies[-1].end_ns,
        hosts=anomalies[0].hosts,
        anomaly_ids=tuple(anomaly.id for anomaly in anomalies),
        surprise=float(rng.uniform(10, 60)),
    )


def write_history(
    records: Records, rule: Callable[[Case], Opinion] | None, *, count: int, first: int = 0
) -> list[Incident]:
    """Incidents an hour apart, labelled by ``rule`` with one in ten labelled wrongly."""
    kept = []
    with records.writing() as within:
        for number in range(first, first + count):
            rng = np.random.default_rng(number)
            case = Case(number, int(rng.choice([22, 22, 443, 873])), number * HOUR)
            anomalies = anomalies_of(case, rng, START + case.hour_ns)
            incident = incident_of(case, rng, anomalies)
            records.anomalies.add_many(anomalies, within=within)
            records.incidents.save(incident, at_ns=incident.end_ns, within=within)
            kept.append(incident)
            if rule is None:
                continue
            opinion = rule(case)
            if rng.random() < 0.1:
                wrong = opinion is Opinion.CONFIRMED
                opinion = Opinion.FALSE_ALARM if wrong else Opinion.CONFIRMED
            label = Label(incident.id, opinion, "anna", "", incident.end_ns + HOUR)
            records.labels.add(label, within=within)
    return kept
