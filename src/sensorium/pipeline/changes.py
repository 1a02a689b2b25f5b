"""Every planned change that is known, whoever announced it and however often."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.errors import SensoriumError
from sensorium.ingest.changes import ChangeCalendar, ChangeReader, Crontab, Reading, to_batch
from sensorium.model.change import Change
from sensorium.model.signals import Signal
from sensorium.pipeline.arrivals import Announcement, AnnouncementKind
from sensorium.pipeline.config import ChangeSourcesConfig
from sensorium.state.appending import append

if TYPE_CHECKING:
    from sensorium.store.telemetry import TelemetryStore

SECOND = 1_000_000_000
_AROUND_NS = 900 * SECOND
_HOUR_NS = 3600 * SECOND
# How long a job may run is a setting; a run of more than this is not looked back for.
_LONGEST_JOB_NS = 2 * _HOUR_NS
_HOURS_KEPT = 10_000
_DEPLOYMENTS = "deployments.jsonl"


class ChangeBook:
    """Announcements as they were sent, and the occurrences in them.

    What comes over HTTP is kept in ``folder`` as it came, so that a restart knows it; what the
    settings name is read where it lies. Each occurrence is also stored once, as telemetry.
    Not thread-safe.
    """

    def __init__(
        self,
        reader: ChangeReader,
        telemetry: TelemetryStore,
        folder: Path,
        sources: ChangeSourcesConfig | None = None,
    ) -> None:
        self._reader = reader
        self._telemetry = telemetry
        self._folder = folder
        self._sources = sources or ChangeSourcesConfig()
        self._calendars: dict[str, ChangeCalendar] = {}
        self._crontabs: dict[str, Crontab] = {}
        self._deployments: dict[str, Change] = {}
        self._runs: dict[tuple[str, int], list[Change]] = {}
        self._stored: set[tuple[str, str]] = set()
        self._seen: dict[Path, tuple[int, int]] = {}

    def load(self) -> None:
        """Read what is kept and what the settings name."""
        kept = self._folder
        if (kept / "calendar.ics").exists():
            self._put_calendar("", (kept / "calendar.ics").read_bytes())
        for path in sorted((kept / "crontab").glob("[!.]*")):
            self._put_crontab(path.name, path.read_bytes())
        if (kept / _DEPLOYMENTS).exists():
            self._note((kept / _DEPLOYMENTS).read_bytes())
        self.refresh()

    def refresh(self) -> None:
        """Read again those files of the settings that changed since they were last read.

        SensoriumError for one that never could be read.
        """
        sources = self._sources
        for name in sources.calendars:
            if self._is_new(Path(name)):
                self._put_calendar(name, Path(name).read_bytes())
        folder = Path(sources.crontabs) if sources.crontabs else None
        for path in sorted(folder.glob("[!.]*")) if folder and folder.is_dir() else ():
            if path.is_file() and self._is_new(path):
                self._put_crontab(path.name, path.read_bytes())
        if sources.deployments and self._is_new(Path(sources.deployments)):
            self._note(Path(sources.deployments).read_bytes())

    def look(self, announcement: Announcement) -> Reading:
        """What :meth:`take` would find in it. May be asked by any thread."""
        return self._reader.look(announcement.kind, announcement.content, announcement.host)

    def take(self, announcement: Announcement) -> None:
        """Keep and read what was sent.

        A calendar replaces the one sent before, a cron table its host's, unless nothing in it can
        be used; deployment events add up, and one that is told again replaces itself.
        """
        content, kind = announcement.content, announcement.kind
        try:
            match kind:
                case AnnouncementKind.CALENDAR:
                    if self._put_calendar("", content):
                        self._keep("calendar.ics", content)
                case AnnouncementKind.CRONTAB:
                    if self._put_crontab(announcement.host, content):
                        self._keep(f"crontab/{announcement.host}", content)
                case AnnouncementKind.DEPLOYMENTS:
                    self._note(content)
                    self._keep_deployments(content)
        except OSError as error:
            self._reader.unkept(kind, error.strerror or str(error))

    def between(self, start_ns: int, end_ns: int) -> list[Change]:
        """Occurrences that touch [start, end) (Unix ns), in order of start and ref."""
        found = self._jobs(start_ns, end_ns)
        for calendar in self._calendars.values():
            found += calendar.occurrences(start_ns, end_ns)
        found += [
            change
            for change in self._deployments.values()
            if change.start_ns < end_ns and change.end_ns >= start_ns
        ]
        found.sort(key=lambda change: (change.start_ns, change.source, change.ref))
        self._store(found)
        return found

    def around(self, now_ns: int) -> list[Change]:
        """Occurrences within a quarter of an hour of ``now_ns``."""
        return self.between(now_ns - _AROUND_NS, now_ns + _AROUND_NS)

    def _jobs(self, start_ns: int, end_ns: int) -> list[Change]:
        """Runs of cron jobs. Tables are asked once an hour of event time, since asking is slow."""
        hours = range((start_ns - _LONGEST_JOB_NS) // _HOUR_NS, end_ns // _HOUR_NS + 1)
        found: list[Change] = []
        for host, crontab in self._crontabs.items():
            for hour in hours:
                key = (host, hour)
                if key not in self._runs:
                    if len(self._runs) >= _HOURS_KEPT:
                        self._runs.clear()
                    self._runs[key] = _starting_in(crontab, hour)
                found += self._runs[key]
        return [c for c in found if c.start_ns < end_ns and c.end_ns > start_ns]

    def _put_calendar(self, name: str, ics: bytes) -> bool:
        """Whether it replaced the one before: half a file must not undo all that was planned."""
        calendar = self._reader.calendar(ics)
        if Reading(calendar.events, tuple(calendar.problems)).is_useless:
            return False
        self._calendars[name] = calendar
        return True

    def _put_crontab(self, host: str, table: bytes) -> bool:
        """Whether it replaced the one before."""
        crontab = self._reader.crontab(host, table)
        if Reading(len(crontab.jobs), crontab.problems).is_useless:
            return False
        self._crontabs[host] = crontab
        self._runs.clear()
        return True

    def _note(self, events: bytes) -> None:
        for change in self._reader.deployments(events):
            self._deployments[change.ref] = change

    def _store(self, changes: list[Change]) -> None:
        new = [c for c in changes if (c.source, c.ref) not in self._stored]
        if new:
            self._stored.update((c.source, c.ref) for c in new)
            self._telemetry.insert(Signal.CHANGES, to_batch(new))

    def _keep(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")  # no host has a name like that
        partial.write_bytes(content)
        partial.replace(path)

    def _keep_deployments(self, content: bytes) -> None:
        """Add events to the file. A process that was killed may have left half a line there."""
        path = self._folder / _DEPLOYMENTS
        self._folder.mkdir(parents=True, exist_ok=True)
        append(path, b"\n" + content.strip(b"\n") + b"\n", sync=True)

    def _is_new(self, path: Path) -> bool:
        try:
            status = path.stat()
        except OSError as error:
            if path in self._seen:
                return False
            raise SensoriumError(
                f"{path} cannot be read: {error.strerror}",
                next_step="correct its path under 'changes' in the settings",
            ) from error
        stamp = (status.st_mtime_ns, status.st_size)
        if self._seen.get(path) == stamp:
            return False
        self._seen[path] = stamp
        return True


def _starting_in(crontab: Crontab, hour: int) -> list[Change]:
    start_ns = hour * _HOUR_NS
    runs = crontab.occurrences(start_ns, start_ns + _HOUR_NS)
    return [run for run in runs if start_ns <= run.start_ns < start_ns + _HOUR_NS]
