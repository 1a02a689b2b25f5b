"""What people said of incidents, and what was known at the start, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from sensorium.model.incident import IncidentKind, IncidentState, Severity
from sensorium.model.label import MOST_KEPT, Label, Opinion
from sensorium.observe import Observe
from sensorium.store.records import Records, RecordsConfig, open_records
from sensorium.store.records.connections import connect
from sensorium.store.records.migrate import RECORDS, _settings
from tests.store.records import samples


def said(opinion: Opinion, at_ns: int, incident_id: str = "INC-00000001") -> Label:
    return Label(incident_id, opinion, "anna", samples.TEXT, at_ns)


def test_every_label_is_kept_and_the_latest_counts(records: Records) -> None:
    records.incidents.save(samples.incident())
    records.incidents.save(samples.incident("INC-00000002"))
    # What counts is the order in which it was said: clocks may disagree about it.
    first, second = said(Opinion.CONFIRMED, 9), said(Opinion.FALSE_ALARM, 5)
    other = said(Opinion.PLANNED, 7, "INC-00000002")
    for label in (first, other, second):
        records.labels.add(label)
    assert records.labels.of_incident("INC-00000001") == (first, second)
    assert records.labels.latest() == {"INC-00000001": second, "INC-00000002": other}
    assert records.labels.of_incident("INC-0000000f") == ()


def test_a_label_and_its_audit_entry_are_kept_together_or_not_at_all(records: Records) -> None:
    records.incidents.save(samples.incident())
    entries = records.audit.verify().entries
    with pytest.raises(IntegrityError):
        records.labels.add(said(Opinion.PLANNED, 1, "INC-nobody"))
    assert records.audit.verify().entries == entries
    records.labels.add(said(Opinion.PLANNED, 1))
    verdict = records.audit.verify()
    assert verdict.intact
    assert verdict.entries == entries + 1


def test_an_incident_is_remembered_as_it_was_when_it_was_first_kept(records: Records) -> None:
    many = tuple(f"an-{number}" for number in range(MOST_KEPT + 3))
    first = samples.incident(anomaly_ids=many)
    records.incidents.save(first, at_ns=77)
    later = replace(
        first,
        state=IncidentState.ESCALATED,
        severity=Severity.INFO,
        kind=IncidentKind.UNKNOWN,
        surprise=99.0,
        change_ref="",
        hosts=("10.9.9.9",),
        anomaly_ids=(*many, "an-late"),
    )
    records.incidents.save(later, at_ns=99)
    opening = records.openings.of([first.id, "INC-nobody"])[first.id]
    assert opening.at_ns == 77
    assert (opening.severity, opening.kind) == (first.severity, first.kind)
    assert (opening.surprise, opening.change_ref) == (first.surprise, first.change_ref)
    assert opening.hosts == first.hosts
    assert opening.anomaly_ids == many[:MOST_KEPT]
    assert opening.anomalies == len(many)


def test_a_database_from_before_labels_keeps_its_incidents_and_takes_labels(
    records_config: RecordsConfig, observe: Observe
) -> None:
    old = connect(records_config, None)
    settings = _settings(RECORDS)
    with old.writing() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        connection.execute(
            text(
                "INSERT INTO incidents VALUES ('INC-00000001', 'open', 'low', 'unknown',"
                " 'unknown', '', 1, 2, '[]', 1.0, '', '', '', 0)"
            )
        )
    old.close()
    records = open_records(records_config, observe)
    incident = records.incidents.get("INC-00000001")
    assert incident is not None
    records.incidents.save(replace(incident, state=IncidentState.INVESTIGATING))
    # It was first kept before, so what was known then is not known any more.
    assert records.openings.of([incident.id]) == {}
    records.labels.add(said(Opinion.CONFIRMED, 3))
    assert records.labels.latest()[incident.id].opinion is Opinion.CONFIRMED
    with records.writing() as connection:
        assert "incident_labels" in inspect(connection).get_table_names()
    records.close()
