"""Cron tables in the form of ``/etc/crontab``: what a host starts by itself, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from sensorium.ingest.changes.config import ChangesConfig
from sensorium.ingest.changes.instant import from_ns, stamp, to_ns
from sensorium.ingest.changes.problem import Problem
from sensorium.model.change import Change, ChangeKind, ChangeScope

# "a job that runs every minute" over a day; a window wider than that is not asked for.
MOST_RUNS: Final = 1_500

_SETTING: Final = re.compile(r"\s*[A-Za-z_][A-Za-z0-9_]*\s*=")
_NICKNAMES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


@dataclass(frozen=True, slots=True)
class CronJob:
    """One line of a table. ``schedule`` has the five fields of cron; ``line`` counts from 1."""

    host: str
    line: int
    schedule: str
    user: str
    command: str

    def starts(self, start_ns: int, end_ns: int, zone: ZoneInfo) -> list[int]:
        """When it starts in ``[start_ns, end_ns)`` (Unix ns), at most ``MOST_RUNS`` times."""
        moment = from_ns(start_ns - 1).astimezone(zone)
        found: list[int] = []
        for run in CronSim(self.schedule, moment):
            at = to_ns(run)
            if at >= end_ns or len(found) == MOST_RUNS:
                break
            if at >= start_ns:
                found.append(at)
        return found


@dataclass(frozen=True, slots=True)
class Crontab:
    """A host's jobs, and the lines that are none."""

    host: str
    jobs: tuple[CronJob, ...]
    problems: tuple[Problem, ...]
    config: ChangesConfig

    def occurrences(self, start_ns: int, end_ns: int) -> list[Change]:
        """The runs that may be under way in ``[start_ns, end_ns)``, in order of their start.

        A run is taken to last ``job_minutes``, but not beyond the job's next.
        """
        zone = ZoneInfo(self.config.timezone)
        length = round(self.config.job_minutes * 60e9)
        changes = []
        for job in self.jobs:
            # Looked for beyond the end, so that a run ends the same whatever window is asked for.
            starts = job.starts(start_ns - length, end_ns + length, zone)
            ends = [min(a + length, b) for a, b in pairwise([*starts, end_ns + 2 * length])]
            runs = zip(starts, ends, strict=True)
            changes += [_run(job, a, b) for a, b in runs if b > start_ns and a < end_ns]
        return sorted(changes, key=lambda change: (change.start_ns, change.ref))


def _run(job: CronJob, start_ns: int, end_ns: int) -> Change:
    return Change(
        start_ns=start_ns,
        end_ns=end_ns,
        kind=ChangeKind.JOB,
        source=f"crontab of {job.host}",
        scope=ChangeScope(hosts=(job.host,), command=job.command),
        title=f"{job.command} on {job.host}, started by cron as {job.user}",
        ref=f"cron/{job.host}/{job.line}/{stamp(start_ns)}",
    )


def read_crontab(host: str, table: bytes, config: ChangesConfig | None = None) -> Crontab:
    """Read a table; lines that are neither job, setting nor comment become problems.

    ``@reboot`` jobs are left out, as nothing says when the host boots.
    """
    config = config or ChangesConfig()
    jobs = []
    problems = []
    for number, line in enumerate(table.decode("utf-8", "replace").split("\n"), 1):
        text = line.strip()
        if not text or text.startswith("#") or _SETTING.match(text) or "@reboot" in text[:7]:
            continue
        try:
            jobs.append(_job(host, number, text))
        except (CronSimError, ValueError) as error:
            problems.append(Problem(number, f"no cron job: {error}"))
    return Crontab(host, tuple(jobs), tuple(problems), config)


def _job(host: str, number: int, text: str) -> CronJob:
    fields = 1 if text.startswith("@") else 5
    parts = text.split(None, fields + 1)
    if len(parts) < fields + 2:
        raise ValueError("it needs a schedule, a user and a command")
    schedule = " ".join(parts[:fields])
    if fields == 1:
        try:
            schedule = _NICKNAMES[schedule.lower()]
        except KeyError:
            raise ValueError(f"{schedule} is no schedule") from None
    # Refuses what cron would: the first run of a lawful schedule is always found.
    next(iter(CronSim(schedule, from_ns(0) + timedelta(seconds=1))), None)
    # cron gives what follows an unescaped % to the command on its standard input.
    command = re.split(r"(?<!\\)%", parts[-1])[0].replace("\\%", "%").strip()
    return CronJob(host, number, schedule, parts[fields], command)
