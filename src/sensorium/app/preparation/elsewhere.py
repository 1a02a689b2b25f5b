"""Compiling in processes of its own, so that the service does not keep the compiler's memory.

Whoever compiles all decoders holds three quarters of a gigabyte more for it as long as it runs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from sensorium.app.preparation import kept

_PROCESSES: Final = 2
_LONGEST_S: Final = 1200.0
_LOOK_S: Final = 0.1
_GRACE_S: Final = 5.0


class Elsewhere:
    """What is not compiled yet is compiled by other processes; whoever needs it waits."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._over = threading.Event()

    def wait(self) -> None:
        """Until :meth:`compile` is over, however it went."""
        self._over.wait()

    def compile(self, ending: Callable[[], bool]) -> None:
        """Compile what is not kept yet, where it can be kept; returns early where ``ending``.

        A failure is logged and does no harm: what is missing is compiled by whoever calls it.
        """
        try:
            if kept.folder() is None:
                self._log.warning(
                    "compiled decoders cannot be kept; each start compiles them for a minute or "
                    "two, while what comes in waits",
                    next_step="set NUMBA_CACHE_DIR to a folder that the service may write",
                )
            elif not kept.is_kept() and sys.executable:
                self._compile(ending)
        finally:
            self._over.set()

    def _compile(self, ending: Callable[[], bool]) -> None:
        self._log.info("compiling the decoders, once for this version; what comes in waits")
        # -P: what happens to lie in the working folder is no module of ours.
        command = [sys.executable, "-P", "-m", "sensorium.app.preparation", "--service"]
        began = time.monotonic()
        failed = outcome([*command, "--processes", str(_PROCESSES)], ending)
        if failed is not None:
            self._log.warning(
                "the decoders could not be compiled by another process",
                error=failed,
                unaffected="each is compiled when it is first needed",
            )
        elif not ending():
            self._log.info("compiled", seconds=round(time.monotonic() - began, 1))


def compile_for_a_replay() -> None:
    """Compile what a replay needs, in half the time that it would take one process.

    What fails is compiled when it is first called.
    """
    if sys.executable:
        command = [sys.executable, "-P", "-m", "sensorium.app.preparation", "--replay"]
        outcome(command, lambda: False)


def outcome(command: Sequence[str], ending: Callable[[], bool]) -> str | None:
    """Run a command to its end, or stop it and all that it started where ``ending``.

    None where it went well or was stopped, else the last line of its errors.
    """
    with tempfile.TemporaryFile() as errors:
        try:
            # A session of its own: a terminal's Ctrl-C is for the service, which then stops this.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        except OSError as error:
            return str(error)
        deadline = time.monotonic() + _LONGEST_S
        try:
            while process.poll() is None:
                if ending():
                    return None
                if time.monotonic() > deadline:
                    return f"it took more than {_LONGEST_S / 60:.0f} minutes"
                time.sleep(_LOOK_S)
        finally:
            if process.poll() is None:
                _stop(process)
        if process.returncode == 0:
            return None
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip().splitlines()
        return said[-1] if said else f"it ended with status {process.returncode}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
