"""Every record comes back as it went in, on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses

from sensorium.model.action import Action
from sensorium.model.approval import Approval, ApprovalState
from sensorium.store.records import Records
from tests.store.records import samples


def test_anomalies(records: Records) -> None:
    stored = [samples.anomaly(i) for i in range(5)]
    assert records.anomalies.add_many(stored) == 5
    assert [records.anomalies.get(one.id) for one in stored] == stored
    assert records.anomalies.get("an-unknown") is None


def test_an_anomaly_found_again_is_the_same_one(records: Records) -> None:
    first = [samples.anomaly(i) for i in range(3)]
    records.anomalies.add_many(first)
    assert records.anomalies.add_many([*first, samples.anomaly(3)]) == 1
    assert records.anomalies.add_many([]) == 0
    later = samples.NOON + 60 * 10**9
    assert len(records.anomalies.between(samples.NOON, later)) == 2


def test_text_that_no_database_can_hold_is_kept_readable(records: Records) -> None:
    odd = samples.anomaly(key='up{job="a\x00b"}')
    records.anomalies.add_many([odd])
    stored = records.anomalies.get(odd.id)
    assert stored is not None
    assert stored.entity.key == 'up{job="a\ufffdb"}'


def test_evidence_keeps_the_exact_values_its_digest_was_made_of(records: Records) -> None:
    one = samples.evidence()
    records.evidence.save(one)
    records.evidence.save(one)
    assert records.evidence.get(one.id) == one
    other = samples.evidence(incident_id="INC-00000002")
    records.evidence.save(other)
    assert records.evidence.get(one.id, "INC-00000002") == other
    assert records.evidence.get(one.id) == one
    assert records.evidence.get("E-unknown") is None
    assert records.evidence.of_incident("INC-00000002") == (other,)


def test_briefs_and_their_findings(records: Records) -> None:
    first = records.briefs.save("INC-1", 0, "# one\n", samples.FINDINGS)
    second = records.briefs.save("INC-1", 1, samples.TEXT, ())
    assert first.findings == samples.FINDINGS
    assert first.digest != second.digest
    assert records.briefs.get("INC-1", 0) == first
    assert records.briefs.latest("INC-1") == second
    assert records.briefs.latest("INC-2") is None
    again = records.briefs.save("INC-1", 1, "# rewritten\n", ())
    assert records.briefs.latest("INC-1") == again


def test_actions_keep_their_exact_bytes(records: Records) -> None:
    one = samples.action("printf 'a\\x00b' \x00 é")
    records.actions.add(one)
    records.actions.add(one)
    assert records.actions.get(one.digest) == one
    assert records.actions.of_incident(one.incident_id) == (one,)
    assert records.actions.get("0" * 64) is None


def test_approvals(records: Records) -> None:
    proposed = samples.action()
    records.actions.add(proposed)
    approval = Approval("A-1", "INC-1", proposed.digest, ApprovalState.PENDING, 5, 9)
    assert records.approvals.add(approval)
    assert not records.approvals.add(dataclasses.replace(approval, id="A-2"))
    assert records.approvals.get("A-1") == approval
    assert records.approvals.of_digest(proposed.digest) == approval
    assert records.approvals.of_incident("INC-1") == (approval,)
    assert records.approvals.list() == (approval,)
    assert records.approvals.list(states=["approved"]) == ()
    assert records.approvals.get("A-2") is None


def test_changes_replace_what_was_told_before(records: Records) -> None:
    records.changes.add_many([samples.change(1), samples.change(0)])
    records.changes.add_many([samples.change(1, title="Moved")])
    assert records.changes.list() == (samples.change(0), samples.change(1, title="Moved"))
    end = samples.NOON + 3600 * 10**9
    assert records.changes.between(samples.NOON, end - 1) == (samples.change(0),)
    assert len(records.changes.between(end, end)) == 2


def test_meta(records: Records) -> None:
    assert records.meta.get("watermark_ns") is None
    records.meta.set("watermark_ns", "1")
    records.meta.set("watermark_ns", "2")
    assert records.meta.get("watermark_ns") == "2"
    records.meta.remove("watermark_ns")
    assert records.meta.get("watermark_ns") is None


def test_fields_of_a_record_are_all_compared() -> None:
    # The comparisons above lean on dataclass equality; an action's digest is left out of it.
    unequal = {field.name for field in dataclasses.fields(Action) if not field.compare}
    assert unequal == {"digest"}
