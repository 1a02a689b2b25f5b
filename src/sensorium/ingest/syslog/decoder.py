"""The syslog decoder: a slab of datagrams in, a batch of log records out."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.compiled import read_only
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.columns import message_columns
from sensorium.ingest.syslog.config import SyslogConfig
from sensorium.ingest.syslog.framing import malformed_utf8, split, survey, with_replacements
from sensorium.ingest.syslog.parser import parse
from sensorium.ingest.syslog.regular import parse_regular
from sensorium.ingest.syslog.zones import LocalTimes
from sensorium.model.address import unpack_address
from sensorium.model.signals import ADDRESS, LOGS, Signal
from sensorium.observe import Observe

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int32]

_NO_SENDERS: Final = np.empty(0, np.int64)


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
        data, offsets, feeds = self._well_formed(datagrams)
        starts, ends, origins, cut = self._messages_of(data, offsets, divide=feeds and not whole)
        count = len(starts)
        observed, sources = datagrams.arrival_ns, datagrams.src_addr
        if origins is not None:
            observed, sources = observed[origins], sources[origins]
        observed = read_only(observed)
        rows, extras, others, local = self._scratch.rows(count)
        times, totals = np.empty(count, np.int64), np.zeros(layout.TOTALS, np.int64)
        flat = rows.reshape(-1)
        rest = parse_regular(data, starts, ends, observed, flat, times, local, totals, others)
        parse(
            *(data, starts, ends, observed, others[:rest]),
            *(flat, extras.reshape(-1), times, local, totals),
        )
        totals[layout.TRUNCATED] = cut
        self._count(count, totals)
        self._local.to_utc(times, local, observed)
        return _batch(data, rows, extras, totals, times, observed, sources)

    def _well_formed(self, datagrams: Datagrams) -> tuple[Bytes, Ints, bool]:
        """All bytes, where each datagram ends, and whether there is a line feed in any."""
        # Kernels are compiled for read-only arrays, which any array can be made into.
        data, offsets = read_only(datagrams.data), read_only(datagrams.offsets)
        foreign, feeds = survey(data)
        if foreign:
            malformed = np.zeros(len(datagrams), np.bool_)
            count = malformed_utf8(data, offsets, malformed)
            if count:
                self._irregular.labels("invalid_utf8").inc(count)
                data, offsets = with_replacements(data, offsets, malformed)
        return read_only(data), read_only(offsets), feeds

    def _messages_of(
        self, data: Bytes, offsets: Ints, *, divide: bool
    ) -> tuple[Ints, Ints, Ints | None, int]:
        """Where messages start and end, their datagrams (None: one in each), how many were cut."""
        line_ends = np.flatnonzero(data == 10) if divide else np.empty(0, np.int64)
        room = len(offsets) - 1 + len(line_ends)
        starts, ends, origins = self._scratch.bounds(room)
        count, empty, cut = split(data, offsets, line_ends, self._longest, starts, ends, origins)
        if empty:
            self._dropped.labels("syslog", "empty").inc(empty)
        one_each = empty == 0 and count == len(offsets) - 1
        return starts[:count], ends[:count], None if one_each else origins[:count], cut

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
        self._rows = np.empty((0, layout.WIDTH), np.int32)
        self._extras = np.empty((0, layout.EXTRA_WIDTH), np.int32)
        self._others = np.empty(0, np.int64)
        self._local = np.empty(0, np.bool_)
        self._bounds = np.zeros((3, 0), np.int64)

    def rows(self, count: int) -> tuple[Positions, Positions, Ints, npt.NDArray[np.bool_]]:
        """Positions of ``count`` messages, rows of extras, numbers and marks, with any content."""
        if count > len(self._rows):
            self._rows = np.empty((count, layout.WIDTH), np.int32)
            self._extras = np.empty((count, layout.EXTRA_WIDTH), np.int32)
            self._others = np.empty(count, np.int64)
            self._local = np.empty(count, np.bool_)
        return self._rows[:count], self._extras[:count], self._others[:count], self._local[:count]

    def bounds(self, count: int) -> npt.NDArray[np.int64]:
        """Starts, ends and origins of ``count`` messages, with any content."""
        if count > self._bounds.shape[1]:
            self._bounds = np.zeros((3, count), np.int64)
        return self._bounds[:, :count]


def _senders(rows: Positions, sources: Bytes) -> tuple[tuple[str, ...], Ints]:
    """Names for messages that state no host: a table, and each message's entry in it."""
    index = np.zeros(len(rows), np.int64)
    nameless = np.flatnonzero(rows[:, layout.HOST + 1] == rows[:, layout.HOST])
    addresses = np.ascontiguousarray(sources[nameless])
    encoded = pa.Array.from_buffers(
        ADDRESS, len(nameless), [None, pa.py_buffer(addresses)]
    ).dictionary_encode()
    index[nameless] = encoded.indices.to_numpy()
    return tuple(unpack_address(packed) for packed in encoded.dictionary.to_pylist()), index


def _batch(
    data: Bytes,
    rows: Positions,
    extras: Positions,
    totals: Ints,
    times: Ints,
    observed: Ints,
    sources: Bytes,
) -> pa.RecordBatch:
    names: tuple[str, ...] = ("",)
    senders = _NO_SENDERS
    if totals[layout.NAMELESS]:
        names, senders = _senders(rows, sources)
    columns = {
        **message_columns(data, rows, extras, totals, senders, names),
        "time_ns": pa.array(times),
        "observed_time_ns": pa.array(observed),
        "source_address": pa.Array.from_buffers(
            ADDRESS, len(rows), [None, pa.py_buffer(np.ascontiguousarray(sources))]
        ),
        "template_id": pa.array(np.zeros(len(rows), np.uint64)),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in LOGS.names], schema=LOGS)
