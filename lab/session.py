"""One recording from start to end: boot, live, play the plan, close, and leave nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab import changes, town
from lab.casting import SCENARIOS, cast_all
from lab.plan import Kind, Plan, Slot
from lab.services import cron
from lab.site import Host, Role, Site
from lab.stage import Deployment, Interrupted, Stage, say
from lab.truth import Cast, Truth
from lab.wiring import Network, boot


class Session:
    """A recording session. Call :meth:`run` once."""

    def __init__(self, site: Site, plan: Plan, folder: Path, *, keep_logs: bool = False) -> None:
        self._site = site
        self._plan = plan
        self._folder = folder.resolve()
        self._keep_logs = keep_logs
        self._casts = cast_all(site, plan)
        self._truth = Truth(site)
        self._ending = threading.Event()
        self._deployments: list[Deployment] = []
        self._failures: list[str] = []

    def end(self) -> None:
        """Ask the session to end early; what was recorded so far is kept."""
        self._ending.set()

    def run(self) -> list[str]:
        """Record the whole plan. Returns what went wrong on the way, empty when all went well."""
        work = Path(tempfile.mkdtemp(prefix="sensorium-lab-"))
        network: Network | None = None
        try:
            say(f"starting {len(self._site.hosts)} machines; logs in {work}")
            network = boot(self._site, work)
            town.start_services(network, work)
            for slot in self._plan.slots:
                SCENARIOS[slot.kind].prepare(self._stage(network, slot))
            town.start_people(network)
            self._live(network, work)
        finally:
            if network is not None:
                network.halt()
            if self._keep_logs or self._failures:
                say(f"the programs' output is kept in {work}")
            else:
                shutil.rmtree(work, ignore_errors=True)
        return self._failures

    def _live(self, network: Network, work: Path) -> None:
        # Time zero is a whole minute, so that a slot on a whole minute is one cron knows.
        zero = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        if (zero - datetime.now(UTC)).total_seconds() < 8:
            zero += timedelta(minutes=1)
        self._deployments = changes.history(self._site, zero)
        tables = self._crontabs(zero)
        for host in self._site.monitored:
            cron.start(network[host], tables[host.name])
        self._sleep_until(zero - timedelta(seconds=4))
        recorder = self._start_recorder(network, work)
        try:
            town.start_flow_export(network)
            self._sleep_until(zero)
            say(f"recording {self._plan.total_s / 60:.1f} minutes")
            self._play_all(network, zero)
            self._sleep_until(zero + timedelta(seconds=self._plan.total_s), watch=recorder)
        finally:
            self._write_changes(zero, tables)
            recorder.send_signal(signal.SIGTERM)
            recorder.wait(120)
        if recorder.returncode != 0:
            self._failures.append(f"the recorder ended with {recorder.returncode}")

    def _sleep_until(self, moment: datetime, watch: subprocess.Popen[bytes] | None = None) -> None:
        while (left := (moment - datetime.now(UTC)).total_seconds()) > 0:
            if self._ending.wait(min(left, 5)):
                return
            if watch is not None and watch.poll() is not None:
                return

    def _stage(self, network: Network, slot: Slot) -> Stage:
        cast = self._casts[slot.id]
        return Stage(network, slot, cast, self._ending, self._deployments.append)

    def _play_all(self, network: Network, zero: datetime) -> None:
        threads = []
        for slot in self._plan.slots:
            self._sleep_until(zero + timedelta(seconds=slot.start_s))
            if self._ending.is_set():
                break
            thread = threading.Thread(target=self._play, args=(network, slot), name=slot.id)
            thread.start()
            threads.append(thread)
        for thread in threads:
            while thread.is_alive():
                thread.join(1)
                if self._ending.is_set():
                    network.halt()  # a client that still runs would hold up the end

    def _play(self, network: Network, slot: Slot) -> None:
        stage = self._stage(network, slot)
        finished = False
        try:
            SCENARIOS[slot.kind].play(stage)
            finished = True
        except Interrupted:
            pass
        except Exception as error:  # noqa: BLE001 - one scenario's fault must not end the others
            if self._ending.is_set():
                return
            self._failures.append(f"{slot.id}: {type(error).__name__}: {error}")
            say(f"FAILED {self._failures[-1]}")
        finally:
            cast = self._casts[slot.id]
            self._truth.add(slot.id, slot.kind, cast, stage.phases, finished=finished)

    def _backups(self, zero: datetime) -> list[tuple[datetime, Cast]]:
        return [
            (zero + timedelta(seconds=slot.start_s), self._casts[slot.id])
            for slot in self._plan.slots
            if slot.kind is Kind.BACKUP
        ]

    def _crontabs(self, zero: datetime) -> dict[str, str]:
        extra: dict[str, tuple[str, ...]] = {}
        for start, cast in self._backups(zero):
            extra[str(cast.parameters["source"])] = (changes.cron_line(start),)
        hosts: tuple[Host, ...] = self._site.monitored
        return {h.name: cron.table(h, self._site, extra.get(h.name, ())) for h in hosts}

    def _start_recorder(self, network: Network, work: Path) -> subprocess.Popen[bytes]:
        settings = work / "recorder.json"
        settings.write_text(
            json.dumps(
                {
                    "folder": str(self._folder),
                    "name": self._site.name,
                    "description": f"lab, seed {self._site.seed}, plan {self._plan.name}: "
                    + (", ".join(s.kind.value for s in self._plan.slots) or "nothing happens"),
                    "targets": town.targets(self._site),
                }
            )
        )
        monitor = network[self._site.one(Role.MONITOR)]
        # Only the monitor's network is entered: the recording goes to this computer's own disk.
        process = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "TERM", "nsenter", "-t", str(monitor.pid), "-n", "--"),
                *(sys.executable, "-m", "lab.recorder", str(settings)),
            ],
            stdout=subprocess.PIPE,
            start_new_session=True,
            cwd=Path(__file__).parent.parent,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent / "src")},
        )
        if process.stdout is None or process.stdout.readline().strip() != b"recording":
            process.kill()
            raise RuntimeError("the recorder did not start; what it said is above")
        return process

    def _write_changes(self, zero: datetime, tables: dict[str, str]) -> None:
        folder = self._folder / "changes"
        (folder / "crontab").mkdir(parents=True, exist_ok=True)
        book = changes.calendar(self._site, zero, self._backups(zero))
        (folder / "calendar.ics").write_bytes(book)
        (folder / "deployments.jsonl").write_bytes(changes.to_jsonl(self._deployments))
        for name, text in tables.items():
            (folder / "crontab" / name).write_text(text)
        (self._folder / "truth.json").write_text(self._truth.to_json())


def describe(site: Site, plan: Plan) -> str:
    """What a session would do, for people, without doing it."""
    casts = cast_all(site, plan)
    lines = [f"site {site.name}, seed {site.seed}, {plan.total_s / 60:.1f} minutes"]
    for slot in plan.slots:
        minute, second = divmod(slot.start_s, 60)
        lines.append(f"  {minute:3}:{second:02} {slot.kind.value}: {casts[slot.id].cause}")
    return "\n".join(lines)


def size_of(folder: Path) -> int:
    """The bytes a recording takes."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def summary(folder: Path, began: float) -> str:
    """One line on a finished recording."""
    took = time.monotonic() - began
    return f"{folder}: {size_of(folder) / 2**20:.2f} MiB after {took / 60:.1f} minutes"


__all__ = ["Session", "describe", "summary"]
