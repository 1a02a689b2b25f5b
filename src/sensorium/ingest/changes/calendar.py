"""A change calendar (iCalendar, RFC 5545): its events' occurrences as planned changes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from sensorium.ingest.changes.announcement import kind_of, scope_of
from sensorium.ingest.changes.config import ChangesConfig
from sensorium.ingest.changes.instant import from_ns, stamp, to_ns
from sensorium.ingest.changes.problem import Problem
from sensorium.model.change import Change

SOURCE: Final = "calendar"
DAY_NS: Final = 86_400 * 1_000_000_000
_DAYS_KEPT: Final = 64
_BEGIN: Final = re.compile(rb"^BEGIN:VEVENT\s*$", re.IGNORECASE)
_END: Final = re.compile(rb"^END:VEVENT\s*$", re.IGNORECASE)
# Counting them from a start years ago would take minutes, and no change is announced like that.
_TOO_OFTEN: Final = {"SECONDLY", "MINUTELY"}
# All occurrences that may still be under way are looked at: of a daily event that lasts (or ends
# before it starts by) a century, 36,500 for every day that is asked for.
_TOO_LONG: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class _Series:
    """All components of one UID: an event, its recurrence rule and its exceptions."""

    line: int
    query: Any


@dataclass(slots=True)
class ChangeCalendar:
    """A calendar that was read. ``events`` is how many components are used.

    ``problems`` grows when an event turns out to be unusable only as it is asked for.
    """

    events: int
    problems: list[Problem]
    _series: list[_Series]
    _zone: tzinfo
    _days: dict[int, list[Change]] = field(default_factory=dict)

    def occurrences(self, start_ns: int, end_ns: int) -> list[Change]:
        """The occurrences that touch ``[start_ns, end_ns)`` (Unix ns), in order of their start.

        If the two are one moment, those under way then. Cancelled ones are left out. ``ref`` is
        the event's UID, ``#`` and the start.
        """
        found: dict[str, Change] = {}
        for day in range(start_ns // DAY_NS, (max(end_ns, start_ns + 1) - 1) // DAY_NS + 1):
            for change in self._day(day):
                if change.start_ns < end_ns and max(change.end_ns, change.start_ns + 1) > start_ns:
                    found[change.ref] = change
        return sorted(found.values(), key=lambda change: (change.start_ns, change.ref))

    def _day(self, day: int) -> list[Change]:
        if day not in self._days:
            if len(self._days) >= _DAYS_KEPT:
                self._days.clear()
            start = from_ns(day * DAY_NS)
            changes: list[Change] = []
            for series in list(self._series):
                try:
                    # A day more at both ends: a date without zone is wherever the zone puts it.
                    events = series.query.between(
                        start - timedelta(days=1), start + timedelta(days=2)
                    )
                    changes += [c for e in events if (c := _change(e, self._zone)) is not None]
                except Exception as error:  # noqa: BLE001 - two libraries' errors about one event
                    self._series.remove(series)
                    self.problems.append(Problem(series.line, f"cannot be repeated: {error}"))
            self._days[day] = changes
        return self._days[day]


def read_calendar(ics: bytes, config: ChangesConfig | None = None) -> ChangeCalendar:
    """Read a calendar. An event that cannot be read becomes a problem; the others are used."""
    zone = ZoneInfo((config or ChangesConfig()).timezone)
    blocks = list(_event_blocks(ics))
    problems: list[Problem] = []
    try:
        calendar = icalendar.Calendar.from_ical(ics)
        components = list(calendar.walk("VEVENT"))
        lines = [line for line, _ in blocks]
        if len(lines) != len(components):
            lines = [0] * len(components)
    except Exception:  # noqa: BLE001 - whatever the library trips over, most events may be sound
        components, lines = _one_by_one(ics, blocks, problems)
    by_uid: dict[str, list[tuple[int, Any]]] = defaultdict(list)
    for line, event in zip(lines, components, strict=True):
        reason = _unusable(event)
        if reason:
            problems.append(Problem(line, reason))
        else:
            by_uid[str(event.get("UID", f"line {line}"))].append((line, event))
    series, events = [], 0
    for members in by_uid.values():
        line = members[0][0]
        try:
            _check_lengths([event for _, event in members], zone)
            query = _query(event for _, event in members)
            # Its first day is asked for now, so that what is wrong is told now.
            first = _moment(members[0][1].start, zone)
            for event in query.between(first, first + timedelta(days=1)):
                _change(event, zone)
            series.append(_Series(line, query))
            events += len(members)
        except Exception as error:  # noqa: BLE001 - told as this event's problem
            problems.append(Problem(line, f"cannot be repeated: {error}"))
    return ChangeCalendar(events, problems, series, zone)


def _check_lengths(events: Iterable[Any], zone: tzinfo) -> None:
    """ValueError where an event repeats that is too long for that."""
    for event in events:
        if "RRULE" in event:
            length = _moment(event.end, zone) - _moment(event.start, zone)
            if abs(length) > _TOO_LONG:
                raise ValueError("its end is more than a year from its start")


def _query(events: Iterable[Any]) -> Any:
    book = icalendar.Calendar()
    for event in events:
        book.add_component(event)
    return recurring_ical_events.of(book)


def _event_blocks(ics: bytes) -> Iterable[tuple[int, bytes]]:
    """Each VEVENT's first line number and bytes."""
    began, lines = 0, ics.split(b"\n")
    for number, line in enumerate(lines, 1):
        if _BEGIN.match(line):
            began = number
        elif _END.match(line) and began:
            yield began, b"\n".join(lines[began - 1 : number]) + b"\n"
            began = 0


def _one_by_one(
    ics: bytes, blocks: list[tuple[int, bytes]], problems: list[Problem]
) -> tuple[list[Any], list[int]]:
    """Read each event by itself, with the calendar's time zones."""
    zones = b"".join(re.findall(rb"(?ims)^BEGIN:VTIMEZONE.*?^END:VTIMEZONE[^\n]*\n", ics))
    components: list[Any] = []
    lines: list[int] = []
    for line, block in blocks:
        text = b"BEGIN:VCALENDAR\r\n" + zones + block + b"END:VCALENDAR\r\n"
        try:
            read = list(icalendar.Calendar.from_ical(text).walk("VEVENT"))
        except Exception as error:  # noqa: BLE001 - told as this event's problem
            problems.append(Problem(line, f"no event: {error}"))
        else:
            components += read
            lines += [line] * len(read)
    if not blocks:
        problems.append(Problem(1, "no iCalendar (RFC 5545)"))
    return components, lines


def _unusable(event: Any) -> str:
    """Why an event cannot be used; empty if it can."""
    for name, error in event.errors:
        return f"{name}: {error}"
    if not isinstance(getattr(event.get("DTSTART"), "dt", None), date):
        return "it does not say when it starts"
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        if {str(f).upper() for f in rule.get("FREQ", [])} & _TOO_OFTEN:
            return "it repeats more than hourly"
    return ""


def _change(event: Any, zone: tzinfo) -> Change | None:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    start_ns = to_ns(_moment(event.start, zone))
    end_ns = max(to_ns(_moment(event.end, zone)), start_ns)
    return Change(
        start_ns=start_ns,
        end_ns=end_ns,
        kind=kind_of([str(category) for category in event.categories]),
        source=SOURCE,
        scope=scope_of(str(event.get("DESCRIPTION", "")), str(event.get("LOCATION", ""))),
        title=str(event.get("SUMMARY", "")),
        ref=f"{event.get('UID', '')}#{stamp(start_ns)}",
    )


def _moment(value: date | datetime, zone: tzinfo) -> datetime:
    """A whole day begins at midnight, and a time without a zone is one, in ``zone``."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
