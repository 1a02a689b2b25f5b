"""One entry of a segment: the rows of requests that were committed together, as bytes.

An entry is a header and a payload. The header is the magic ``SJE1``, a CRC-32, the payload's
length, and when it was accepted (Unix ns), little-endian; the CRC is over time and payload. The
payload has the ids of the requests
(16 bytes each, their number first), then for each signal its name and an Arrow IPC stream
(https://arrow.apache.org/docs/format/Columnar.html), LZ4-compressed. An entry counts whole or not
at all: one whose length or CRC is not right was cut off while it was written.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from sensorium.model.signals import SCHEMAS, Signal

MAGIC: Final = b"SJE1"
ID_BYTES: Final = 16
HEADER: Final = struct.Struct("<4sIQq")
_COUNT: Final = struct.Struct("<I")
_PART: Final = struct.Struct("<16sQ")
_WORTH_A_BATCH: Final = 500
"""Rows of a batch, on average, from which batches are written one by one."""

Rows = tuple[Signal, pa.RecordBatch]


@dataclass(frozen=True, slots=True)
class Entry:
    """What was read back: ``end`` is the offset behind it in its segment."""

    accepted_ns: int
    request_ids: tuple[bytes, ...]
    rows: tuple[Rows, ...]
    end: int


def encode(rows: Sequence[Rows], request_ids: Sequence[bytes], accepted_ns: int) -> bytes:
    """The bytes of one entry: all rows of a signal together, in their order."""
    pieces = [_COUNT.pack(len(request_ids)), *request_ids]
    for signal, batches in _by_signal(rows).items():
        stream = _stream(batches)
        pieces += [_PART.pack(signal.value.encode(), len(stream)), stream]
    payload = b"".join(pieces)
    return HEADER.pack(MAGIC, _crc(accepted_ns, payload), len(payload), accepted_ns) + payload


def decode(data: memoryview, at: int, *, with_rows: bool = True) -> Entry | None:
    """The entry at an offset; None where there is no whole one."""
    if len(data) - at < HEADER.size:
        return None
    magic, crc, length, accepted_ns = HEADER.unpack_from(data, at)
    start, end = at + HEADER.size, at + HEADER.size + length
    if magic != MAGIC or end > len(data) or _crc(accepted_ns, data[start:end]) != crc:
        return None
    (count,) = _COUNT.unpack_from(data, start)
    at = start + _COUNT.size
    ids = tuple(bytes(data[at + i * ID_BYTES :][:ID_BYTES]) for i in range(count))
    at += count * ID_BYTES
    rows: list[Rows] = []
    while with_rows and at < end:
        name, size = _PART.unpack_from(data, at)
        at += _PART.size
        signal = Signal(name.rstrip(b"\0").decode())
        rows += [(signal, batch) for batch in _batches(signal, data[at : at + size])]
        at += size
    return Entry(accepted_ns, ids, tuple(rows), end)


def _crc(accepted_ns: int, payload: bytes | memoryview) -> int:
    return zlib.crc32(payload, zlib.crc32(accepted_ns.to_bytes(8, "little", signed=True)))


def joined(rows: Sequence[Rows]) -> list[Rows]:
    """One batch for each signal, in the order in which the signals first come."""
    return [(signal, _one(batches)) for signal, batches in _by_signal(rows).items()]


def _by_signal(rows: Sequence[Rows]) -> dict[Signal, list[pa.RecordBatch]]:
    by_signal: dict[Signal, list[pa.RecordBatch]] = {}
    for signal, batch in rows:
        if batch.num_rows:
            by_signal.setdefault(signal, []).append(batch)
    return by_signal


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches).unify_dictionaries().combine_chunks().to_batches()[0]


def _stream(batches: list[pa.RecordBatch]) -> pa.Buffer:
    # A batch costs some kilobytes and microseconds beside its rows, joining copies every row.
    if sum(batch.num_rows for batch in batches) < _WORTH_A_BATCH * len(batches):
        batches = [_one(batches)]
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, batches[0].schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def _batches(signal: Signal, data: memoryview) -> list[pa.RecordBatch]:
    """A stream's batches in the columns of today, should another version have written them."""
    with pa.ipc.open_stream(pa.py_buffer(data)) as stream:
        batches = list(stream)
    schema = SCHEMAS[signal]
    return [batch if batch.schema.equals(schema) else _conform(batch, schema) for batch in batches]


def _conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in batch.schema.names
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
