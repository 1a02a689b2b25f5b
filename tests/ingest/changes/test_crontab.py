"""What cron starts, and when, is read from tables as cron reads them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.changes import ChangesConfig, read_crontab
from sensorium.model.change import ChangeKind, ChangeScope

MINUTE = 60 * 10**9


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 10**9  # type: ignore[misc,arg-type]


TABLE = b"""\
SHELL=/bin/sh
PATH = /usr/bin:/bin

# m h dom mon dow user\tcommand
*/20 * * * * root\tfind /tmp -mmin +60 -delete
30 2 * * mon-fri  backup  /usr/local/sbin/full-backup --date 10\\%%stdin
@daily root logrotate
@reboot root touch /run/started
"""


def test_jobs_have_schedule_user_and_command() -> None:
    table = read_crontab("web1", TABLE)
    assert [(job.line, job.schedule, job.user, job.command) for job in table.jobs] == [
        (5, "*/20 * * * *", "root", "find /tmp -mmin +60 -delete"),
        (6, "30 2 * * mon-fri", "backup", "/usr/local/sbin/full-backup --date 10%"),
        (7, "0 0 * * *", "root", "logrotate"),
    ]
    assert table.problems == ()


def test_a_run_is_a_change_on_its_host() -> None:
    table = read_crontab("web1", TABLE)
    runs = table.occurrences(at(2026, 1, 5, 2, 30), at(2026, 1, 5, 2, 41))
    assert [(run.start_ns, run.end_ns) for run in runs] == [
        (at(2026, 1, 5, 2, 20), at(2026, 1, 5, 2, 40)),
        (at(2026, 1, 5, 2, 30), at(2026, 1, 5, 3, 0)),
        (at(2026, 1, 5, 2, 40), at(2026, 1, 5, 3, 0)),
    ]
    backup = runs[1]
    assert backup.kind is ChangeKind.JOB
    assert backup.source == "crontab of web1"
    assert backup.scope == ChangeScope(
        hosts=("web1",), command="/usr/local/sbin/full-backup --date 10%"
    )
    assert backup.ref == "cron/web1/6/2026-01-05T02:30:00Z"
    assert "started by cron as backup" in backup.title


def test_a_run_is_the_same_whatever_window_finds_it() -> None:
    table = read_crontab("web1", TABLE, ChangesConfig(job_minutes=35))
    start = at(2026, 1, 4, 22)
    whole = table.occurrences(start, start + 360 * MINUTE)
    found = {}
    for minute in range(0, 360, 7):
        window = start + minute * MINUTE, min(start + (minute + 7) * MINUTE, start + 360 * MINUTE)
        found.update({run.ref: run for run in table.occurrences(*window)})
    assert sorted(found.values(), key=lambda r: (r.start_ns, r.ref)) == whole


def test_times_are_in_the_zone_of_the_settings() -> None:
    table = read_crontab("h", b"30 2 * * * root x\n", ChangesConfig(timezone="Asia/Tokyo"))
    (run,) = table.occurrences(at(2026, 1, 4, 17, 30), at(2026, 1, 4, 17, 31))
    assert run.start_ns == at(2026, 1, 4, 17, 30)


@pytest.mark.parametrize(
    "line",
    [
        b"61 * * * * root x",
        b"* * * * root",
        b"* * * * * root",
        b"0 0 30 2 * root never",
        b"@fortnightly root x",
        b"fri-mon * * * * root x",
        b"x",
        b"\xff\xff",
    ],
)
def test_a_line_that_is_no_job_is_told_and_the_others_are_used(line: bytes) -> None:
    table = read_crontab("h", b"# c\n" + line + b"\n*/5 * * * * root ok\n")
    assert [job.command for job in table.jobs] == ["ok"]
    assert [problem.line for problem in table.problems] == [2]


field = st.sampled_from(
    ["*", "*/7", "1", "59", "0-3", "7", "mon", "L", "1#2", "x", "", "5-1", "29"]
)


@given(st.lists(st.lists(field, max_size=8).map(" ".join) | st.text(max_size=20), max_size=4))
def test_no_text_stops_it(lines: list[str]) -> None:
    table = read_crontab("h", "\n".join(lines).encode("utf-8", "surrogatepass"))
    table.occurrences(at(2026, 1, 5), at(2026, 1, 5, 1))
