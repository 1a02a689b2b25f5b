"""The log of evidence: a file to which one process appends, and which anybody can verify."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Mapping
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
    one write. Belongs to one event loop, and its file to one process."""

    def __init__(self, folder: Path, observe: Observe) -> None:
        self._key = signing_key(folder / KEY_FILE)
        self._name = key_id(self._key.public_key())
        self._path = folder / LOG_FILE
        self._log = observe.logger("gateway.evidence")
        self._records = observe.counter(
            "sensorium_gateway_evidence_records", "Records of evidence", ("outcome",)
        )
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise EvidenceLogError(
                f"{self._path}: another process appends to it",
                next_step="give each gateway a data_dir of its own",
            ) from None
        try:
            self._number, self._previous = self._last()
        except BaseException:
            os.close(self._descriptor)
            raise
        self._waiting: list[tuple[Mapping[str, Any], asyncio.Future[int]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, entry: Mapping[str, Any]) -> int:
        """Append an entry, which names its ``request``; its number. Raises ``OSError``."""
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

    def _write(self, entries: list[Mapping[str, Any]]) -> list[int]:
        lines, numbers = [], []
        number, previous = self._number, self._previous
        for entry in entries:
            number += 1
            line, previous = written(entry, number, previous, self._key, self._name)
            lines.append(line)
            numbers.append(number)
        size = os.fstat(self._descriptor).st_size
        try:
            data = b"".join(lines)
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, size)
            raise
        self._number, self._previous = number, previous
        return numbers

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
