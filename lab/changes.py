"""What people had planned: the calendar, the deployments and the cron tables."""

from __future__ import annotations

import json
import random
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from lab.scenarios.backup import SCRIPT
from lab.site import Host, Role, Site
from lab.stage import Deployment
from lab.truth import Cast


def calendar(site: Site, began: datetime, backups: list[tuple[datetime, Cast]]) -> bytes:
    """The change calendar: the real backups, and entries that apply to nothing that happens."""
    rng = random.Random(f"calendar-{site.seed}")
    book = Calendar()
    book.add("prodid", f"-//{site.name}//operations calendar//EN")
    book.add("version", "2.0")
    for start, cast in backups:
        source, target = (str(cast.parameters[k]) for k in ("source", "target"))
        book.add_component(
            _backup_event(
                cast.proof,
                f"Full backup of {source}",
                start,
                timedelta(minutes=float(cast.parameters["window_min"])),
                _backup_text(source, target, int(cast.parameters["megabytes"])),
            )
        )
    _add_others(book, site, began, rng)
    return bytes(book.to_ical())


def _backup_text(source: str, target: str, megabytes: int) -> str:
    limit = -(-megabytes * 13 // 1000) * 100  # the announced limit leaves room: + 30 %, in 100s
    return (
        f"source: {source}\ndestination: {target}\nport: 22/tcp\n"
        f"direction: source to destination\nvolume: up to {limit} MB\njob: {SCRIPT}"
    )


def _backup_event(uid: str, summary: str, start: datetime, length: timedelta, text: str) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("summary", summary)
    event.add("categories", ["BACKUP"])
    event.add("dtstamp", start - timedelta(days=9, hours=3))
    event.add("dtstart", start)
    event.add("dtend", start + length)
    event.add("description", text)
    event.add("status", "CONFIRMED")
    return event


def _add_others(book: Calendar, site: Site, began: datetime, rng: random.Random) -> None:
    files, db, backup = (site.one(r) for r in (Role.FILES, Role.DB, Role.BACKUP))
    web, core = site.one(Role.WEB), site.one(Role.CORE)
    another_day = began.replace(minute=rng.randrange(0, 60, 5)) - timedelta(days=2, hours=5)
    other = rng.choice((files, db))
    book.add_component(
        _backup_event(
            f"backup-old-{rng.randrange(999)}@{site.domain}",
            f"Full backup of {other.name}",
            another_day,
            timedelta(minutes=30),
            _backup_text(other.name, backup.name, 300),
        )
    )
    # The right time, but a host that copies nothing.
    book.add_component(
        _backup_event(
            f"snapshot-{rng.randrange(999)}@{site.domain}",
            f"Configuration snapshot of {web.name}",
            began + timedelta(minutes=2),
            timedelta(minutes=40),
            f"source: {web.name}\ndestination: {backup.name}\nport: 22/tcp\n"
            "direction: source to destination\nvolume: up to 5 MB\njob: /usr/local/sbin/snapshot",
        )
    )
    patching = Event()
    local = (began - timedelta(days=30)).astimezone(ZoneInfo("Europe/Berlin"))
    patching.add("uid", f"patching@{site.domain}")
    patching.add("summary", "Weekly patch window, user computers")
    patching.add("categories", ["MAINTENANCE"])
    patching.add("dtstamp", began - timedelta(days=60))
    patching.add("dtstart", local.replace(hour=19, minute=0, second=0, microsecond=0))
    patching.add("dtend", local.replace(hour=21, minute=0, second=0, microsecond=0))
    day = (began + timedelta(days=rng.randrange(2, 5))).strftime("%a")[:2].upper()
    patching.add("rrule", {"FREQ": "WEEKLY", "BYDAY": day})
    patching.add("description", f"scope: {', '.join(h.name for h in site.all(Role.USER))}")
    book.add_component(patching)
    inspection = Event()
    inspection.add("uid", f"ups-{rng.randrange(999)}@{site.domain}")
    inspection.add("summary", f"UPS inspection, rack of {core.name}, no interruption expected")
    inspection.add("categories", ["MAINTENANCE"])
    inspection.add("dtstamp", began - timedelta(days=4))
    inspection.add("dtstart", date.fromordinal(began.toordinal() + 6))
    book.add_component(inspection)
    book.add_missing_timezones()


def history(site: Site, began: datetime) -> list[Deployment]:
    """Deployments of the days before."""
    rng = random.Random(f"deployments-{site.seed}")
    app: Host = site.one(Role.APP)
    past = []
    for number, days in enumerate((11, 6, 2)):
        start = began - timedelta(days=days, minutes=rng.randrange(300))
        past.append(
            Deployment(
                id=f"deploy-{3000 + number * 211 + rng.randrange(99)}",
                service="shop",
                host=app.name,
                port=8000,
                version=f"2.2.{number + 2}",
                previous=f"2.2.{number + 1}",
                started=start.isoformat(timespec="seconds"),
                finished=(start + timedelta(seconds=34)).isoformat(timespec="seconds"),
                by="release-bot",
                status="succeeded",
            )
        )
    return past


def to_jsonl(deployments: list[Deployment]) -> bytes:
    """One JSON object a line."""
    return "".join(json.dumps(asdict(d)) + "\n" for d in deployments).encode()


def cron_line(start: datetime) -> str:
    """The cron line that starts the full backup at that minute of that day."""
    at = start.astimezone(UTC)
    return f"{at.minute} {at.hour} * * *\troot\t{SCRIPT}"
