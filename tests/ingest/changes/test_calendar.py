"""A calendar's events become planned changes, and one that is broken stops none of the others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.changes import ChangeCalendar, ChangesConfig, read_calendar
from sensorium.model.change import ChangeKind, ChangeScope


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 10**9  # type: ignore[misc,arg-type]


def calendar(*events: str, timezone: str = "UTC") -> ChangeCalendar:
    """Events as lines between BEGIN and END; the first event begins on line 4."""
    blocks = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{blocks}END:VCALENDAR\n"
    return read_calendar(text.replace("\n", "\r\n").encode(), ChangesConfig(timezone=timezone))


BACKUP = r"""
UID:backup@example
SUMMARY:Full backup of files
CATEGORIES:Backup
DTSTART:20260105T020000Z
DTEND:20260105T023000Z
RRULE:FREQ=DAILY
DESCRIPTION:source: files\ndestination: backup\, backup2\nport: 22/tcp\ndir
 ection: source to destination\nvolume: up to 400 MB\njob: /usr/local/sbin/f
 ull-backup --now
"""


def test_an_occurrence_says_when_what_and_which_scope() -> None:
    (change,) = calendar(BACKUP).occurrences(at(2026, 3, 1, 2), at(2026, 3, 1, 3))
    assert (change.start_ns, change.end_ns) == (at(2026, 3, 1, 2), at(2026, 3, 1, 2, 30))
    assert change.kind is ChangeKind.BACKUP
    assert change.title == "Full backup of files"
    assert change.source == "calendar"
    assert change.ref == "backup@example#2026-03-01T02:00:00Z"
    assert change.scope == ChangeScope(
        hosts=("files",),
        peers=("backup", "backup2"),
        ports=("22/tcp",),
        max_bytes=400_000_000,
        command="/usr/local/sbin/full-backup --now",
    )


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        (at(2026, 1, 5, 2, 30), at(2026, 1, 6, 2), 0),
        (at(2026, 1, 5, 2, 29), at(2026, 1, 6, 2), 1),
        (at(2026, 1, 5), at(2026, 1, 12), 7),
        (at(2025, 12, 1), at(2026, 1, 5), 0),
        (at(2026, 1, 5, 2, 10), at(2026, 1, 5, 2, 10), 1),
    ],
)
def test_only_what_touches_the_window_is_given(start: int, end: int, count: int) -> None:
    assert len(calendar(BACKUP).occurrences(start, end)) == count


def test_an_occurrence_is_the_same_whatever_window_finds_it() -> None:
    events = BACKUP, "UID:long\nDTSTART:20260104T000000Z\nDURATION:P3D"
    whole = calendar(*events).occurrences(at(2026, 1, 3), at(2026, 1, 9))
    pieces = {
        change.ref: change
        for day in range(3, 9)
        for hour in (0, 1, 2, 12)
        for change in calendar(*events).occurrences(
            at(2026, 1, day, hour), at(2026, 1, day, hour + 1)
        )
    }
    assert list(pieces.values()) == whole


def test_a_zone_with_summer_time_keeps_the_wall_clock() -> None:
    book = calendar(
        "UID:patch\nDTSTART;TZID=Europe/Berlin:20260105T190000\n"
        "DTEND;TZID=Europe/Berlin:20260105T210000\nRRULE:FREQ=WEEKLY;BYDAY=MO"
    )
    (winter,) = book.occurrences(at(2026, 1, 12), at(2026, 1, 13))
    (summer,) = book.occurrences(at(2026, 7, 6), at(2026, 7, 7))
    assert (winter.start_ns, summer.start_ns) == (at(2026, 1, 12, 18), at(2026, 7, 6, 17))


def test_times_without_a_zone_are_in_the_zone_of_the_settings() -> None:
    event = "UID:f\nDTSTART:20260105T190000\nDURATION:PT1H"
    day = "UID:d\nDTSTART;VALUE=DATE:20260106"
    changes = calendar(event, day, timezone="Asia/Tokyo").occurrences(
        at(2026, 1, 5), at(2026, 1, 7)
    )
    assert [(c.start_ns, c.end_ns) for c in changes] == [
        (at(2026, 1, 5, 10), at(2026, 1, 5, 11)),
        (at(2026, 1, 5, 15), at(2026, 1, 6, 15)),
    ]


def test_a_moved_and_a_cancelled_occurrence_are_not_where_the_rule_puts_them() -> None:
    book = calendar(
        BACKUP,
        "UID:backup@example\nRECURRENCE-ID:20260107T020000Z\nDTSTART:20260107T120000Z\n"
        "DTEND:20260107T123000Z\nSUMMARY:moved",
        "UID:backup@example\nRECURRENCE-ID:20260108T020000Z\nDTSTART:20260108T020000Z\n"
        "DTEND:20260108T023000Z\nSTATUS:CANCELLED",
    )
    changes = book.occurrences(at(2026, 1, 6), at(2026, 1, 10))
    assert [change.start_ns for change in changes] == [
        at(2026, 1, 6, 2),
        at(2026, 1, 7, 12),
        at(2026, 1, 9, 2),
    ]


@pytest.mark.parametrize(
    ("lines", "kind", "scope"),
    [
        ("LOCATION:rack 4", ChangeKind.MAINTENANCE, ChangeScope(hosts=("rack", "4"))),
        (
            r"LOCATION:nowhere" "\n" r"DESCRIPTION:scope: ws1\, ws2; ws3",
            ChangeKind.MAINTENANCE,
            ChangeScope(hosts=("ws1", "ws2", "ws3")),
        ),
        (
            r"CATEGORIES:blue,RELEASE"
            "\n"
            r"DESCRIPTION:Service: shop\nHost: app1\n"
            r"ports: 80\, tcp/443 53/udp 99999 x",
            ChangeKind.DEPLOYMENT,
            ChangeScope(hosts=("app1",), ports=("80/tcp", "443/tcp", "53/udp"), service="shop"),
        ),
        ("CATEGORIES:job", ChangeKind.JOB, ChangeScope()),
        ("DESCRIPTION:See https://wiki/x: nothing", ChangeKind.MAINTENANCE, ChangeScope()),
    ],
)
def test_categories_choose_the_kind_and_the_text_the_scope(
    lines: str, kind: ChangeKind, scope: ChangeScope
) -> None:
    book = calendar(f"UID:x\nDTSTART:20260105T020000Z\nDURATION:PT1H\n{lines}")
    (change,) = book.occurrences(at(2026, 1, 5), at(2026, 1, 6))
    assert (change.kind, change.scope) == (kind, scope)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("UID:x\nDTSTART:2026oops", "DTSTART"),
        ("UID:x\nSUMMARY:no start", "when it starts"),
        ("UID:x\nDTSTART:20260105T020000Z\nRRULE:FREQ=SECONDLY", "more than hourly"),
        # Found by fuzzing: each took seconds for every day that was asked for.
        ("UID:x\nDTSTART:21260105T020000Z\nDTEND:20260105T023000Z\nRRULE:FREQ=DAILY", "a year"),
        ("UID:x\nDTSTART:20260105T020000Z\nDTEND:21260105T023000Z\nRRULE:FREQ=DAILY", "a year"),
        ("UID:x\nDTSTART:20260105T020000Z\nRRULE:FREQ=NEVER", ""),
        ("UID:x\nDTSTART:20260105T020000Z\nDURATION:PT-1H", ""),
        ("UID:x\nDTSTART:20260105T020000Z\nno colon here", ""),
    ],
)
def test_a_broken_event_is_told_by_its_line_and_the_others_are_used(broken: str, says: str) -> None:
    book = calendar(broken, BACKUP)
    (problem,) = book.problems
    (change,) = book.occurrences(at(2026, 1, 5), at(2026, 1, 6))
    assert change.ref == "backup@example#2026-01-05T02:00:00Z"
    assert problem.line == 4
    assert says in problem.text


def test_what_is_no_calendar_is_told() -> None:
    assert read_calendar(b"<html>").problems[0].line == 1
    assert read_calendar(b"").problems[0].text == "no iCalendar (RFC 5545)"
    assert read_calendar(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").problems == []


fragment = st.sampled_from(
    "UID:x\n|DTSTART:20260105T020000Z\n|DTEND:20260105T03\n|RRULE:FREQ=DAILY;COUNT=0\n|:|;|\n|"
    "RRULE:FREQ=YEARLY;BYMONTH=13\n|DTSTART;TZID=Mars/Base:20260105T020000\n|EXDATE:x\n|"
    "BEGIN:VEVENT\n|END:VEVENT\n|BEGIN:VALARM\n|DURATION:P1W\n|RDATE:20260105T020000Z\n|"
    "RECURRENCE-ID:20260105T020000Z\n|CATEGORIES:\n|BEGIN:VTIMEZONE\n|END:VTIMEZONE\n|TZID:x\n|"
    "DTSTART;VALUE=DATE:20260105\n|DTSTART:99991231T235959Z\n|é".split("|")
)


@given(st.lists(fragment | st.text(max_size=5), max_size=14))
def test_no_text_stops_it(parts: list[str]) -> None:
    for text in ("".join(parts), f"BEGIN:VEVENT\n{''.join(parts)}\nEND:VEVENT\n"):
        ics = f"BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n".encode()
        read_calendar(ics).occurrences(at(2026, 1, 5), at(2026, 1, 6))
