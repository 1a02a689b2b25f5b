"""What ``sensorium doctor`` looks at: one function a check, none of which changes anything."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.cli.memory_limit import memory_limit
from sensorium.errors import UsageError
from sensorium.listening.binding import address_of
from sensorium.process.open_files import LEAST, MOST, allowed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sensorium.listening.tls_files import TlsFiles

GIB = 1 << 30
_SO_RCVBUFFORCE = 33
_FILES = 1024
TESTED_PYTHONS = {(3, 11), (3, 12), (3, 13)}


class Outcome(StrEnum):
    """``warn`` works but worse than it could; ``fail`` keeps Sensorium from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's answer; ``next_step`` is empty where all is well."""

    name: str
    outcome: Outcome
    detail: str
    next_step: str = ""


def python() -> Check:
    """The interpreter is one that Sensorium is tested with."""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] not in TESTED_PYTHONS:
        return Check("python", Outcome.WARN, f"{version}, not tested", "use Python 3.11 to 3.13")
    return Check("python", Outcome.OK, version)


def packages() -> Check:
    """Everything that Sensorium's own metadata requires is installed."""
    required = [
        re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]
        for line in metadata.requires("sensorium") or []
        if "extra ==" not in line
    ]
    missing = []
    for name in required:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        lacking = "not installed: " + ", ".join(missing)
        return Check("packages", Outcome.FAIL, lacking, "`make setup`, or install sensorium again")
    return Check("packages", Outcome.OK, f"{len(required)} required, all installed")


def embedded_store() -> Check:
    """chDB loads and answers; in a process of its own, since a bad library ends its process."""
    # The first line of what it raises; below it come traces of its own.
    program = (
        "import sys\n"
        "try:\n"
        "    import chdb\n"
        "    print(chdb.query('SELECT version()', 'TSVRaw'), end='')\n"
        "except Exception as error:\n"
        "    sys.exit(str(error).partition(', Stack trace')[0])"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        return Check("chdb", Outcome.FAIL, "did not answer within 60 s", "free some memory")
    except OSError as error:
        step = f"let this user (id {os.geteuid()}) run {sys.executable}"
        return Check("chdb", Outcome.FAIL, f"cannot be tried: {error.strerror}", step)
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return Check(
            "chdb",
            Outcome.FAIL,
            f"does not load: {why}",
            "let TMPDIR name a folder that can be written, set store.telemetry.dsn to a ClickHouse "
            "server, or use an x86-64 or arm64 machine",
        )
    return Check("chdb", Outcome.OK, f"ClickHouse {done.stdout.strip()}, embedded")


def compiled_code() -> Check:
    """Compiled decoders are kept on disk; else each start compiles them anew, for a minute."""
    from sensorium.app.preparation import kept

    folder = kept.folder()
    if folder is None:
        detail = "cannot be kept, neither beside the program nor in the user's cache"
        step = "set NUMBA_CACHE_DIR to a folder that the service may write"
        return Check("compiled", Outcome.WARN, detail, step)
    where = "beside the program" if folder.name == "__pycache__" else f"in {folder.parent}"
    later = "" if kept.is_kept() else "; the next start compiles them, for a minute or two"
    return Check("compiled", Outcome.OK, f"decoders are kept {where}{later}")


def data_folder(folder: Path) -> Check:
    """The data folder, or the nearest folder above it that exists, can be written."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        return Check("data folder", Outcome.FAIL, f"{nearest} is a file", "choose another data_dir")
    if not os.access(nearest, os.W_OK | os.X_OK):
        step = f"chown it to {os.geteuid()}, or choose another data_dir"
        return Check("data folder", Outcome.FAIL, f"{nearest} cannot be written", step)
    made = "" if folder.is_dir() else " (will be made)"
    return Check("data folder", Outcome.OK, f"{folder}{made}")


def disk(folder: Path) -> Check:
    """There is room for telemetry where the data folder is."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(nearest).free
    detail = f"{free / GIB:.1f} GiB free"
    if free < GIB:
        return Check("disk", Outcome.FAIL, detail, "free some, or shorten store.telemetry's TTLs")
    if free < 10 * GIB:
        return Check("disk", Outcome.WARN, detail, "watch it: a busy network fills this in days")
    return Check("disk", Outcome.OK, detail)


def memory() -> Check:
    """There is the memory that the embedded store and the detectors take."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    detail = f"{total / GIB:.1f} GiB"
    limit = memory_limit()
    if limit is not None and limit < total:
        total, detail = limit, f"{limit / GIB:.1f} GiB allowed, of {detail}"
    if total < 2 * GIB:
        return Check("memory", Outcome.WARN, detail, "give it 2 GiB, or use a ClickHouse server")
    return Check("memory", Outcome.OK, detail)


def open_files() -> Check:
    """The embedded store and senders that connect may open as many files as they want to.

    The service raises its limit to what is allowed by itself.
    """
    _, hard = allowed()
    if hard < _FILES:
        step = (
            f"let it open more: LimitNOFILE= in its unit, or ulimit -Hn {MOST} before it is started"
        )
        outcome = Outcome.FAIL if hard < LEAST else Outcome.WARN
        return Check("open files", outcome, f"at most {hard:,}", step)
    return Check("open files", Outcome.OK, f"at most {min(hard, MOST):,}")


def port(setting: str, kind: socket.SocketKind, host: str, number: int, owner: int) -> Check:
    """A port that ``setting`` names is free, or held by our own service (pid ``owner``)."""
    protocol = "udp" if kind is socket.SOCK_DGRAM else "tcp"
    name = f"{protocol} {number}"
    elsewhere = f"set {setting.rpartition('.')[0]}.host to an address of this machine"
    try:
        family, address = address_of(host, number, kind)
    except OSError as error:
        return Check(name, Outcome.FAIL, f"{host}: {error.strerror or error}", elsewhere)
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            step = f"set {setting} above 1023, or give Python CAP_NET_BIND_SERVICE"
            return Check(name, Outcome.FAIL, "not allowed to listen", step)
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return Check(name, Outcome.FAIL, f"this machine has no address {host}", elsewhere)
            if owner:
                return Check(name, Outcome.OK, f"the service listens (process {owner})")
            step = f"stop what holds it (ss -lnp shows it), or change {setting}"
            return Check(name, Outcome.WARN, (error.strerror or str(error)).lower(), step)
    return Check(name, Outcome.OK, "free")


def sctp() -> Check:
    """The kernel has SCTP, which ``ingest.ipfix_stream.sctp_ports`` asks for."""
    from sensorium.ingest.transport.stream.listeners import has_sctp

    if has_sctp():
        return Check("sctp", Outcome.OK, "the kernel has it")
    step = "modprobe sctp, or leave ingest.ipfix_stream.sctp_ports empty"
    return Check("sctp", Outcome.FAIL, "this kernel has none", step)


def tls(files: TlsFiles, now: datetime) -> Iterator[Check]:
    """A listener's certificate, key and authorities can be used; a line for each doubt of them."""
    try:
        files.check()
    except UsageError as error:
        yield Check("tls", Outcome.FAIL, error.message, error.next_step)
        return
    doubts = [Check("tls", Outcome.WARN, doubt) for doubt in files.doubts(now)]
    named = files.certificate
    yield from doubts or [Check("tls", Outcome.OK, f"{named.setting}: {named.path}")]


def udp_buffer(wanted: int) -> Check:
    """The kernel grants the receive buffer that keeps bursts of flows from being dropped."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
        except OSError:  # not allowed to go beyond the limit
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
        granted = probe.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # Linux doubles it
    detail = f"{granted >> 10} KiB of {wanted >> 10} KiB granted"
    if granted < wanted:
        step = f"sysctl -w net.core.rmem_max={wanted}"
        return Check("udp buffer", Outcome.WARN, detail, step)
    return Check("udp buffer", Outcome.OK, detail)


class _Timex(ctypes.Structure):
    """``struct timex`` as far as its status; the rest is room for the kernel (adjtimex(2))."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    ]


_UNSYNCHRONISED = 0x40  # STA_UNSYNC


def clock() -> Check:
    """The kernel's clock follows a time source: event times of exporters are compared with it."""
    timex = _Timex()
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return Check("clock", Outcome.OK, "the kernel does not say whether it is synchronised")
    if answer < 0:
        return Check("clock", Outcome.OK, "the kernel does not say whether it is synchronised")
    if timex.status & _UNSYNCHRONISED:
        step = "run chrony or systemd-timesyncd, here and on the exporters"
        return Check("clock", Outcome.WARN, "is not synchronised with a time source", step)
    return Check("clock", Outcome.OK, "synchronised")
