"""One machine of the lab: its own network, mounts, process ids and host name.

Everything a machine runs is a child of its first process, so ending that process ends the machine
whole, and the kernel removes its network with it. Nothing on the recording computer's own file
system is written: /etc, /var, /home and the rest are overlays in memory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_FIRST_PROCESS: Final = r"""
set -e
hostname "$1"
mount -t tmpfs -o mode=755 run /run
for top in etc var home root srv opt usr/local; do
  [ -d "/$top" ] || continue
  mkdir -p "/run/.layers/$top/upper" "/run/.layers/$top/work"
  mount -t overlay overlay \
    -o "lowerdir=/$top,upperdir=/run/.layers/$top/upper,workdir=/run/.layers/$top/work" "/$top"
done
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs logs /var/log
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 dev /dev
mkdir /dev/pts /dev/shm
chmod 1777 /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
ln -s fd/0 /dev/stdin
ln -s fd/1 /dev/stdout
ln -s fd/2 /dev/stderr
mknod -m 666 /dev/null c 1 3
mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/full c 1 7
mknod -m 666 /dev/random c 1 8
mknod -m 666 /dev/urandom c 1 9
mknod -m 666 /dev/tty c 5 0
mkdir -p /run/sshd /run/lock /var/tmp
rm -rf /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly
mkdir -p /etc/cron.d
rm -rf /var/spool/cron/crontabs/* /etc/rsyslog.d/* /etc/resolv.conf
ip link set lo up
exec </dev/null >/dev/null 2>&1
touch /run/ready
while :; do sleep 3600 & wait $!; done
"""


class MachineError(Exception):
    """A machine did not start, or a command on it failed; the text holds what it printed."""


class Machine:
    """A started machine. Make one with :meth:`boot`; end it with :meth:`halt`."""

    def __init__(self, name: str, pid: int, guard: subprocess.Popen[bytes], logs: Path) -> None:
        self.name = name
        self.pid = pid
        self._guard = guard
        self._logs = logs
        self._spawned: list[subprocess.Popen[bytes]] = []

    @staticmethod
    def boot(name: str, logs: Path) -> Machine:
        """Start a machine called ``name``; what its programs print goes to ``logs``."""
        # The kernel ends unshare with us, and unshare (--kill-child) ends the machine: even a
        # killed lab leaves nothing behind.
        guard = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--uts", "--ipc"),
                *("--pid", "--net", "--fork", "--kill-child", "--mount-proc"),
                *("--propagation", "private", "bash", "-c", _FIRST_PROCESS, "first", name),
            ],
            stdin=subprocess.DEVNULL,
            stderr=(logs / f"{name}-boot.log").open("wb"),
            start_new_session=True,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and guard.poll() is None:
            children = Path(f"/proc/{guard.pid}/task/{guard.pid}/children").read_text().split()
            if children and Path(f"/proc/{children[0]}/root/run/ready").exists():
                return Machine(name, int(children[0]), guard, logs)
            time.sleep(0.02)
        guard.kill()
        said = (logs / f"{name}-boot.log").read_text(errors="replace")
        raise MachineError(f"machine {name} did not start: {said.strip()}")

    def enter(self) -> list[str]:
        """The words that, put before a command, run it on this machine."""
        return ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "--"]

    def run(
        self, *argv: str, stdin: str = "", check: bool = True, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; MachineError if it fails and ``check`` is set."""
        done = subprocess.run(
            [*self.enter(), *argv],
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout,
            env=_ENVIRONMENT,
            start_new_session=True,
        )
        if check and done.returncode != 0:
            raise MachineError(
                f"{self.name}: {' '.join(argv)[:200]} ended with {done.returncode}: "
                f"{(done.stderr or done.stdout).strip()[-800:]}"
            )
        return done

    def spawn(
        self, label: str, *argv: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program that keeps running; its output goes to the lab's log folder."""
        with (self._logs / f"{self.name}-{label}.log").open("ab") as output:
            process = subprocess.Popen(
                [*self.enter(), *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**_ENVIRONMENT, **(environment or {})},
                start_new_session=True,
            )
        self._spawned.append(process)
        return process

    def path(self, inside: str) -> Path:
        """Where a file of this machine is seen from outside it."""
        return Path(f"/proc/{self.pid}/root{inside}")

    def put(self, inside: str, content: str | bytes, mode: int = 0o644, owner: str = "") -> None:
        """Write a file on this machine, making the folders above it."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        if owner:
            self.run("chown", owner, inside)

    def halt(self) -> None:
        """End the machine and everything on it. Safe to call twice."""
        if self._guard.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            try:
                self._guard.wait(10)
            except subprocess.TimeoutExpired:
                self._guard.kill()
                self._guard.wait(5)
        for process in self._spawned:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


_ENVIRONMENT: Final = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
}


def missing_programs() -> list[str]:
    """The programs machines are made with that this computer lacks."""
    return [p for p in ("ip", "nsenter", "setpriv", "unshare", "tc") if shutil.which(p) is None]
