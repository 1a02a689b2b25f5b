"""Event time: which window a record belongs to, and when windows close.

A record's event time is clamped into [arrival - lateness, arrival], so that a wrong clock cannot
make a record fall outside what is scored, and its window follows from the record alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import I32, I64
from sensorium.detect.groups import Groups
from sensorium.model.signals import Signal

# Windows that are looked for one by one.
_FEW = 4
# Event time and arrival of each signal; a scrape's sample has no time but its arrival.
_TIMES = {
    Signal.FLOWS: ("time_flow_end_ns", "time_received_ns"),
    Signal.LOGS: ("time_ns", "observed_time_ns"),
    Signal.METRICS: ("time_ns", "time_ns"),
}
_FLOW_COLUMNS = [
    *("time_flow_start_ns", "time_flow_end_ns", "sampler_address", "observation_domain_id"),
    *("sampling_rate", "src_addr", "dst_addr", "src_port", "dst_port", "proto", "tcp_flags"),
    *("bytes", "packets", "in_if", "out_if", "icmp_type", "flow_direction"),
]
_COLUMNS = {
    Signal.FLOWS: _FLOW_COLUMNS,
    Signal.LOGS: [
        *("time_ns", "source_address", "severity_number", "app", "proc_id", "body", "template_id")
    ],
    Signal.METRICS: ["time_ns", "series_id", "name", "labels", "value", "kind"],
}


@dataclass(slots=True)
class Clamped:
    """How many records were moved, by reason."""

    late: int = 0
    future: int = 0
    after_close: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """Those rows of a batch that fall into a window, int32 and ascending; None stands for all."""

    batch: pa.RecordBatch
    rows: I32 | None = None

    @property
    def num_rows(self) -> int:
        """How many rows it has."""
        return self.batch.num_rows if self.rows is None else len(self.rows)

    def taken(self) -> pa.RecordBatch:
        """The rows, on their own."""
        return self.batch if self.rows is None else self.batch.take(pa.array(self.rows))


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """One window's records by signal. ``complete`` is false where records of it may be missing,
    because the stream ended before all of them could have arrived."""

    index: int
    parts: dict[Signal, list[Part]]
    complete: bool

    def merged(self, signal: Signal) -> pa.RecordBatch | None:
        """A signal's records in the order of arrival, None where there are none."""
        if signal not in self.parts:
            return None
        taken = [part.taken() for part in self.parts[signal]]
        return pa.Table.from_batches(taken).combine_chunks().to_batches()[0]


def _by_window(index: I64) -> Iterator[tuple[int, I32 | None]]:
    """Each window among those of a batch's rows, and its rows, None where it has all."""
    first, last = int(index.min()), int(index.max())
    if first == last:
        yield first, None
    elif last - first < _FEW:
        for window in range(first, last + 1):
            rows = np.flatnonzero(index == window)
            if len(rows):
                yield window, rows.astype(np.int32)
    else:
        windows = Groups.of(index.view(np.uint64))
        for place, window in enumerate(windows.keys.view(np.int64).tolist()):
            yield window, windows.members(place).astype(np.int32)


class WindowBuffer:
    """Holds the records of windows that are still open, by signal."""

    def __init__(self, window_ns: int, lateness_ns: int) -> None:
        self._window_ns = window_ns
        self._lateness_ns = lateness_ns
        self._open: dict[int, dict[Signal, list[Part]]] = {}
        self._bytes: dict[int, float] = {}
        self._closed_below: int | None = None
        self._latest_arrival = 0
        self.clamped = Clamped()

    @property
    def closed_below(self) -> int | None:
        """The first window that is open still; None before any was closed."""
        return self._closed_below

    @property
    def first_open(self) -> int | None:
        """The oldest window that has a record and is open; None where none has."""
        return min(self._open, default=None)

    @property
    def waiting_bytes(self) -> int:
        """What the records of open windows take."""
        return int(sum(self._bytes.values()))

    def close_below(self, window: int) -> None:
        """Take it that all windows before this one are closed; call before the first row."""
        self._closed_below = window

    def add(self, signal: Signal, batch: pa.RecordBatch, *, again: bool = False) -> None:
        """Put every row of ``batch`` into its window.

        Of rows that are read ``again`` those of closed windows are left out.
        """
        if not batch.num_rows:
            return
        index = self._clamp(signal, batch) // self._window_ns
        if again and self._closed_below is not None:
            taken = np.flatnonzero(index >= self._closed_below)
            if len(taken) < len(index):
                batch, index = batch.take(pa.array(taken)), index[taken]
            if not batch.num_rows:
                return
        elif self._closed_below is not None:
            late = index < self._closed_below
            self.clamped.after_close += int(late.sum())
            index = np.where(late, self._closed_below, index)
        kept = batch.select(_COLUMNS[signal])
        of_row = kept.nbytes / kept.num_rows
        for window, rows in _by_window(index):
            part = Part(kept, rows)
            self._open.setdefault(window, {}).setdefault(signal, []).append(part)
            self._bytes[window] = self._bytes.get(window, 0.0) + of_row * part.num_rows

    def close(self, watermark_ns: int) -> list[ClosedWindow]:
        """Take out all windows that end at or before ``watermark_ns``, oldest first.

        Windows in which no signal has a record are not among them: then it was we who saw
        nothing, which says nothing about the network.
        """
        below = watermark_ns // self._window_ns
        ready = sorted(window for window in self._open if window < below)
        known_until = self._latest_arrival - self._lateness_ns
        closed = [
            ClosedWindow(
                window,
                self._open.pop(window),
                complete=(window + 1) * self._window_ns <= known_until,
            )
            for window in ready
        ]
        for window in ready:
            del self._bytes[window]
        self._closed_below = max(below, self._closed_below or below)
        return closed

    def _clamp(self, signal: Signal, batch: pa.RecordBatch) -> I64:
        event_column, arrival_column = _TIMES[signal]
        event: I64 = batch.column(event_column).to_numpy(zero_copy_only=False)
        arrival: I64 = batch.column(arrival_column).to_numpy(zero_copy_only=False)
        event = np.where(event > 0, event, arrival)
        if event_column == arrival_column:
            self._latest_arrival = max(self._latest_arrival, int(event.max()))
            return np.asarray(event, np.int64)
        arrival = np.where(arrival > 0, arrival, event)
        self._latest_arrival = max(self._latest_arrival, int(arrival.max()))
        earliest = arrival - self._lateness_ns
        self.clamped.late += int((event < earliest).sum())
        self.clamped.future += int((event > arrival).sum())
        return np.asarray(np.clip(event, earliest, arrival), np.int64)
