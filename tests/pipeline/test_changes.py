"""What was announced stands until something that can be read takes its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sensorium.ingest.changes import ChangeReader, ChangesConfig
from sensorium.observe import Observe
from sensorium.pipeline.arrivals import Announcement, AnnouncementKind
from sensorium.pipeline.changes import ChangeBook
from sensorium.pipeline.config import ChangeSourcesConfig
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry
from tests.full_disk import files_end_at

HOUR_NS = 3600 * 1_000_000_000
DAY_NS = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) * 1_000_000_000
BACKUP = b"""BEGIN:VCALENDAR
BEGIN:VEVENT
UID:backup@example
DTSTART:20260105T020000Z
DTEND:20260105T030000Z
END:VEVENT
END:VCALENDAR
"""
NOTHING = b"BEGIN:VCALENDAR\nEND:VCALENDAR\n"
HALF = BACKUP[: BACKUP.index(b"DTEND")]
JOB = b"0 4 * * * root /bin/true\n"
JOB_REF = "cron/db-1/1/2026-01-05T04:00:00Z"
CALENDAR, CRONTAB = AnnouncementKind.CALENDAR, AnnouncementKind.CRONTAB
DEPLOYMENTS = AnnouncementKind.DEPLOYMENTS


@dataclass
class Desk:
    """A book, and how to open it again as a restart does."""

    folder: Path
    telemetry: ClickHouseTelemetry
    sources: ChangeSourcesConfig
    observe: Observe

    def book(self) -> ChangeBook:
        reader = ChangeReader(ChangesConfig(), self.observe)
        book = ChangeBook(reader, self.telemetry, self.folder / "changes", self.sources)
        book.load()
        return book


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    telemetry = open_telemetry(TelemetryConfig(), Observe(), data_dir=tmp_path)
    yield Desk(tmp_path, telemetry, ChangeSourcesConfig(), Observe())
    telemetry.close()


def planned(book: ChangeBook) -> list[str]:
    return [change.ref for change in book.between(DAY_NS, DAY_NS + 6 * HOUR_NS)]


def deployed(name: str) -> bytes:
    said = {"id": name, "service": "shop", "started": "2026-01-05T01:00:00Z"}
    return json.dumps(said).encode()


BACKUP_REF = "backup@example#2026-01-05T02:00:00Z"


@pytest.mark.parametrize("sent", [b"", HALF, b"<html>502 Bad Gateway</html>"])
def test_half_a_calendar_takes_no_calendars_place_and_no_restart_changes_that(
    desk: Desk, sent: bytes
) -> None:
    book = desk.book()
    book.take(Announcement(CALENDAR, BACKUP))
    book.take(Announcement(CALENDAR, sent))
    assert planned(book) == [BACKUP_REF]
    assert planned(desk.book()) == [BACKUP_REF]


def test_a_calendar_without_events_takes_one_back(desk: Desk) -> None:
    book = desk.book()
    book.take(Announcement(CALENDAR, BACKUP))
    book.take(Announcement(CALENDAR, NOTHING))
    assert planned(book) == planned(desk.book()) == []


def test_half_a_cron_table_takes_no_tables_place(desk: Desk) -> None:
    book = desk.book()
    book.take(Announcement(CRONTAB, JOB, "db-1"))
    book.take(Announcement(CRONTAB, b"0 4 *", "db-1"))
    assert planned(book) == planned(desk.book()) == [JOB_REF]
    book.take(Announcement(CRONTAB, b"# none any more\n", "db-1"))
    assert planned(book) == planned(desk.book()) == []


def test_a_file_that_is_half_written_is_read_once_it_is_whole(desk: Desk) -> None:
    path = desk.folder / "plan.ics"
    path.write_bytes(BACKUP)
    desk.sources = ChangeSourcesConfig(calendars=(str(path),))
    book = desk.book()
    path.write_bytes(HALF)
    book.refresh()
    assert planned(book) == [BACKUP_REF]
    path.write_bytes(BACKUP.replace(b"T02", b"T01"))
    book.refresh()
    assert planned(book) == ["backup@example#2026-01-05T01:00:00Z"]


@pytest.mark.parametrize(
    ("announcement", "ref"),
    [
        (Announcement(CALENDAR, BACKUP), BACKUP_REF),
        (Announcement(CRONTAB, JOB, "db-1"), JOB_REF),
        (Announcement(DEPLOYMENTS, deployed("d-1")), "d-1"),
    ],
    ids=lambda one: one if isinstance(one, str) else one.kind.value,
)
def test_what_a_full_disk_refuses_counts_until_a_restart_and_that_is_said(
    desk: Desk, announcement: Announcement, ref: str
) -> None:
    book = desk.book()
    with files_end_at(10):
        book.take(announcement)
    assert planned(book) == [ref]
    labels = {"form": announcement.kind.value}
    assert desk.observe.value("sensorium_changes_unkept_total", labels) == 1
    assert planned(desk.book()) == []
    book.take(announcement)
    assert planned(book) == planned(desk.book()) == [ref]


def test_what_a_killed_process_left_half_written_spoils_nothing(desk: Desk) -> None:
    (desk.folder / "changes" / "crontab").mkdir(parents=True)
    (desk.folder / "changes" / "crontab" / ".db-1.partial").write_bytes(JOB)
    (desk.folder / "changes" / "deployments.jsonl").write_bytes(deployed("d-1")[:20])
    book = desk.book()
    book.take(Announcement(DEPLOYMENTS, deployed("d-2")))
    assert planned(book) == planned(desk.book()) == ["d-2"]


def test_files_of_the_settings_are_read_once_until_they_change_and_stored_once(desk: Desk) -> None:
    calendar, tables, events = (desk.folder / name for name in ("a.ics", "cron", "d.jsonl"))
    calendar.write_bytes(BACKUP)
    (tables / "old").mkdir(parents=True)
    (tables / "db-1").write_bytes(JOB)
    (tables / ".db-1.swp").write_bytes(JOB)
    events.write_bytes(deployed("d-1"))
    desk.sources = ChangeSourcesConfig(
        calendars=(str(calendar),), crontabs=str(tables), deployments=str(events)
    )
    book = desk.book()
    for _ in range(2):
        assert planned(book) == ["d-1", BACKUP_REF, JOB_REF]
        book.refresh()
    read = {form: entries(desk, form) for form in ("calendar", "crontab", "deployments")}
    assert set(read.values()) == {1}
    desk.telemetry.flush()
    stored = desk.telemetry.query("SELECT ref FROM changes ORDER BY start_ns")
    assert stored["ref"].to_pylist() == ["d-1", BACKUP_REF, JOB_REF]
    (tables / "db-1").write_bytes(b"# none any more\n")
    book.refresh()
    assert planned(book) == ["d-1", BACKUP_REF]


def entries(desk: Desk, form: str) -> float:
    return desk.observe.value("sensorium_changes_entries_total", {"form": form})
