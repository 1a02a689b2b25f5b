"""What is known of each series: its name, how to read it, and its last sample."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.keys import KeyIndex, text_key
from sensorium.detect.metrics.window import Series
from sensorium.state.arrays import (
    State,
    StateError,
    columns,
    joined,
    part,
    put_columns,
    taken,
    taken_texts,
    texts,
)

# So many rises without a fall make a counter of a series without a type.
_RISEN = 10

# Made by the scraper, so they are there even when the target did not answer.
_COLUMNS = ("reading", "family", "target", "last_value", "last_time", "rises", "fell", "fraction")
_OF_THE_SCRAPER = ("up", "scrape_duration_seconds")


class Reading(IntEnum):
    """How a series' samples are read: by level, by increase, as increases, or not at all.

    A series without a type is read by increase until it falls, as a counter never does. Samples of
    OTLP's delta temporality are each an increase already.
    """

    LEVEL = 0
    INCREASE = 1
    IGNORED = 2
    UNTYPED = 3
    DELTA = 4


@dataclass(frozen=True, slots=True)
class Mean:
    """A histogram or summary: the mean of what it observed, from its sum and its count."""

    series: Series
    key: int
    sum_row: int
    count_row: int


def host_of(instance: str) -> str:
    """The host of ``10.0.0.1:9100``, ``[2001:db8::1]:9100`` or ``name:9100``."""
    host, colon, port = instance.rpartition(":")
    if not colon or not port.isdigit() or (":" in host and not host.startswith("[")):
        return instance
    return host.strip("[]")


def series_text(name: str, labels: Mapping[str, str]) -> str:
    """``name{label="value"}`` with the labels in order."""
    inside = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
    return f"{name}{{{inside}}}" if inside else name


class SeriesRegistry:
    """Gives each series a row; Python touches a series only when it is first seen."""

    def __init__(self, capacity: int, ignored: str) -> None:
        self._ignored = re.compile(ignored)
        self.index = KeyIndex(capacity)
        self.reading = np.zeros(0, np.int64)
        self.family = np.zeros(0, np.uint64)
        self.target = np.zeros(0, np.uint64)
        self.last_value = np.zeros(0)
        self.last_time = np.zeros(0, np.int64)
        self.rises = np.zeros(0, np.int64)
        self.fell = np.zeros(0, np.bool_)
        self.fraction = np.zeros(0, np.bool_)
        self.series: dict[int, Series] = {}
        self.instances: dict[int, str] = {}
        self.means: dict[str, Mean] = {}
        self._parts: dict[str, dict[str, int]] = {}
        self._part_of: dict[int, str] = {}

    def rows(self, batch: pa.RecordBatch, now: int) -> I64:
        """The row of every sample, -1 where there is no room for its series."""
        ids = batch.column("series_id").to_numpy(zero_copy_only=False).astype(np.uint64)
        distinct, first = np.unique(ids, return_index=True)
        rows, fresh = self.index.admit(distinct, now)
        if fresh.any():
            self._enter(batch, rows[fresh], first[fresh])
        return np.asarray(rows[np.searchsorted(distinct, ids)], np.int64)

    def read_as_counter(self, rows: I64) -> Bool:
        """Which series are read by their increase."""
        reading = self.reading[rows]
        untyped = (reading == Reading.UNTYPED) & ~self.fell[rows]
        grows = (reading == Reading.INCREASE) | (reading == Reading.DELTA)
        return np.asarray(grows | untyped, np.bool_)

    def watch(self, rows: I64, values: F64, starts: I64) -> None:
        """Note which series have fractions, and which of those without a type fall.

        Call before the last values are replaced.
        One that has only risen for long and falls far was reset, as counters are.
        """
        before = np.append(0.0, values[:-1])[: len(values)]
        first = rows[starts]
        before[starts] = np.where(self.last_time[first] > 0, self.last_value[first], values[starts])
        reset = (self.rises[rows] >= _RISEN) & (values < before / 2)
        fell = (values < before) & ~reset & (self.reading[rows] == Reading.UNTYPED)
        self.fell[rows[fell]] = True
        self.fraction[rows[values != np.floor(values)]] = True
        if len(starts):
            self.rises[first] += np.add.reduceat((values > before).astype(np.int64), starts)

    def state(self) -> State:
        """Every series with its names, and what belongs together."""
        rows = sorted(self.series)
        known = [self.series[row] for row in rows]
        halves = [(parts.get("sum", -1), parts.get("count", -1)) for parts in self._parts.values()]
        return {
            **joined(index=self.index.state()),
            **columns(self, self.index.rows_used, *_COLUMNS),
            "rows": np.array(rows, np.int64),
            **joined(
                keys=texts(series.key for series in known),
                names=texts(series.name for series in known),
                hosts=texts(series.host for series in known),
                instances=texts(self.instances.values()),
                distributions=texts(self._parts),
                part_of=texts(self._part_of.values()),
            ),
            "instance_keys": np.array(list(self.instances), np.uint64),
            "halves": np.array(halves, np.int64).reshape(-1, 2),
            "part_rows": np.array(list(self._part_of), np.int64),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self.index.restore(part(state, "index"))
        put_columns(self, state, self.index.rows_used, *_COLUMNS)
        rows = taken(state, "rows", np.int64, None)
        if not set(self.index.rows.tolist()) <= set(rows.tolist()) <= set(range(len(self.reading))):
            raise StateError("a kept state names series that it does not have")
        columns_of = (taken_texts(state, name, len(rows)) for name in ("keys", "names", "hosts"))
        told = zip(*columns_of, strict=True)
        self.series = {row: Series(*names) for row, names in zip(rows.tolist(), told, strict=True)}
        keys = taken(state, "instance_keys", np.uint64, None).tolist()
        self.instances = dict(zip(keys, taken_texts(state, "instances", len(keys)), strict=True))
        if not set(self.target[self.index.rows].tolist()) <= set(keys):
            raise StateError("a kept state has series of targets without a name")
        self._restore_means(state)

    def _restore_means(self, state: State) -> None:
        rows = taken(state, "part_rows", np.int64, None)
        halves = taken(state, "halves", np.int64, None, 2)
        if not {*rows.tolist(), *halves[halves >= 0].tolist()} <= set(self.series):
            raise StateError("a kept state has means of series that it does not have")
        of = taken_texts(state, "part_of", len(rows))
        self._part_of = dict(zip(rows.tolist(), of, strict=True))
        self._parts, self.means = {}, {}
        keys = taken_texts(state, "distributions", len(halves))
        for key, (sum_row, count_row) in zip(keys, halves.tolist(), strict=True):
            both = {"sum": sum_row, "count": count_row}
            self._parts[key] = {name: row for name, row in both.items() if row >= 0}
            self._note_mean(key)

    def _enter(self, batch: pa.RecordBatch, rows: I64, samples: I64) -> None:
        self._grow()
        for row in rows.tolist():
            self._leave(row)
        part = batch.select(["name", "labels", "kind"]).take(pa.array(samples))
        names, kinds = part.column("name").to_pylist(), part.column("kind").to_pylist()
        labels = [dict(pairs or ()) for pairs in part.column("labels").to_pylist()]
        self.last_time[rows] = 0
        self.rises[rows] = 0
        self.fell[rows] = False
        self.fraction[rows] = False
        for row, name, label, kind in zip(rows.tolist(), names, labels, kinds, strict=True):
            instance = label.get("instance", "")
            series = Series(series_text(name, label), name, host_of(instance))
            self.series[row] = series
            ignored = self._ignored.match(name) is not None
            self.reading[row] = Reading.IGNORED if ignored else _reading(name, kind or "", label)
            self.family[row] = text_key(name)
            answered = instance and name not in _OF_THE_SCRAPER
            self.target[row] = text_key(instance) if answered else 0
            self.instances.setdefault(int(self.target[row]), instance)
            self._pair(row, series, label, kind or "")
        if len(self.instances) > self.index.capacity:
            live = set(self.target[self.index.rows].tolist())
            self.instances = {key: self.instances[key] for key in self.instances if key in live}

    def _pair(self, row: int, series: Series, labels: Mapping[str, str], kind: str) -> None:
        """Where both the sum and the count of a distribution are known, note their mean."""
        if kind not in ("histogram", "summary", "delta"):
            return
        base, _, part = series.name.rpartition("_")
        if part not in ("sum", "count"):
            return
        key = series_text(base, labels)
        parts = self._parts.setdefault(key, {})
        parts[part] = row
        self._part_of[row] = key
        self._note_mean(key)

    def _note_mean(self, key: str) -> None:
        parts = self._parts[key]
        if len(parts) == 2:
            one = self.series[parts["sum"]]
            mean = Series(key, one.name.removesuffix("_sum"), one.host)
            self.means[key] = Mean(mean, text_key(f"mean of {key}"), parts["sum"], parts["count"])

    def _leave(self, row: int) -> None:
        gone = self.series.pop(row, None)
        if gone is None:
            return
        mean = self._part_of.pop(row, None)
        if mean is not None:
            self._parts.pop(mean, None)
            self.means.pop(mean, None)

    def _grow(self) -> None:
        size = self.index.rows_used
        if size <= len(self.reading):
            return
        more = 2 * size - len(self.reading)
        self.reading = np.concatenate([self.reading, np.zeros(more, np.int64)])
        self.family = np.concatenate([self.family, np.zeros(more, np.uint64)])
        self.target = np.concatenate([self.target, np.zeros(more, np.uint64)])
        self.last_value = np.concatenate([self.last_value, np.zeros(more)])
        self.last_time = np.concatenate([self.last_time, np.zeros(more, np.int64)])
        self.rises = np.concatenate([self.rises, np.zeros(more, np.int64)])
        self.fell = np.concatenate([self.fell, np.zeros(more, np.bool_)])
        self.fraction = np.concatenate([self.fraction, np.zeros(more, np.bool_)])


def _reading(name: str, kind: str, labels: Mapping[str, str]) -> Reading:
    if kind == "delta":
        is_bucket = name.endswith("_bucket") and "le" in labels
        return Reading.IGNORED if is_bucket else Reading.DELTA
    if kind == "counter" or (kind in ("", "untyped") and name.endswith("_total")):
        return Reading.INCREASE
    if kind in ("histogram", "summary"):
        # Buckets and quantiles repeat what count and mean already say.
        return Reading.INCREASE if name.endswith(("_sum", "_count")) else Reading.IGNORED
    if name.endswith("_created"):
        return Reading.IGNORED
    return Reading.UNTYPED if kind in ("", "untyped") else Reading.LEVEL
