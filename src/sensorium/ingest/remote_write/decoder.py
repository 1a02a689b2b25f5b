"""The remote-write decoder: a request's body in, a batch of samples out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.remote_write.cache import SeriesCache
from sensorium.ingest.remote_write.config import RemoteWriteConfig
from sensorium.ingest.remote_write.histograms import (
    STALE,
    Histogram,
    MalformedHistogramError,
    read_histogram,
)
from sensorium.ingest.remote_write.labels import Invalid
from sensorium.ingest.remote_write.metadata import Metadata
from sensorium.ingest.remote_write.scan import V1, V2, Scanned, TooManySamplesError, scan
from sensorium.ingest.series import Series, series_id
from sensorium.model.signals import METRICS, Signal
from sensorium.observe import Observe

__all__ = ["V1", "V2", "Decoded", "RefusedWriteError", "RemoteWriteDecoder"]

_MILLISECOND: Final = 1_000_000
_LARGEST_MS: Final = (1 << 63) // _MILLISECOND - 1
_REASONS: Final = tuple(Invalid)


class RefusedWriteError(Exception):
    """Nothing of a request can be taken; the text says why, ``reason`` labels it in metrics."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a request held. ``problems`` counts what was refused of it, by reason.

    ``exemplars`` are those of the series that were taken; they are not kept.
    """

    batch: pa.RecordBatch
    samples: int
    histograms: int
    exemplars: int
    problems: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows by slot: int32 slots, int64 milliseconds, and the bits of doubles."""

    slots: npt.NDArray[np.int32]
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.int64]


class RemoteWriteDecoder:
    """Decodes ``prometheus.WriteRequest`` and ``io.prometheus.write.v2.Request``.

    It remembers the label sets it has seen, so a request of known series costs no Python for each
    of them. Stale markers keep their bits. Not thread-safe.
    """

    signal = Signal.METRICS

    def __init__(self, config: RemoteWriteConfig, observe: Observe) -> None:
        self._config = config
        self._cache = SeriesCache(config.max_cached_series)
        self._metadata = Metadata()
        self._samples = observe.counter(
            "sensorium_remote_write_samples", "Samples decoded, by form", ("form",)
        )
        self._not_kept = observe.counter(
            "sensorium_remote_write_not_kept", "What is read and not stored, by form", ("form",)
        )
        self._cached = observe.gauge(
            "sensorium_remote_write_cached_series", "Label sets kept in memory"
        )
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )

    def prepare(self) -> None:
        """Compile what is not compiled yet, so that the first request need not wait for it."""
        decoder = RemoteWriteDecoder(self._config, Observe())
        # {up="x"} 1, as either version writes it: names and values by text, and by reference.
        sample = b"\x12\x0b\x09\0\0\0\0\0\0\xf0\x3f\x10\x01"
        series = b"\x0a\x0e\x0a\x08__name__\x12\x02up" + sample
        decoder.decode(b"\x0a" + bytes([len(series)]) + series, V1)
        series = b"\x0a\x02\x01\x02" + sample
        symbols = b"\x22\0\x22\x08__name__\x22\x02up"
        decoder.decode(symbols + b"\x2a" + bytes([len(series)]) + series, V2)

    def decode(self, body: bytes, version: int) -> Decoded:
        """All samples of a decompressed body; RefusedWriteError where nothing can be taken."""
        scanned = self._scanned(body, version)
        slots, problems = self._slots(scanned)
        self._learn(scanned, slots, version)
        rows = [self._float_rows(scanned, slots, problems)]
        histograms = list(self._histogram_rows(scanned, slots, problems))
        floats = len(rows[0].slots)
        batch = self._batch(rows + histograms)
        self._samples.labels("float").inc(floats)
        self._samples.labels("histogram").inc(len(histograms))
        exemplars = int(np.diff(scanned.first_exemplar)[slots >= 0].sum())
        self._not_kept.labels("exemplar").inc(exemplars)
        self._not_kept.labels("created_timestamp").inc(scanned.created)
        self._cached.set(len(self._cache))
        for reason, count in problems.items():
            self._count(reason, count)
        return Decoded(batch, floats, len(histograms), exemplars, problems)

    def _scanned(self, body: bytes, version: int) -> Scanned:
        try:
            scanned = scan(body, version, self._config.max_samples)
        except TooManySamplesError as error:
            self._count("too_many_samples", int(error.args[0]))
            raise RefusedWriteError(
                "too_many_samples",
                f"{error.args[0]} samples: send {self._config.max_samples} at most at once",
            ) from error
        if scanned is None:
            self._count("malformed", 1)
            raise RefusedWriteError("malformed", "the body is no such message")
        return scanned

    def _slots(self, scanned: Scanned) -> tuple[npt.NDArray[np.int32], dict[str, int]]:
        """Each series' slot, -1 where it is refused, and the samples refused by reason."""
        first = scanned.first_text
        sizes = np.concatenate([np.zeros(1, np.int64), np.cumsum(scanned.text_size, dtype="i8")])
        label_bytes = sizes[first[1:]] - sizes[first[:-1]]
        held = np.diff(scanned.first_sample) + np.bincount(
            scanned.histogram_series, minlength=len(scanned.kinds)
        )
        if int(label_bytes @ held) > self._config.max_row_bytes:
            self._count("too_large", int(held.sum()))
            raise RefusedWriteError("too_large", "labels and samples together are too much")
        problems: dict[str, int] = {}
        if len(label_bytes) and label_bytes.max() > self._config.max_label_bytes:
            too_long = label_bytes > self._config.max_label_bytes
            problems["labels_too_long"] = int(held[too_long].sum())
            scanned = _without_texts(scanned, too_long)
        else:
            too_long = None
        slots = self._cache.slots_of(scanned)
        invalid = self._cache.invalid(slots)
        if too_long is not None:
            invalid[too_long] = 0
            slots[too_long] = -1
        for number, reason in enumerate(_REASONS, 1):
            found = invalid == number
            if count := int(held[found].sum()):
                problems[reason.value] = count
        slots[invalid > 0] = -1
        return slots, problems

    def _learn(self, scanned: Scanned, slots: npt.NDArray[np.int32], version: int) -> None:
        if version == V1:
            places = zip(scanned.family_at.tolist(), scanned.family_size.tolist(), strict=True)
            self._metadata.learn([scanned.part(at, size) for at, size in places])
            return
        known = slots >= 0
        ids = self._cache.name_ids(slots[known])
        self._metadata.learn_kinds(self._cache.names, ids, scanned.kinds[known])

    def _float_rows(
        self, scanned: Scanned, slots: npt.NDArray[np.int32], problems: dict[str, int]
    ) -> _Rows:
        each = np.repeat(slots, np.diff(scanned.first_sample))
        timely = (scanned.times > -_LARGEST_MS) & (scanned.times < _LARGEST_MS)
        if count := int((~timely & (each >= 0)).sum()):
            problems["timestamp"] = problems.get("timestamp", 0) + count
        keep = (each >= 0) & timely
        if keep.all():
            return _Rows(each, scanned.times, scanned.values)
        return _Rows(each[keep], scanned.times[keep], scanned.values[keep])

    def _histogram_rows(
        self, scanned: Scanned, slots: npt.NDArray[np.int32], problems: dict[str, int]
    ) -> Iterator[_Rows]:
        places = zip(
            scanned.histogram_at.tolist(),
            scanned.histogram_size.tolist(),
            slots[scanned.histogram_series].tolist(),
            strict=True,
        )
        for at, size, slot in places:
            if slot < 0:
                continue
            try:
                read = read_histogram(scanned.part(at, size))
            except MalformedHistogramError:
                problems["histogram"] = problems.get("histogram", 0) + 1
                continue
            if abs(read.time_ms) >= _LARGEST_MS:
                problems["timestamp"] = problems.get("timestamp", 0) + 1
                continue
            yield self._classic(self._cache.series(slot), read)

    def _classic(self, series: Series, read: Histogram) -> _Rows:
        """The classic series of one native histogram."""
        counted = np.float64(read.count).view(np.int64)
        rows = [
            (self._part(series, "_count"), STALE if read.stale else int(counted)),
            (self._part(series, "_sum"), read.sum_bits - (read.sum_bits >> 63 << 64)),
        ]
        if not read.stale:
            for bound, count in (*read.buckets, (np.inf, read.count)):
                bits = int(np.float64(count).view(np.int64))
                rows.append((self._part(series, "_bucket", bound), bits))
        slots, values = zip(*rows, strict=True)
        return _Rows(
            np.array(slots, np.int32),
            np.full(len(rows), read.time_ms, np.int64),
            np.array(values, np.int64),
        )

    def _part(self, series: Series, suffix: str, bound: float | None = None) -> int:
        labels = series.labels
        if bound is not None:
            text = "+Inf" if bound == np.inf else repr(float(bound)).removesuffix(".0")
            others = (pair for pair in labels if pair[0] != "le")
            labels = tuple(sorted((*others, ("le", text))))
        name = series.name + suffix
        slot = self._cache.derived(Series(name, labels, series_id(name, labels)))
        self._metadata.say(name, "histogram")
        return slot

    def _batch(self, parts: list[_Rows]) -> pa.RecordBatch:
        slots = np.concatenate([part.slots for part in parts])
        if self._cache.row_bytes(slots) > self._config.max_row_bytes:
            self._count("too_large", len(slots))
            raise RefusedWriteError("too_large", "labels and samples together are too much")
        times = np.concatenate([part.times for part in parts]) * _MILLISECOND
        values = np.concatenate([part.values for part in parts]).view(np.float64)
        kinds = self._metadata.kinds(self._cache.names)
        columns = {
            "time_ns": pa.array(times),
            "value": pa.array(values),
            **self._cache.columns(slots, kinds),
        }
        return pa.RecordBatch.from_arrays([columns[n] for n in METRICS.names], schema=METRICS)

    def _count(self, reason: str, count: int) -> None:
        self._dropped.labels("remote_write", reason).inc(count)


def _without_texts(scanned: Scanned, which: npt.NDArray[np.bool_]) -> Scanned:
    """The same request with series that have no labels, where ``which`` is true."""
    counts = np.where(which, 0, np.diff(scanned.first_text))
    keep = np.repeat(~which, np.diff(scanned.first_text))
    first = np.zeros(len(counts) + 1, np.int32)
    np.cumsum(counts, out=first[1:])
    return Scanned(
        body=scanned.body,
        text_at=scanned.text_at[keep],
        text_size=scanned.text_size[keep],
        first_text=first,
        first_sample=scanned.first_sample,
        first_exemplar=scanned.first_exemplar,
        kinds=scanned.kinds,
        times=scanned.times,
        values=scanned.values,
        histogram_at=scanned.histogram_at,
        histogram_size=scanned.histogram_size,
        histogram_series=scanned.histogram_series,
        family_at=scanned.family_at,
        family_size=scanned.family_size,
        created=scanned.created,
    )
