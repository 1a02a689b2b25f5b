"""The first process of a user-mode kernel: makes it ready, runs tests, turns it off.

``python boot.py ORDER``: a JSON file that says which modules to load, which tests to run and
where to write what became of them.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import traceback
from pathlib import Path
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)
_FINIT_MODULE = 313  # on x86-64, the one machine that has user-mode kernels
_POWER_OFF = 0x4321FEDC
_SET_FLAGS = 0x8914
_UP_AND_RUNNING = 0x41
_MOUNTS = (("proc", "/proc"), ("sysfs", "/sys"), ("tmpfs", "/dev/shm"))


def _mount() -> None:
    for kind, where in _MOUNTS:
        _LIBC.mount(b"none", where.encode(), kind.encode(), 0, None)


def _load(name: str) -> None:
    """Load a module, after those that it needs."""
    folder = Path("/usr/lib/uml/modules") / os.uname().release
    for line in (folder / "modules.dep").read_text().splitlines():
        module, _, needed = line.partition(":")
        if Path(module).stem != name:
            continue
        for path in [*reversed(needed.split()), module]:
            with (folder / path).open("rb") as file:
                # What is loaded already is an error that does not matter.
                _LIBC.syscall(_FINIT_MODULE, file.fileno(), b"", 0)
        return
    raise LookupError(f"no module {name} in {folder}")


def _loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh", b"lo", _UP_AND_RUNNING)
        fcntl.ioctl(any_socket, _SET_FLAGS, request.ljust(40, b"\0"))


class _Report:
    """What became of each test, by its name."""

    def __init__(self) -> None:
        self.outcomes: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        name = report.nodeid.rpartition("::")[2]
        if report.when == "call" or report.outcome != "passed":
            told = report.longrepr[2] if report.skipped else report.longreprtext
            self.outcomes[name] = {"outcome": report.outcome, "told": str(told)}


def _run(order: dict[str, Any]) -> None:
    for name in order["modules"]:
        _load(name)
    # Its cookies are signed by MD5 unless told otherwise, which this kernel has not.
    cookie = Path("/proc/sys/net/sctp/cookie_hmac_alg")
    if cookie.exists():
        cookie.write_text("none")
    _loopback()
    sys.path[:] = order["path"].split(os.pathsep)
    os.environ.update(TMPDIR=order["temporary"], HOME=order["temporary"])
    os.environ.update(PYTHONPATH=order["path"], SENSORIUM_TEST_PATIENCE_S="90")
    os.environ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    os.chdir(order["root"])
    import pytest

    report = _Report()
    options = ("-q", "-n0", "--color=no", "-p", "no:cacheprovider", "-p", "no:randomly")
    pytest.main([*options, order["tests"]], plugins=[report])
    Path(order["report"]).write_text(json.dumps(report.outcomes))


def main() -> None:
    """Do all that, and turn the kernel off whatever happens."""
    print("booted", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        _mount()
        _run(json.loads(Path(sys.argv[1]).read_text()))
    finally:
        if sys.exception() is not None:
            traceback.print_exc()
        sys.stdout.flush()
        _LIBC.sync()
        _LIBC.reboot(_POWER_OFF)


if __name__ == "__main__":
    main()
