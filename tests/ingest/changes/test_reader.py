"""What a running service reads is counted, and comes back from the store as it went in."""

from __future__ import annotations

from sensorium.ingest.changes import ChangeReader, ChangesConfig, from_rows, to_batch
from sensorium.model.change import Change, ChangeKind, ChangeScope
from sensorium.model.signals import CHANGES
from sensorium.observe import Observe


def test_entries_and_problems_are_counted_by_form() -> None:
    observe = Observe()
    reader = ChangeReader(ChangesConfig(), observe)
    assert reader.deployments(b"bad\n") == []
    table = reader.crontab("web1", b"* * * * * root a\n* * * * * root b\n1 2\n")
    assert len(table.jobs) == 2
    assert reader.calendar(b"nonsense").events == 0
    for form, entries in (("deployments", 0), ("crontab", 2), ("calendar", 0)):
        assert observe.value("sensorium_changes_entries_total", {"form": form}) == entries
        labels = {"protocol": form, "reason": "malformed"}
        assert observe.value("sensorium_ingest_dropped_total", labels) == 1


def test_changes_come_back_from_their_rows() -> None:
    scope = ChangeScope(("a",), ("b", "c"), ("22/tcp",), "shop", 5, "cmd é")
    changes = [
        Change(1, 2, ChangeKind.BACKUP, "calendar", scope, "title", "ref"),
        Change(3, 4, ChangeKind.JOB, "crontab of x", ChangeScope(), "", ""),
    ]
    batch = to_batch(changes)
    assert batch.schema.equals(CHANGES)
    assert from_rows(batch.to_pylist()) == changes
    assert to_batch([]).num_rows == 0
