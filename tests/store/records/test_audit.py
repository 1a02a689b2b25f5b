"""The audit log: its chain holds, and shows what was done to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from sensorium.store.records import Records


def fill(records: Records, count: int = 5) -> None:
    for number in range(count):
        records.audit.append(
            at_ns=number,
            kind="approval.approved",
            subject=f"A-{number}",
            actor="alice",
            detail={"reason": "checked", "number": number},
        )


def tamper(records: Records, statement: str) -> None:
    """Change the database as somebody with its password would."""
    with records.writing() as connection:
        connection.exec_driver_sql(statement)


def test_an_untouched_chain_is_intact_and_names_its_head(records: Records) -> None:
    assert records.audit.verify().intact
    fill(records)
    verdict = records.audit.verify()
    assert verdict.intact
    assert verdict.entries == 5
    assert verdict.head == records.audit.tail(1)[0].hash
    assert records.audit.verify(expect=records.audit.list()[1].hash).intact


@pytest.mark.parametrize(
    ("statement", "broken_at", "words"),
    [
        ("UPDATE audit SET actor = 'bob' WHERE number = 3", 3, "was changed"),
        ("UPDATE audit SET at_ns = at_ns + 1 WHERE number = 1", 1, "was changed"),
        ("UPDATE audit SET detail = '{\"number\":1}' WHERE number = 2", 2, "was changed"),
        ("DELETE FROM audit WHERE number = 3", 3, "is missing"),
        ("DELETE FROM audit WHERE number = 1", 1, "is missing"),
        ("DELETE FROM audit WHERE number > 3", 4, "noted head is 5"),
        ("DELETE FROM audit", 1, "noted head is 5"),
    ],
)
def test_what_was_done_to_the_log_shows_and_where(
    records: Records, statement: str, broken_at: int, words: str
) -> None:
    fill(records)
    tamper(records, statement)
    verdict = records.audit.verify()
    assert not verdict.intact
    assert verdict.broken_at == broken_at
    assert words in verdict.problem


def test_a_rewritten_history_is_caught_by_a_head_noted_before(records: Records) -> None:
    fill(records)
    noted = records.audit.verify().head
    tamper(records, "DELETE FROM audit")
    tamper(records, "DELETE FROM meta")
    fill(records, 6)
    assert records.audit.verify().intact
    # The same five entries give the same hashes: only another history is one.
    assert records.audit.verify(expect=noted).intact
    tamper(records, "DELETE FROM audit")
    records.audit.append(at_ns=1, kind="k", subject="s", actor="mallory", detail={})
    verdict = records.audit.verify(expect=noted)
    assert not verdict.intact
    assert "no entry has the hash" in verdict.problem


def test_entries_added_at_once_form_one_chain(records: Records) -> None:
    with ThreadPoolExecutor(5) as threads:
        for task in [threads.submit(fill, records, 8) for _ in range(5)]:
            task.result()
    verdict = records.audit.verify()
    assert verdict.intact
    assert verdict.entries == 40


def test_lists_go_on_after_a_number_and_by_subject(records: Records) -> None:
    fill(records)
    assert [entry.number for entry in records.audit.list(after=2, limit=2)] == [3, 4]
    assert [entry.number for entry in records.audit.list(subject="A-3")] == [4]
    assert [entry.number for entry in records.audit.tail(2)] == [4, 5]
