"""The Prometheus decoder: scrapes in, a batch of samples out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.prometheus.config import PrometheusConfig
from sensorium.ingest.prometheus.layout import Layout, Layouts
from sensorium.ingest.prometheus.scan import Scanned, scan
from sensorium.ingest.prometheus.scrape import Scrape
from sensorium.model.signals import METRICS, Signal
from sensorium.observe import Observe

_NUMBER: Final = re.compile(
    rb"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|nan|inf|infinity)", re.IGNORECASE
)
_MILLISECOND: Final = 1_000_000
_LARGEST_MS: Final = (1 << 63) // _MILLISECOND - 1


@dataclass(frozen=True, slots=True)
class _Part:
    """One scrape's rows: its layout, and times, values and which rows to keep."""

    layout: Layout
    times: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    keep: npt.NDArray[np.bool_]


class PrometheusDecoder:
    """Decodes text exposition (0.0.4, and what OpenMetrics adds to a line) as scraped.

    Each scrape also gives ``up`` and ``scrape_duration_seconds``, as Prometheus does; one that
    was not answered with 200 gives only them. A malformed line is counted and the others are
    kept. It keeps the label columns of the targets it has seen, up to a bound.
    """

    signal = Signal.METRICS

    def __init__(self, config: PrometheusConfig, observe: Observe) -> None:
        self._limit = config.max_samples_per_scrape
        self._layouts = Layouts(config.max_cached_series)
        self._samples = observe.counter("sensorium_prometheus_samples", "Samples decoded")
        self._cached = observe.gauge(
            "sensorium_prometheus_cached_series", "Series whose labels are kept in memory"
        )
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )

    def decode(self, scrapes: Sequence[Scrape]) -> pa.RecordBatch:
        """All samples, scrape by scrape in the order given; never raises for their content."""
        parts = [self._part(scrape) for scrape in scrapes]
        batch = _batch(parts)
        self._samples.inc(batch.num_rows)
        self._cached.set(self._layouts.series)
        return batch

    def _part(self, scrape: Scrape) -> _Part:
        answered = scrape.status == 200
        scanned = scan(scrape.body if answered else b"", self._limit)
        layout = self._layouts.of(scanned.skeleton, scrape.job, scrape.instance)
        values, readable = _numbers(scanned.values, scanned.value_ends)
        times, stamped = _times(scanned, scrape.time_ns)
        readable &= stamped & layout.valid[:-2]
        malformed = scanned.malformed + scanned.samples - int(readable.sum())
        self._count(malformed, "malformed")
        self._count(scanned.over_limit, "sample_limit")
        # A body of which nothing can be read is no exposition, whatever the status says.
        up = answered and (bool(readable.any()) or malformed == 0)
        own_values = np.array([float(up), scrape.duration_ns / 1e9])
        return _Part(
            layout=layout,
            times=np.concatenate([times, np.full(2, scrape.time_ns, np.int64)]),
            values=np.concatenate([values, own_values]),
            keep=np.concatenate([readable, np.ones(2, np.bool_)]),
        )

    def _count(self, lines: int, reason: str) -> None:
        if lines:
            self._dropped.labels("prometheus", reason).inc(lines)


def _tokens(data: npt.NDArray[np.uint8], ends: npt.NDArray[np.int32]) -> pa.StringArray:
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(ends) - 1, buffers)


def _numbers(
    data: npt.NDArray[np.uint8], ends: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Parse tokens as floats, and say which were numbers."""
    tokens = _tokens(data, ends)
    try:
        return pc.cast(tokens, pa.float64()).to_numpy(), np.ones(len(tokens), np.bool_)
    except pa.ArrowInvalid:
        texts = [text.encode() for text in tokens.to_pylist()]
        numeric = [_NUMBER.fullmatch(text) is not None for text in texts]
        values = [float(t) if ok else np.nan for t, ok in zip(texts, numeric, strict=True)]
        return np.array(values, np.float64), np.array(numeric, np.bool_)


def _times(
    scanned: Scanned, scraped_ns: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Each sample's time, and whether it could be read: its own if stated, else the scrape's.

    The text format states whole milliseconds; OpenMetrics states seconds, kept to the millisecond.
    A page of OpenMetrics that was cut has no end to know it by: its fractions are no milliseconds.
    """
    times = np.full(scanned.samples, scraped_ns, np.int64)
    readable = np.ones(scanned.samples, np.bool_)
    stated = np.flatnonzero(np.diff(scanned.stamp_ends)) if scanned.stamped else ()
    if len(stated) == 0:
        return times, readable
    ends = np.concatenate([scanned.stamp_ends[:1], scanned.stamp_ends[1:][stated]])
    stamps, numeric = _numbers(scanned.stamps, ends)
    if scanned.open_metrics:
        milliseconds = stamps * 1000
    else:
        milliseconds = stamps
        numeric &= stamps == np.floor(stamps)
    numeric &= np.abs(milliseconds) < _LARGEST_MS
    whole = np.where(numeric, milliseconds, 0).astype(np.int64)
    times[stated] = whole * _MILLISECOND
    readable[stated] = numeric
    return times, readable


def _batch(parts: list[_Part]) -> pa.RecordBatch:
    if not parts:
        return pa.RecordBatch.from_pylist([], schema=METRICS)
    columns = {
        "time_ns": pa.array(np.concatenate([p.times for p in parts])),
        "series_id": pa.array(np.concatenate([p.layout.ids for p in parts])),
        "name": pa.concat_arrays([p.layout.names for p in parts]),
        "labels": pa.concat_arrays([p.layout.labels for p in parts]),
        "value": pa.array(np.concatenate([p.values for p in parts])),
        "kind": pa.concat_arrays([p.layout.kinds for p in parts]),
    }
    batch = pa.RecordBatch.from_arrays([columns[n] for n in METRICS.names], schema=METRICS)
    keep = np.concatenate([p.keep for p in parts])
    return batch if keep.all() else batch.filter(pa.array(keep))
