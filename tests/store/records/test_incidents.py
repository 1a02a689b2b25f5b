"""Incidents, their anomalies in order, and each step of their life."""

from __future__ import annotations

import dataclasses

import pytest

from sensorium.model.incident import IncidentState
from sensorium.store.errors import StaleRecordError
from sensorium.store.records import Records
from tests.store.records import samples

OPEN, INVESTIGATING = IncidentState.OPEN, IncidentState.INVESTIGATING


def test_an_incident_comes_back_with_its_anomalies_in_their_order(records: Records) -> None:
    found = [samples.anomaly(i) for i in range(4)]
    records.anomalies.add_many(found)
    ids = tuple(one.id for one in (found[2], found[0], found[3]))
    incident = samples.incident(anomaly_ids=ids)
    records.incidents.save(incident)
    assert records.incidents.get(incident.id) == incident
    assert [one.id for one in records.anomalies.of_incident(incident.id)] == list(ids)
    late = dataclasses.replace(incident, anomaly_ids=(found[1].id, *ids[1:], "an-elsewhere"))
    records.incidents.save(late)
    assert records.incidents.get(incident.id) == late
    assert records.incidents.get("INC-unknown") is None


def test_only_a_change_of_state_leaves_an_event_and_an_audit_entry(records: Records) -> None:
    incident = samples.incident()
    records.incidents.save(incident)
    records.incidents.save(dataclasses.replace(incident, title="Better title"))
    investigating = dataclasses.replace(incident, state=INVESTIGATING)
    records.incidents.save(investigating, at_ns=77, expected=OPEN)
    events = records.incidents.events(incident.id)
    assert [(e.from_state, e.to_state, e.at_ns) for e in events] == [
        ("", "open", incident.end_ns),
        ("open", "investigating", 77),
    ]
    entries = records.audit.list(subject=incident.id)
    assert [entry.kind for entry in entries] == ["incident.state"] * 2
    assert entries[1].detail == {"from": "open", "to": "investigating", "revision": 0}
    assert entries[1].at_ns == 77


def test_a_change_that_supposed_another_state_is_refused_whole(records: Records) -> None:
    incident = samples.incident(anomaly_ids=("an-1",))
    records.incidents.save(incident)
    changed = dataclasses.replace(incident, state=IncidentState.CLOSED, anomaly_ids=())
    with pytest.raises(StaleRecordError, match="is open, not awaiting_approval"):
        records.incidents.save(changed, expected=IncidentState.AWAITING_APPROVAL)
    assert records.incidents.get(incident.id) == incident
    assert len(records.incidents.events(incident.id)) == 1


def test_an_older_revision_cannot_overwrite_a_newer_one(records: Records) -> None:
    records.incidents.save(samples.incident(revision=2))
    with pytest.raises(StaleRecordError, match="came too late"):
        records.incidents.save(samples.incident(revision=1))


def test_lists_are_by_state_and_newest_first(records: Records) -> None:
    for number, state in enumerate([OPEN, INVESTIGATING, OPEN]):
        start = samples.NOON + number
        records.incidents.save(samples.incident(f"INC-{number}", state=state, start_ns=start))
    assert [one.id for one in records.incidents.list()] == ["INC-2", "INC-1", "INC-0"]
    assert [one.id for one in records.incidents.list(states=["open"])] == ["INC-2", "INC-0"]
    assert [one.id for one in records.incidents.list(limit=1)] == ["INC-2"]
    assert records.incidents.list(states=[IncidentState.CLOSED]) == ()


def test_several_aggregates_change_in_one_transaction_or_not_at_all(records: Records) -> None:
    def interrupted() -> None:
        with records.writing() as transaction:
            records.incidents.save(samples.incident(), within=transaction)
            records.evidence.save(samples.evidence(), within=transaction)
            records.meta.set("watermark_ns", "5", within=transaction)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        interrupted()
    assert records.incidents.list() == ()
    assert records.evidence.of_incident("INC-00000001") == ()
    assert records.meta.get("watermark_ns") is None
    assert records.audit.list() == ()


def test_all_of_more_than_a_page_can_be_listed(records: Records) -> None:
    for number in range(101):
        records.incidents.save(samples.incident(f"INC-{number}", start_ns=samples.NOON + number))
    records.incidents.save(samples.incident("INC-x", state=INVESTIGATING))
    assert len(records.incidents.list(states=[OPEN])) == 100
    assert len(records.incidents.list(states=[OPEN], limit=None)) == 101
    assert records.incidents.ids([INVESTIGATING, IncidentState.CLOSED]) == {"INC-x"}
