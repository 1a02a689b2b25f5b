"""Reads announcements and says, in the log and in a counter, what of them was not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sensorium.ingest.changes.calendar import ChangeCalendar, read_calendar
from sensorium.ingest.changes.config import ChangesConfig
from sensorium.ingest.changes.crontab import Crontab, read_crontab
from sensorium.ingest.changes.deployments import read_deployments
from sensorium.ingest.changes.problem import Problem
from sensorium.model.change import Change
from sensorium.observe import Observe

_MOST_LOGGED = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """How many entries of an announcement can be used, and what of it cannot."""

    entries: int
    problems: tuple[Problem, ...]

    @property
    def is_useless(self) -> bool:
        """Whether nothing in it can be used; to announce nothing is lawful."""
        return not self.entries and bool(self.problems)


class ChangeReader:
    """The way into this folder for a running service; never raises for what it is given."""

    def __init__(self, config: ChangesConfig, observe: Observe) -> None:
        self._config = config
        self._log = observe.logger("changes")
        self._entries = observe.counter(
            "sensorium_changes_entries", "Planned-change entries read, by form", ("form",)
        )
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )
        self._unkept = observe.counter(
            "sensorium_changes_unkept",
            "Announcements that are used and could not be written down, by form",
            ("form",),
        )

    def calendar(self, ics: bytes) -> ChangeCalendar:
        """Read an iCalendar; ask it for occurrences."""
        calendar = read_calendar(ics, self._config)
        self._tell("calendar", calendar.events, calendar.problems)
        return calendar

    def crontab(self, host: str, table: bytes) -> Crontab:
        """Read a host's cron table; ask it for occurrences."""
        crontab = read_crontab(host, table, self._config)
        self._tell("crontab", len(crontab.jobs), crontab.problems)
        return crontab

    def deployments(self, events: bytes) -> list[Change]:
        """Read deployment events."""
        changes, problems = read_deployments(events, self._config)
        self._tell("deployments", len(changes), problems)
        return changes

    def look(self, form: str, content: bytes, host: str = "") -> Reading:
        """What a ``calendar``, ``crontab`` or ``deployments`` has; told if it is of no use.

        May be asked by any thread.
        """
        if form == "calendar":
            calendar = read_calendar(content, self._config)
            reading = Reading(calendar.events, tuple(calendar.problems))
        elif form == "crontab":
            crontab = read_crontab(host, content, self._config)
            reading = Reading(len(crontab.jobs), crontab.problems)
        else:
            changes, problems = read_deployments(content, self._config)
            reading = Reading(len(changes), tuple(problems))
        if reading.is_useless:
            self._tell(form, 0, reading.problems)
        return reading

    def unkept(self, form: str, reason: str) -> None:
        """Say and count that an announcement is used, and could not be written down."""
        self._unkept.labels(form).inc()
        self._log.error(
            f"the {form} is used, but cannot be written down: a restart will not know it; make "
            "room and send it again",
            reason=reason,
        )

    def _tell(self, form: str, entries: int, problems: Sequence[Problem]) -> None:
        self._entries.labels(form).inc(entries)
        if problems:
            self._dropped.labels(form, "malformed").inc(len(problems))
        others = "the other entries were" if entries else "nor was anything else of it"
        for problem in problems[:_MOST_LOGGED]:
            self._log.warning(
                f"a line of the {form} was not used; {others}; correct it and send it again",
                line=problem.line,
                reason=problem.text,
            )
