"""What people had planned, and what was true."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import recurring_ical_events
from icalendar import Calendar

from lab import changes
from lab.casting import cast_all
from lab.plan import Kind, make_plan
from lab.services import cron
from lab.site import make_site
from lab.truth import Cast, Phase, Truth

BEGAN = datetime(2030, 5, 14, 9, 30, tzinfo=UTC)


def backup_of(seed: int) -> tuple[datetime, Cast]:
    plan = make_plan(seed)
    slot = next(s for s in plan.slots if s.kind is Kind.BACKUP)
    return BEGAN + timedelta(seconds=slot.start_s), cast_all(make_site(seed), plan)[slot.id]


def test_the_calendar_announces_the_backup_and_what_it_may_do() -> None:
    for seed in range(10):
        start, cast = backup_of(seed)
        book = Calendar.from_ical(changes.calendar(make_site(seed), BEGAN, [(start, cast)]))
        event = next(e for e in book.walk("VEVENT") if e["UID"] == cast.proof)
        assert event.decoded("dtstart") == start
        assert event.decoded("dtend") > start + timedelta(minutes=3)
        lines = dict(line.split(": ", 1) for line in str(event["DESCRIPTION"]).splitlines())
        assert lines["source"] == cast.parameters["source"]
        assert lines["destination"] == cast.parameters["target"]
        assert lines["port"] == "22/tcp"
        limit = int(lines["volume"].removeprefix("up to ").removesuffix(" MB"))
        assert float(cast.parameters["megabytes"]) * 1.2 < limit


def test_the_calendar_holds_entries_that_do_not_apply() -> None:
    start, cast = backup_of(4)
    book = Calendar.from_ical(changes.calendar(make_site(4), BEGAN, [(start, cast)]))
    assert len(list(book.walk("VEVENT"))) == 5
    now = recurring_ical_events.of(book).between(BEGAN, BEGAN + timedelta(minutes=30))
    sources = {
        line
        for event in now
        for line in str(event.get("DESCRIPTION", "")).splitlines()
        if line.startswith("source: ")
    }
    assert len(sources) == 2
    assert f"source: {cast.parameters['source']}" in sources


def test_a_quiet_day_has_no_backup_in_its_calendar() -> None:
    book = Calendar.from_ical(changes.calendar(make_site(4), BEGAN, []))
    assert len(list(book.walk("VEVENT"))) == 4


def test_cron_starts_the_backup_at_the_announced_minute() -> None:
    start, cast = backup_of(2)
    line = changes.cron_line(start)
    minute, hour, *_ = line.split()
    assert (int(hour), int(minute)) == (start.hour, start.minute)
    assert line.endswith("root\t/usr/local/sbin/full-backup")
    site = make_site(2)
    table = cron.table(site.named(str(cast.parameters["source"])), site, (line,))
    assert table.endswith(line + "\n")


def test_past_deployments_follow_one_another() -> None:
    past = changes.history(make_site(5), BEGAN)
    lines = [json.loads(line) for line in changes.to_jsonl(past).splitlines()]
    assert [d["version"] for d in lines[:-1]] == [d["previous"] for d in lines[1:]]
    assert all(datetime.fromisoformat(d["started"]) < BEGAN for d in lines)


def test_the_truth_lists_scenarios_by_time() -> None:
    site = make_site(1)
    cast = Cast({"a": "10.0.0.1"}, ("10.0.0.1",), cause="why", proof="uid")
    truth = Truth(site)
    truth.add("backup-2", Kind.BACKUP, cast, [Phase("copy", 50, 90, "")])
    truth.add("intrusion-1", Kind.INTRUSION, cast, [Phase("b", 20, 30, ""), Phase("a", 10, 20, "")])
    truth.add("deploy-4", Kind.DEPLOYMENT, cast, [Phase("a", 95, 96, "")], finished=False)
    truth.add("link_fault-3", Kind.LINK_FAULT, cast, [])
    value = json.loads(truth.to_json())
    assert value["hosts"] == {h.name: h.address for h in site.hosts}
    first, second, third = value["scenarios"]
    assert (first["cause"], third["cause"]) == ("why", "cut short: why")
    assert (first["kind"], first["start_ns"], first["end_ns"]) == ("intrusion", 10, 30)
    assert (first["planned"], first["expected"]) == (False, "elevated")
    assert (second["planned"], second["expected"], second["proof"]) == (
        True,
        "auto_resolved",
        "uid",
    )
