"""Collectors as processes on one core: ours, nfcapd and nfacctd, asked the same things."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

from tests.ports import free_port

CORE = 0
BUFFER_BYTES = 32 << 20
TICKS = os.sysconf("SC_CLK_TCK")


class Collector(Protocol):
    """A running collector, of which the kernel counts the processor time."""

    name: str
    port: int

    def datagrams(self) -> int:
        """How many datagrams it has taken and decoded so far."""

    def cpu_s(self) -> float:
        """Processor seconds of all its processes, in the kernel too."""

    def settle(self) -> None:
        """Wait until it has done all that it was sent."""

    def close(self) -> None:
        """End it."""


def pin(process: int, core: int) -> None:
    """Keep a process that has just begun on one core, where there is more than one."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(process, {core})


def _cpu_s(group: int) -> float:
    """Processor seconds of the processes of a group, from /proc (proc_pid_stat(5))."""
    ticks = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == group:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


class Ours:
    """Sensorium's receiver, inbox and decoder, in one process on one core."""

    def __init__(self, name: str = "sensorium", **settings: object) -> None:
        self.name = name
        core = CORE if (os.cpu_count() or 1) > 1 else -1
        command = [sys.executable, "-m", "benchmarks.loopback.collector"]
        self._process = subprocess.Popen(
            [*command, str(core), json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.port = int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _ask(self) -> list[float]:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return [float(word) for word in self._line().split()]

    def datagrams(self) -> int:
        """See :class:`Collector`."""
        return int(self._ask()[0])

    def cpu_s(self) -> float:
        """See :class:`Collector`."""
        return _cpu_s(self._process.pid)

    def settle(self) -> None:
        """See :class:`Collector`."""
        before = -1
        while before != (before := self.datagrams()):
            time.sleep(0.25)

    def close(self) -> None:
        """See :class:`Collector`."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


class Peer:
    """Another collector, from a Debian package; what it took is what its socket did not drop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._folder = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.port = free_port()
        self._process = subprocess.Popen(
            self._command(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        pin(self._process.pid, CORE)
        self.sent = 0
        time.sleep(1)
        if not self._row():
            self.close()
            raise RuntimeError(f"{name} does not listen")

    def _command(self) -> list[str]:
        if self.name == "nfcapd":
            where = ["-w", self._folder, "-b", "127.0.0.1", "-p", str(self.port)]
            return ["nfcapd", *where, "-B", str(BUFFER_BYTES), "-t", "3600"]
        # The least that it can be asked to do: count by protocol, in memory.
        settings = {
            "daemonize": "false",
            "nfacctd_ip": "127.0.0.1",
            "nfacctd_port": self.port,
            "nfacctd_pipe_size": BUFFER_BYTES,
            "plugins": "memory",
            "imt_path": f"{self._folder}/memory",
            "aggregate": "proto",
            "plugin_pipe_size": 64 << 20,
            "plugin_buffer_size": 1 << 18,
        }
        file = Path(self._folder) / "nfacctd.conf"
        file.write_text("".join(f"{key}: {value}\n" for key, value in settings.items()))
        return ["nfacctd", "-f", str(file)]

    def _row(self) -> list[str]:
        """Its socket's line in /proc/net/udp, whose last field is what the kernel dropped."""
        wanted = f":{self.port:04X}"
        lines = Path("/proc/net/udp").read_text().splitlines()[1:]
        rows = [line.split() for line in lines]
        return next((row for row in rows if row[1].endswith(wanted)), [])

    def datagrams(self) -> int:
        """See :class:`Collector`."""
        return self.sent - int(self._row()[-1])

    def cpu_s(self) -> float:
        """See :class:`Collector`."""
        return _cpu_s(self._process.pid)

    def settle(self) -> None:
        """See :class:`Collector`."""
        before = -1.0
        while before != (before := self.cpu_s()) or self._row()[4] != "00000000:00000000":
            time.sleep(0.25)

    def close(self) -> None:
        """See :class:`Collector`."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def installed(name: str) -> bool:
    """Whether a peer's program is on this machine."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None
