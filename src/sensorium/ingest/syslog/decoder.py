"""The syslog decoder: a slab of datagrams in, a batch of log records out."""

from __future__ import annotations

from typing import Final, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.codes import SEVERITY_NUMBERS
from sensorium.ingest.syslog.columns import text_columns
from sensorium.ingest.syslog.config import SyslogConfig
from sensorium.ingest.syslog.framing import malformed_utf8, split, with_replacements
from sensorium.ingest.syslog.parser import parse
from sensorium.ingest.syslog.zones import LocalTimes
from sensorium.model.address import unpack_address
from sensorium.model.signals import ADDRESS, LOGS, Signal
from sensorium.observe import Observe

T = TypeVar("T", bound=np.generic)

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]

# By severity, and at the end (index -1) for a message without priority.
_NUMBERS: Final = np.array([*SEVERITY_NUMBERS, 0], np.uint8)


class SyslogDecoder:
    """Decodes RFC 5424 and RFC 3164 messages, mixed, as they come in UDP datagrams.

    Every datagram with content gives at least one row; what fits no grammar stays in the body
    and is counted by reason. ``template_id`` is 0 here. It keeps no state
    between batches but room to work in, so that one thread at a time may use it.
    """

    signal = Signal.LOGS

    def __init__(self, config: SyslogConfig, observe: Observe) -> None:
        self._scratch = _Scratch()
        self._longest = config.max_message_bytes
        self._local = LocalTimes(ZoneInfo(config.timezone))
        self._messages = observe.counter("sensorium_syslog_messages", "Syslog messages decoded", ())
        self._irregular = observe.counter(
            "sensorium_syslog_irregular",
            "Syslog messages that kept a part undecoded, or replaced or cut, by reason",
            ("reason",),
        )
        self._dropped = observe.counter(
            "sensorium_ingest_dropped", "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )  # fmt: skip

    def decode(self, datagrams: Datagrams) -> pa.RecordBatch:
        """Decode all datagrams in order; never raises for their content."""
        return self._decode(datagrams, whole=False)

    def decode_messages(self, messages: Datagrams) -> pa.RecordBatch:
        """As :meth:`decode`, of messages that were framed: a line end in one never divides it."""
        return self._decode(messages, whole=True)

    def _decode(self, datagrams: Datagrams, *, whole: bool) -> pa.RecordBatch:
        data, offsets = self._well_formed(datagrams)
        starts, ends, origins, cut = self._messages_of(data, offsets, whole=whole)
        count = len(starts)
        (rows, extras), local = self._scratch.rows(count), np.empty(count, np.bool_)
        times = np.empty(count, np.int64)
        one_each = count == len(datagrams) and (count == 0 or bool((np.diff(origins) == 1).all()))
        observed = _read_only(datagrams.arrival_ns if one_each else datagrams.arrival_ns[origins])
        totals = parse(
            data, starts, ends, observed, rows.reshape(-1), extras.reshape(-1), times, local
        )
        totals[layout.TRUNCATED] = cut
        self._count(count, totals)
        self._local.to_utc(times, local)
        sources = datagrams.src_addr if one_each else datagrams.src_addr[origins]
        return _batch(data, rows, extras, totals, times, observed, sources)

    def _well_formed(self, datagrams: Datagrams) -> tuple[Bytes, Ints]:
        # Kernels are compiled for read-only arrays, which any array can be made into.
        data, offsets = _read_only(datagrams.data), _read_only(datagrams.offsets)
        if len(data) == 0 or int(data.max()) < 0x80:
            return data, offsets
        malformed = np.zeros(len(datagrams), np.bool_)
        count = malformed_utf8(data, offsets, malformed)
        if count:
            self._irregular.labels("invalid_utf8").inc(count)
            data, offsets = with_replacements(data, offsets, malformed)
        return _read_only(data), _read_only(offsets)

    def _messages_of(
        self, data: Bytes, offsets: Ints, *, whole: bool
    ) -> tuple[Ints, Ints, Ints, int]:
        line_ends = np.empty(0, np.int64) if whole else np.flatnonzero(data == 10)
        room = len(offsets) - 1 + len(line_ends)
        starts, ends, origins = self._scratch.bounds(room)
        count, empty, cut = split(data, offsets, line_ends, self._longest, starts, ends, origins)
        if empty:
            self._dropped.labels("syslog", "empty").inc(empty)
        return starts[:count], ends[:count], origins[:count], cut

    def _count(self, messages: int, totals: Ints) -> None:
        self._messages.inc(messages)
        for reason, count in zip(
            layout.IRREGULAR, totals[layout.FIRST_REASON :].tolist(), strict=True
        ):
            if count:
                self._irregular.labels(reason).inc(count)


class _Scratch:
    """Room to work in that is kept from batch to batch: fresh pages cost as much as the work."""

    def __init__(self) -> None:
        self._rows = np.zeros((0, layout.WIDTH), np.int32)
        self._extras = np.empty((0, layout.EXTRA_WIDTH), np.int32)
        self._bounds = np.zeros((3, 0), np.int64)

    def rows(self, count: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Zeroed positions of ``count`` messages, and rows of extras with any content."""
        if count > len(self._rows):
            self._rows = np.zeros((count, layout.WIDTH), np.int32)
            self._extras = np.empty((count, layout.EXTRA_WIDTH), np.int32)
        rows = self._rows[:count]
        rows[:] = 0
        return rows, self._extras[:count]

    def bounds(self, count: int) -> npt.NDArray[np.int64]:
        """Starts, ends and origins of ``count`` messages, with any content."""
        if count > self._bounds.shape[1]:
            self._bounds = np.zeros((3, count), np.int64)
        return self._bounds[:, :count]


def _read_only(array: npt.NDArray[T]) -> npt.NDArray[T]:
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _senders(rows: npt.NDArray[np.int32], sources: Bytes) -> tuple[tuple[str, ...], Ints]:
    """Names for messages that state no host: a table, and each message's entry in it."""
    index = np.zeros(len(rows), np.int64)
    nameless = np.flatnonzero(rows[:, layout.HOST + 1] == 0)
    if len(nameless) == 0:
        return ("",), index
    addresses = np.ascontiguousarray(sources[nameless])
    encoded = pa.Array.from_buffers(
        ADDRESS, len(nameless), [None, pa.py_buffer(addresses)]
    ).dictionary_encode()
    index[nameless] = encoded.indices.to_numpy()
    return tuple(unpack_address(packed) for packed in encoded.dictionary.to_pylist()), index


def _batch(
    data: Bytes,
    rows: npt.NDArray[np.int32],
    extras: npt.NDArray[np.int32],
    totals: Ints,
    times: Ints,
    observed: Ints,
    sources: Bytes,
) -> pa.RecordBatch:
    names, senders = _senders(rows, sources)
    priority = rows[:, layout.PRIORITY]
    severity = np.where(priority >= 0, priority & 7, -2 - priority)
    columns = {
        **text_columns(data, rows, extras, totals, senders, names),
        "time_ns": pa.array(times),
        "observed_time_ns": pa.array(observed),
        "source_address": pa.Array.from_buffers(
            ADDRESS, len(rows), [None, pa.py_buffer(np.ascontiguousarray(sources))]
        ),
        "severity_number": pa.array(_NUMBERS[severity]),
        "template_id": pa.array(np.zeros(len(rows), np.uint64)),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in LOGS.names], schema=LOGS)
