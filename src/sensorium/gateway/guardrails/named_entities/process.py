"""Starts, asks and ends the processes of a recogniser."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import Any, Final

from sensorium.errors import UsageError
from sensorium.gateway.guardrails.named_entities.recogniser import Found

# The process needs no credential, so it is given none.
_PASSED: Final = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT",
)  # fmt: skip
# One thread each: there are as many processes as the settings say, and other work on the machine.
_SET: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PRESIDIO_DEVICE": "cpu"}
_START_S: Final = 300.0
_END_S: Final = 5.0


class RecogniserFailedError(Exception):
    """The process did not answer."""


class _Process:
    """One process. One thread at a time may ask it."""

    def __init__(self, asked: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self.refused = 0
        passed = {name: environment[name] for name in _PASSED if name in environment}
        module = f"{__package__}.child"
        self.process = Popen(
            [sys.executable, "-P", "-m", module],
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=passed | _SET,
        )
        try:
            answer = self.ask(asked, _START_S)
        except RecogniserFailedError:
            raise UsageError("the recogniser of named entities did not start") from None
        if "error" in answer:
            self.end()
            raise UsageError(answer["error"], next_step=answer.get("next_step", ""))

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self.process.poll() is None

    def ask(self, question: Any, timeout_s: float) -> Any:
        """One line for one line. A process that does not answer in time is ended."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        late = threading.Timer(timeout_s, self.process.kill)
        late.daemon = True
        late.start()
        try:
            stdin.write(json.dumps(question).encode() + b"\n")
            stdin.flush()
            line = stdout.readline()
            return json.loads(line)
        except (OSError, ValueError):
            self.end()
            raise RecogniserFailedError("the recogniser gave no answer") from None
        finally:
            late.cancel()

    def end(self) -> None:
        """End it, by its closed standard input or, where that does not help, at once."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        with contextlib.suppress(OSError):
            stdin.close()
        try:
            self.process.wait(_END_S)
        except TimeoutExpired:
            self.process.kill()
            self.process.wait()
        stdout.close()


class Processes:
    """Some processes of one recogniser. Any thread may ask; one that died is started anew.

    Raises ``UsageError`` where the recogniser cannot work.
    """

    def __init__(
        self,
        asked: Mapping[str, Any],
        number: int,
        restarted: Callable[[], None],
        refused: Callable[[int], None],
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._restarted = restarted
        self._refused = refused
        self._asked = dict(asked)
        self._environment = environment
        self._closed = False
        self._all: list[_Process] = []
        self._free: queue.LifoQueue[_Process] = queue.LifoQueue()
        try:
            for _ in range(number):
                self._all.append(_Process(self._asked, environment))
                self._free.put(self._all[-1])
        except BaseException:
            self.close()
            raise

    def find(self, texts: Sequence[str], timeout_s: float) -> list[list[Found]]:
        """What is found in each text; raises :class:`RecogniserFailedError`."""
        begun = time.monotonic()
        try:
            process = self._free.get(timeout=timeout_s)
        except queue.Empty:
            raise RecogniserFailedError("all recognisers were busy for too long") from None
        try:
            if not process.running:
                # A start takes seconds. Were they counted, a short time could end every start.
                process, begun = self._anew(process), time.monotonic()
            left = max(timeout_s - (time.monotonic() - begun), 0.001)
            answer = process.ask(texts, left)
            self._refused(answer["refused"] - process.refused)
            process.refused = answer["refused"]
        finally:
            self._free.put(process)
        return [[(start, end, label) for start, end, label in found] for found in answer["found"]]

    def _anew(self, dead: _Process) -> _Process:
        if self._closed:
            raise RecogniserFailedError("the recogniser is closed")
        self._restarted()
        try:
            made = _Process(self._asked, self._environment)
        except UsageError as error:
            raise RecogniserFailedError(error.message) from None
        self._all[self._all.index(dead)] = made
        return made

    def all(self) -> list[Popen[bytes]]:
        """The processes, whether they run or not."""
        return [one.process for one in self._all]

    def close(self) -> None:
        """End all of them."""
        self._closed = True
        for process in self._all:
            process.end()
