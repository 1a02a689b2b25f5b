"""A real systemd in namespaces of its own, running the packaged unit with this checkout's code."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

MANAGER = Path("/lib/systemd/systemd")
GROUPS = Path("/sys/fs/cgroup")
TOOLS = ("unshare", "nsenter", "setpriv", "systemctl")

# What is mounted is seen in here only, and its control groups lie below one of the test's own.
INSIDE = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/systemd/system
cp -r "$1"/. /run/systemd/system
export container=lxc
exec {manager} --system --unit={unit}
"""

# Whether units can be confined here at all.
PROBE = """
[Unit]
DefaultDependencies=no
[Service]
Type=oneshot
ExecStart=/bin/true
ProtectSystem=strict
PrivateDevices=yes
NoNewPrivileges=yes
"""

# The unit as it is packaged, but for where things lie and who may read them.
BESIDE = """
[Unit]
DefaultDependencies=no
[Service]
User=
Group=
ExecStart=
ExecStart={command}
StandardError=append:{log}
WorkingDirectory={root}
Environment=
Environment=PYTHONPATH={path} TMPDIR={folder}
CacheDirectory=
StateDirectory=
ReadWritePaths={folder} {root}
PrivateTmp=no
ProtectHome=no
RestartSec=1
"""


@dataclass
class Systemd:
    """A manager, and what it is told through its own command."""

    manager: int
    log: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What ``systemctl`` does of what it is told."""
        inside = ["nsenter", "-t", str(self.manager), "-m", "-p"]
        return subprocess.run(
            [*inside, "systemctl", *words], capture_output=True, text=True, timeout=180, check=False
        )

    def ctl(self, *words: str) -> str:
        """What ``systemctl`` prints; AssertionError where it fails."""
        done = self.run(*words)
        said = self.log.read_text()[-4000:] if self.log.exists() else ""
        assert done.returncode == 0, (words, done.stdout, done.stderr, said)
        return done.stdout.strip()

    def shown(self, what: str) -> str:
        """A property of the service."""
        return self.ctl("show", "sensorium.service", f"--property={what}", "--value")

    def outside(self, pid: int) -> int:
        """The number out here of a process that has ``pid`` in the manager's namespace."""
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                numbers = status.read_text().partition("NSpid:")[2].splitlines()[0].split()
                if len(numbers) > 1 and int(numbers[-1]) == pid:
                    return int(numbers[0])
        raise AssertionError(f"no process {pid} below {self.manager}")


def _group() -> Path:
    """A control group for the test's own, below that of this process."""
    own = next(
        line.split("::", 1)[1]
        for line in Path("/proc/self/cgroup").read_text().splitlines()
        if line.startswith("0::")
    )
    # Beside the hierarchies of version 1, that of version 2 lies in a folder of its own.
    mounted = GROUPS if (GROUPS / "cgroup.procs").exists() else GROUPS / "unified"
    return mounted / own.lstrip("/") / f"sensorium-test-{os.getpid()}"


def _remove(group: Path) -> None:
    for inner in sorted(group.rglob("*"), reverse=True):
        if inner.is_dir():
            inner.rmdir()
    group.rmdir()


@contextmanager
def systemd(folder: Path, settings: Path) -> Iterator[Systemd]:
    """Start a manager and the service; skips where this machine does not let one run."""
    if os.geteuid() != 0 or not MANAGER.exists() or not all(map(shutil.which, TOOLS)):
        pytest.skip("systemd, or the right to run one in namespaces of its own, is missing")
    units, log = folder / "units", folder / "service.log"
    beside = units / "sensorium.service.d"
    beside.mkdir(parents=True)
    shutil.copy(ROOT / "packaging" / "sensorium.service", units)
    (units / "probe.service").write_text(PROBE)
    words = (sys.executable, "-m", "sensorium", "run", "-c", settings, "--data", folder / "data")
    (beside / "here.conf").write_text(
        BESIDE.format(
            command=" ".join(str(word) for word in words),
            log=log,
            root=ROOT,
            folder=folder,
            path=os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        )
    )
    group = _group()
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made: {error}")
    inside = INSIDE.format(manager=MANAGER, unit="probe.service")
    apart = "--fork --kill-child --pid --mount-proc --mount --uts --ipc --cgroup".split()
    # It ends with whoever runs the tests.
    alone = f"exec setpriv --pdeathsig KILL unshare {' '.join(apart)}"
    enter = f'echo $$ > {group}/cgroup.procs; {alone} sh -c "$0" sh "$1"'
    outer = subprocess.Popen(["sh", "-c", enter, inside, str(units)])
    try:
        manager = Systemd(_manager_below(outer), log)
        if manager.run("start", "probe.service").returncode != 0:
            pytest.skip("systemd does not confine units in namespaces here")
        yield manager
    finally:
        outer.kill()
        outer.wait()
        _until(lambda: not any(file.read_text() for file in group.rglob("cgroup.procs")))
        _remove(group)


def _until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.05)


def _manager_below(outer: subprocess.Popen[bytes]) -> int:
    """The manager's number, once it can be spoken to."""
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")

    def listens() -> bool:
        try:
            child = children.read_text().strip()
        except OSError:
            child = ""
        seen = Path("/proc", child, "root")  # its file system
        return child != "" and (seen / "run/systemd/private").exists()

    # One that cannot work where it is does not end: it stands still.
    with contextlib.suppress(TimeoutError):
        _until(lambda: outer.poll() is not None or listens())
    if outer.poll() is not None or not listens():
        pytest.skip("systemd does not run in namespaces here")
    return int(children.read_text())
