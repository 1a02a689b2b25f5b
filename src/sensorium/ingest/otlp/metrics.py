"""The OTLP metrics decoder: a request's bytes in, a batch of Prometheus samples out."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.otlp import points
from sensorium.ingest.otlp.config import OtlpConfig
from sensorium.ingest.otlp.decoded import (
    MOST_ITEMS,
    Decoded,
    MalformedError,
    Meters,
    TooManyError,
    padded,
)
from sensorium.ingest.otlp.entries import Entries
from sensorium.ingest.otlp.meanings import Meanings
from sensorium.ingest.otlp.metrics_fill import fill
from sensorium.ingest.otlp.metrics_scan import (
    COUNTS,
    METRICS,
    POINTS,
    RESOURCES,
    SCOPES,
    WORDS,
    count,
    scan,
)
from sensorium.ingest.otlp.series_rows import LabelsTooLongError, SeriesNamer
from sensorium.ingest.otlp.strings import Strings, label_column, places
from sensorium.model.signals import METRICS as SCHEMA
from sensorium.model.signals import Signal
from sensorium.observe import Observe

Ints = npt.NDArray[np.int64]
_TOGETHER = 1000
_ROW_BYTES = 48
"""What a row takes beside its texts: time, id, value and four Arrow offsets."""


@dataclass(slots=True)
class _Memory:
    """All that is kept from request to request."""

    entries: Entries
    meanings: Meanings
    namer: SeriesNamer
    begun: deque[tuple[Ints, Ints]] = field(default_factory=deque)
    named: int = 0

    @property
    def size(self) -> int:
        return self.entries.size + self.meanings.texts.size


class MetricsDecoder:
    """Decodes ExportMetricsServiceRequest messages.

    It remembers the series it has seen, within a bound, and the start of each that accumulates:
    when that moves, rows of zeros stand at the new start. May be called from several threads;
    they take turns. ``seed`` moves nothing but where series lie in memory.
    """

    signal = Signal.METRICS

    def __init__(self, config: OtlpConfig, observe: Observe, *, seed: int = 0) -> None:
        self._config = config
        self._seed = seed
        self._limits = np.array([config.max_buckets, config.exponential_scale], np.int64)
        self._meters = Meters(observe, self.signal, points.REASONS)
        self._lock = threading.Lock()
        self._memory = self._fresh()

    def decode(self, body: bytes, arrival_ns: int) -> Decoded:
        """All samples of a request, in its order; MalformedError where it is no such request."""
        with self._lock:
            if self._memory.size > self._config.max_cached_bytes:
                self._memory = self._fresh()
                self._meters.forgot()
            return self._decode(body, arrival_ns)

    def _fresh(self) -> _Memory:
        return _Memory(Entries(self._seed), Meanings(), SeriesNamer(self._config.max_label_bytes))

    def _decode(self, body: bytes, arrival_ns: int) -> Decoded:
        while self._memory.begun:
            series, times = self._memory.begun.popleft()
            self._memory.meanings.started[series] = times
        data = padded(body)
        counts = np.zeros(COUNTS, np.int64)
        if not count(data, len(body), counts):
            raise MalformedError
        points_found, resources_found = int(counts[POINTS]), int(counts[RESOURCES])
        entries = self._memory.entries
        more = int(counts[[RESOURCES, SCOPES, METRICS, POINTS]].sum())
        if more > MOST_ITEMS or counts[WORDS] > points.SHAPE * MOST_ITEMS:
            raise TooManyError
        scratch = np.zeros(int(counts[WORDS]) + points.SHAPE, np.int64)
        # Bounds may lie between attributes, and then stand in both parts of a name.
        numbers = entries.reserve(more, 2 * len(body) + scratch.nbytes)
        table = np.zeros((points_found + resources_found, points.WIDTH), np.int64)
        resources = np.zeros(resources_found, np.int64)
        flat = table.reshape(-1)
        if not scan(data, len(body), numbers, flat, resources, scratch, self._limits):
            self._name()
            raise MalformedError
        self._name()
        found = table[:points_found]
        untimed = found[:, points.TIME] == 0
        found[untimed, points.TIME] = arrival_ns
        self._refuse(found)
        self._targets(found, table[points_found:], resources)
        restarted = self._restarted(table)
        rejected = self._meters.count(_rejections(table, restarted, self._memory, self._config))
        batch = self._batch(data, table, restarted)
        self._meters.took(batch.num_rows, self._memory.size)
        # The scratch is referred to by address until here.
        del scratch
        return Decoded(self.signal, batch, rejected, not untimed.any(), self._noted(found))

    def _name(self) -> None:
        """Give the entries that the scan put in their meaning."""
        memory, meanings = self._memory, self._memory.meanings
        meanings.grow(len(memory.entries))
        while memory.named < len(memory.entries):
            last = min(memory.named + _TOGETHER, len(memory.entries))
            full = meanings.texts.size > 2 * self._config.max_cached_bytes
            found, rows = [], []
            for entry in range(memory.named, last):
                meanings.refused[entry] = -1 - (points.TOO_LARGE if full else points.BAD_LABELS)
                try:
                    named, accumulates = memory.namer.rows(entry, memory.entries.name(entry))
                except LabelsTooLongError:
                    continue
                if named and not full:
                    found.append(entry)
                    rows.append(named)
                    meanings.accumulates[entry] = accumulates
            meanings.give(found, rows)
            memory.named = last

    def _refuse(self, found: Ints) -> None:
        """Take the series from points whose series has no rows."""
        meanings, series = self._memory.meanings, found[:, points.SERIES]
        without = (series >= 0) & (meanings.rows[series] == 0)
        series[without] = meanings.refused[series[without]]

    def _targets(self, found: Ints, rows: Ints, resources: Ints) -> None:
        """A ``target_info`` for each resource, at the time of its newest point that is kept."""
        kept = found[found[:, points.SERIES] >= 0]
        newest = np.zeros(len(resources), np.int64)
        np.maximum.at(newest, kept[:, points.RESOURCE], kept[:, points.TIME])
        rows[:, points.SERIES] = np.where(
            (newest > 0) & (self._memory.meanings.rows[resources] > 0), resources, _NONE
        )
        rows[:, points.KIND] = points.GAUGE
        rows[:, points.TIME] = newest
        rows[:, points.VALUE] = _ONE

    def _restarted(self, table: Ints) -> npt.NDArray[np.bool_]:
        """Which points began to count anew since they were last accepted."""
        meanings, series = self._memory.meanings, table[:, points.SERIES]
        started, known = table[:, points.STARTED], meanings.started[series]
        moved = (known > 0) & (started > known) & (started < table[:, points.TIME])
        fresh = moved & meanings.accumulates[series] & (series >= 0)
        return np.asarray(fresh & (table[:, points.STALE] == 0), np.bool_)

    def _noted(self, found: Ints) -> Callable[[], None]:
        """What to call once the rows are accepted: remembers when each series began."""
        series, started = found[:, points.SERIES], found[:, points.STARTED]
        memory = self._memory
        chosen = (series >= 0) & (started > 0)
        chosen &= memory.meanings.accumulates[series]
        chosen &= started > memory.meanings.started[series]
        places_, times = series[chosen], started[chosen]

        # Noted when the next request is decoded: whoever accepts rows must not wait for that.
        return lambda: memory.begun.append((places_, times))

    def _batch(
        self, data: npt.NDArray[np.uint8], table: Ints, restarted: npt.NDArray[np.bool_]
    ) -> pa.RecordBatch:
        meanings, texts = self._memory.meanings, self._memory.meanings.texts
        kept = table[:, points.SERIES] >= 0
        series, times_over = table[kept, points.SERIES], 1 + restarted[kept].astype(np.int64)
        rows = int((meanings.rows[series] * times_over).sum())
        sizes = (meanings.sizes[series] * times_over[:, None]).sum(axis=0).tolist()
        name_bytes, kind_bytes, _, key_bytes, value_bytes, pairs = sizes
        names, kinds = Strings.room(rows, name_bytes), Strings.room(rows, kind_bytes)
        keys, values = Strings.room(pairs, key_bytes), Strings.room(pairs, value_bytes)
        times, ids = np.empty(rows, np.int64), np.empty(rows, np.uint64)
        numbers = np.empty(rows, np.float64)
        ends = pa.allocate_buffer(4 * (rows + 1))
        ends_view = np.frombuffer(ends, np.int32)
        ends_view[0] = 0
        fill(
            data,
            table.reshape(-1),
            restarted,
            meanings.first,
            meanings.rows,
            texts.rows.reshape(-1),
            texts.text,
            texts.parts.reshape(-1),
            places([names, kinds, keys, values]),
            times,
            ids,
            numbers,
            ends_view,
            np.zeros(int(self._limits[0]) + 2, np.int64),
        )
        return pa.RecordBatch.from_arrays(
            [
                pa.array(times),
                pa.array(ids),
                names.array(rows),
                label_column(keys, values, ends, rows),
                pa.array(numbers),
                kinds.array(rows),
            ],
            schema=SCHEMA,
        )


_NONE = -1 - len(points.REASONS)
"""No series, for no reason that counts."""
_ONE = int(np.float64(1.0).view(np.int64))


def _rejections(
    table: Ints, restarted: npt.NDArray[np.bool_], memory: _Memory, config: OtlpConfig
) -> Ints:
    """How many points are rejected for each of the REASONS; marks those that are too much."""
    meanings, series = memory.meanings, table[:, points.SERIES]
    kept = np.flatnonzero(series >= 0)
    sizes = meanings.sizes[series[kept]]
    each = sizes.sum(axis=1) + 8 * sizes[:, -1] + _ROW_BYTES * meanings.rows[series[kept]]
    taken = np.cumsum(each * (1 + restarted[kept]))
    beyond = kept[taken > config.max_decoded_bytes]
    series[beyond] = -1 - points.TOO_LARGE
    reasons = -1 - series[(series < 0) & (series != _NONE)]
    return np.bincount(reasons, minlength=len(points.REASONS)).astype(np.int64)
