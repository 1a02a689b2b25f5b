"""The log of evidence: one chain in a file; processes append in turn, and anybody can verify it."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sensorium.errors import SensoriumError
from sensorium.gateway.privacy.evidence.keys import key_id, signing_key
from sensorium.gateway.privacy.evidence.record import FIRST, read, written

if TYPE_CHECKING:
    from sensorium.observe import Observe

LOG_FILE: Final = "evidence.jsonl"
KEY_FILE: Final = "evidence.key"
_TAIL: Final = 1024 * 1024


class EvidenceLogError(SensoriumError):
    """The log cannot be appended to."""


class EvidenceLog:
    """Appends records; each is on disk when :meth:`record` returns. Those that come together share
    one write. Belongs to one event loop; other processes may append to the same file in between."""

    def __init__(self, folder: Path, observe: Observe) -> None:
        self._key = signing_key(folder / KEY_FILE)
        self._name = key_id(self._key.public_key())
        self._path = folder / LOG_FILE
        self._log = observe.logger("gateway.evidence")
        self._records = observe.counter(
            "sensorium_gateway_evidence_records", "Records of evidence", ("outcome",)
        )
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._size, self._number, self._previous = 0, 0, FIRST
        try:
            with self._locked():
                self._catch_up()
        except BaseException:
            os.close(self._descriptor)
            raise
        self._waiting: list[tuple[Mapping[str, Any], asyncio.Future[int]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, entry: Mapping[str, Any]) -> int:
        """Append an entry, which names its ``request``; its number. Raises ``OSError``, or
        ``EvidenceLogError`` where somebody else wrote what cannot be continued.
        """
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await done

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                numbers = await asyncio.to_thread(self._write, [entry for entry, _ in batch])
            except Exception as error:  # noqa: BLE001  whoever waits must be told, whatever it is
                self._records.labels("failed").inc(len(batch))
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            self._records.labels("written").inc(len(batch))
            for (_, done), number in zip(batch, numbers, strict=True):
                if not done.done():  # whoever asked may be gone
                    done.set_result(number)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone with the file, among all that have it open; the end of a process ends its turn."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _write(self, entries: list[Mapping[str, Any]]) -> list[int]:
        with self._locked():
            self._catch_up()
            return self._append(entries)

    def _append(self, entries: list[Mapping[str, Any]]) -> list[int]:
        lines, numbers = [], []
        number, previous = self._number, self._previous
        for entry in entries:
            number += 1
            line, previous = written(entry, number, previous, self._key, self._name)
            lines.append(line)
            numbers.append(number)
        data = b"".join(lines)
        size = self._size + len(data)
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size, self._number, self._previous = size, number, previous
        return numbers

    def _catch_up(self) -> None:
        """Begin where the file ends, which may be where another process left it."""
        if os.fstat(self._descriptor).st_size != self._size:
            self._number, self._previous = self._last()
            self._size = os.fstat(self._descriptor).st_size

    def _last(self) -> tuple[int, str]:
        """The number and digest of the last record; what a crash left unfinished is cut off."""
        size = os.fstat(self._descriptor).st_size
        begin = max(0, size - _TAIL)
        tail = os.pread(self._descriptor, size - begin, begin)
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):  # it was never acknowledged
            os.ftruncate(self._descriptor, begin + whole)
            self._log.warning("an unfinished record was cut off", bytes=len(tail) - whole)
            self._records.labels("unfinished").inc()
        if not whole:
            if begin:
                raise EvidenceLogError(f"{self._path}: ends with what is no record")
            return 0, FIRST
        line = tail[tail.rfind(b"\n", 0, whole - 1) + 1 : whole]
        record = read(line, self._key.public_key(), self._name)
        if record.fault:
            raise EvidenceLogError(
                f"{self._path}: the last record cannot be continued: {record.fault}",
                unaffected="nothing was written",
                next_step="move the file and its key away together; a new chain is begun then",
            )
        return int(record.body["number"]), record.digest

    async def close(self) -> None:
        """Write what waits and let the file go."""
        if self._writing is not None:
            await self._writing
        os.close(self._descriptor)
