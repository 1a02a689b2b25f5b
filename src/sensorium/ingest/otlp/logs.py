"""The OTLP logs decoder: a request's bytes in, a batch of log records out."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.otlp import records
from sensorium.ingest.otlp.config import OtlpConfig
from sensorium.ingest.otlp.decoded import (
    MOST_ITEMS,
    Decoded,
    MalformedError,
    Meters,
    TooManyError,
    padded,
)
from sensorium.ingest.otlp.entries import SCOPE, Entries
from sensorium.ingest.otlp.log_rows import ScopeNamer
from sensorium.ingest.otlp.logs_fill import WORDS, fill
from sensorium.ingest.otlp.logs_scan import COUNTS, MALFORMED, RECORDS, count, scan
from sensorium.ingest.otlp.meanings import Meanings
from sensorium.ingest.otlp.rendering import Rendered, nothing, render, sizes
from sensorium.ingest.otlp.strings import Strings, label_column, places
from sensorium.ingest.otlp.wire import SPARE
from sensorium.model.address import unpack_address
from sensorium.model.signals import ADDRESS, LOGS, Signal
from sensorium.observe import Observe

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_ROW_BYTES: Final = 80
"""What a row takes beside its texts."""
_SOME: Final = 1024


@dataclass(slots=True)
class _Memory:
    """All that is kept from request to request."""

    entries: Entries
    meanings: Meanings
    namer: ScopeNamer
    named: int = 0

    @property
    def size(self) -> int:
        return self.entries.size + self.meanings.texts.size


class LogsDecoder:
    """Decodes ExportLogsServiceRequest messages.

    It remembers the resources and scopes it has seen, within a bound. May be called from several
    threads; they take turns. ``seed`` moves nothing but where names lie in memory.
    """

    signal = Signal.LOGS

    def __init__(self, config: OtlpConfig, observe: Observe, *, seed: int = 0) -> None:
        self._config = config
        self._seed = seed
        self._meters = Meters(observe, self.signal, records.REASONS)
        self._irregular = observe.counter(
            "sensorium_otlp_irregular",
            "Log records of OTLP that are kept with a part replaced or left out, by reason",
            ("reason",),
        )
        self._lock = threading.Lock()
        self._memory = self._fresh()

    def decode(self, body: bytes, arrival_ns: int, source: bytes = bytes(16)) -> Decoded:
        """All records of a request, in its order.

        ``source`` is the sender's address, 16 bytes. MalformedError where the bytes are no such
        request, TooManyError where they hold more than is taken at once.
        """
        with self._lock:
            if self._memory.size > self._config.max_cached_bytes:
                self._memory = self._fresh()
                self._meters.forgot()
            return self._decode(body, arrival_ns, source)

    def _fresh(self) -> _Memory:
        return _Memory(Entries(self._seed), Meanings(), ScopeNamer(self._config.max_label_bytes))

    def _decode(self, body: bytes, arrival_ns: int, source: bytes) -> Decoded:
        data = padded(body)
        counts = np.zeros(COUNTS, np.int64)
        if not count(data, len(body), counts):
            raise MalformedError
        if counts.sum() > MOST_ITEMS:
            raise TooManyError
        table, found = self._scan(data, len(body), counts)
        self._name()
        rendered, added = nothing(), np.zeros((len(table), 4), np.int64)
        if len(found):
            rendered = render(data, found)
            added = sizes(found, rendered, len(table))
        table[:, records.PAIRS : records.VALUE_BYTES + 1] += added[:, :3]
        table[:, records.BODY + 1] += added[:, 3]
        rejected = self._meters.count(self._refuse(table))
        batch = self._batch(data, table, rendered, arrival_ns, source)
        self._meters.took(batch.num_rows, self._memory.size)
        timed = (table[:, records.TIME] > 0) | (table[:, records.OBSERVED] > 0)
        return Decoded(self.signal, batch, rejected, bool(timed.all()))

    def _scan(self, data: Bytes, size: int, counts: Ints) -> tuple[Ints, Ints]:
        """The table of records, and the values that are to be rendered."""
        entries = self._memory.entries
        numbers = entries.reserve(int(counts.sum()), 2 * size)
        irregular = np.zeros(len(records.IRREGULAR), np.int64)
        room = _SOME
        while True:
            table = np.zeros((int(counts[RECORDS]), records.WIDTH), np.int64)
            rendered = np.zeros((room, records.R_WIDTH), np.int64)
            irregular[records.INVALID_UTF8 + 1 :] = 0
            found = scan(data, size, numbers, table.reshape(-1), rendered, irregular)
            if found == MALFORMED:
                self._name()
                raise MalformedError
            if found <= room:
                break
            room = found
        for reason, number in zip(records.IRREGULAR, irregular.tolist(), strict=True):
            if number:
                self._irregular.labels(reason).inc(number)
        return table, rendered[:found]

    def _name(self) -> None:
        """Give the entries that the scan put in their meaning."""
        memory = self._memory
        memory.meanings.grow(len(memory.entries))
        for entry in range(memory.named, len(memory.entries)):
            meanings, name = memory.meanings, memory.entries.name(entry)
            row = memory.namer.row(entry, name)
            meanings.refused[entry] = -1 - records.BAD_LABELS
            if meanings.texts.size > 2 * self._config.max_cached_bytes:
                meanings.refused[entry] = -1 - records.TOO_LARGE
            elif name.what == SCOPE and row is not None:
                meanings.give([entry], [[row]])
        memory.named = len(memory.entries)

    def _refuse(self, table: Ints) -> Ints:
        """Take their scope from records that are rejected; how many for each of the REASONS."""
        meanings, scope = self._memory.meanings, table[:, records.SCOPE]
        without = meanings.rows[scope] == 0
        own = table[:, records.KEY_BYTES] + table[:, records.VALUE_BYTES]
        own = own + table[:, records.BODY + 1] + table[:, records.LEVEL + 1]
        shared = meanings.sizes[scope]
        each = own + shared.sum(axis=1) + 8 * (shared[:, -1] + table[:, records.PAIRS])
        beyond = np.cumsum(each + _ROW_BYTES) > self._config.max_decoded_bytes
        scope[without] = meanings.refused[scope[without]]
        scope[beyond & ~without] = -1 - records.TOO_LARGE
        return np.bincount(-1 - scope[scope < 0], minlength=len(records.REASONS))

    def _batch(
        self, data: Bytes, table: Ints, rendered: Rendered, arrival_ns: int, source: bytes
    ) -> pa.RecordBatch:
        kept = table[table[:, records.SCOPE] >= 0]
        rows = len(kept)
        times = kept[:, records.TIME]
        times = np.where(times > 0, times, kept[:, records.OBSERVED])
        times = np.where(times > 0, times, arrival_ns)
        columns = {
            **self._texts(data, table, kept, rendered, unpack_address(source)),
            "time_ns": pa.array(times),
            "observed_time_ns": pa.array(np.full(rows, arrival_ns, np.int64)),
            "source_address": pa.Array.from_buffers(
                ADDRESS, rows, [None, pa.py_buffer(source * rows)]
            ),
            "severity_number": pa.array(kept[:, records.SEVERITY].astype(np.uint8)),
            "template_id": pa.array(np.zeros(rows, np.uint64)),
        }
        return pa.RecordBatch.from_arrays([columns[name] for name in LOGS.names], schema=LOGS)

    def _texts(
        self, data: Bytes, table: Ints, kept: Ints, rendered: Rendered, sender: str
    ) -> dict[str, pa.Array]:
        """All columns of texts."""
        rows, meanings = len(kept), self._memory.meanings
        shared = meanings.sizes[kept[:, records.SCOPE]].sum(axis=0).tolist()
        own = kept.sum(axis=0)
        pairs = int(own[records.PAIRS]) + shared[5]
        nameless = np.frombuffer(sender.encode() + bytes(SPARE), np.uint8)
        named = {
            "host": Strings.room(rows, shared[0] + rows * len(sender)),
            "app": Strings.room(rows, shared[1]),
            "proc_id": Strings.room(rows, shared[2]),
            "body": Strings.room(rows, int(own[records.BODY + 1])),
            "severity_text": Strings.room(rows, int(own[records.LEVEL + 1])),
        }
        keys = Strings.room(pairs, int(own[records.KEY_BYTES]) + shared[3])
        values = Strings.room(pairs, int(own[records.VALUE_BYTES]) + shared[4])
        ends = pa.allocate_buffer(4 * (rows + 1))
        ends_view = np.frombuffer(ends, np.int32)
        ends_view[0] = 0
        fill(
            data,
            table.reshape(-1),
            len(table),
            meanings.first,
            meanings.texts.rows.reshape(-1),
            meanings.texts.text,
            meanings.texts.parts.reshape(-1),
            WORDS,
            np.array([nameless.ctypes.data, len(sender)], np.int64),
            rendered.first,
            rendered.pairs,
            places([*named.values(), keys, values]),
            ends_view,
        )
        columns = {name: strings.array(rows) for name, strings in named.items()}
        return {**columns, "attributes": label_column(keys, values, ends, rows)}
