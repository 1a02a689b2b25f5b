"""Flow records out of Arrow: addresses become small integers, records sums by direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import I64, U64, Bool
from sensorium.detect.flows.told import Told
from sensorium.detect.flows.window import Addresses, Records
from sensorium.detect.kernels.gathering import BLOCK, KEPT, NAMES, SUMS, enter_addresses, gather
from sensorium.detect.windows import Part
from sensorium.ingest.compiled import read_only
from sensorium.model.address import V4_PREFIX

_V4_MAPPED, _V4_BITS = np.uint64(int.from_bytes(V4_PREFIX[8:], "big")), np.uint64(0xFFFFFFFF)
_ADDRESSES = ("sampler_address", "src_addr", "dst_addr")
# In the order in which the kernel takes them, with the types of the schema.
_COLUMNS = (
    ("observation_domain_id", np.uint32),
    ("sampling_rate", np.uint64),
    ("src_port", np.uint16),
    ("dst_port", np.uint16),
    ("proto", np.uint8),
    ("tcp_flags", np.uint16),
    ("bytes", np.uint64),
    ("packets", np.uint64),
    ("time_flow_start_ns", np.int64),
    ("time_flow_end_ns", np.int64),
    ("in_if", np.uint32),
    ("out_if", np.uint32),
    ("flow_direction", np.uint8),
    ("icmp_type", np.uint8),
)
_SMALLEST = 1 << 12
_EVERY_ROW = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Gathered:
    """A window's records as sums by direction and point of observation, ``g`` rows.

    ``names`` uint64 (g, 4) and ``sums`` int64 (g + 1, 14) have the columns of
    ``kernels.gathering``; the last row of the sums is zero. Addresses in them are numbered as
    they appeared, and ``rank`` gives each its place in ``addresses``.
    """

    addresses: Addresses
    records: Records
    names: U64
    sums: I64
    rank: I64


def gather_records(parts: Sequence[Part], told: Told, addresses: int = 0) -> Gathered:
    """Take a window's rows of the flows schema in, batch by batch.

    Volumes are multiplied by the sampling rate where it is known; the number of records is not.
    Time that another point told of in an earlier window, as ``told`` says, is left out. There is
    room for so many ``addresses`` at first.
    """
    tables = _Tables(sum(part.num_rows for part in parts), addresses)
    for part in parts:
        columns = _columns(part.batch)
        rows = _EVERY_ROW if part.rows is None else part.rows
        at = 0
        while at < part.num_rows:
            at = gather(
                at,
                columns,
                rows,
                tables.addresses,
                tables.groups,
                told.columns,
                tables.kept,
                tables.used,
            )
            tables.grow()
    return tables.result()


class _Tables:
    """What the kernel fills: it stops where a table is half full, and goes on when it has grown."""

    def __init__(self, records: int, addresses: int) -> None:
        self.used = np.zeros(4, np.int64)
        places = 1 << max(addresses + 3 * BLOCK, _SMALLEST // 2).bit_length()
        firsts, seconds, keys = (np.zeros(places, np.uint64) for _ in range(3))
        self.addresses = (_slots(2 * places), firsts, seconds, keys)
        room = 1 << max(records, _SMALLEST // 2).bit_length()
        self.groups = (
            _slots(2 * room),
            np.empty(room, np.uint64),
            np.empty((room, NAMES), np.uint64),
            np.empty((room + 1, SUMS), np.int64),
        )
        self.kept = np.empty((KEPT, records), np.int64)

    def grow(self) -> None:
        """Make the table of addresses larger, where it is about half full."""
        slots = self.addresses[0]
        if 2 * (self.used[0] + 3 * BLOCK) <= len(slots):
            return
        columns = self.addresses[1:]
        firsts, seconds, keys = (np.concatenate([c, np.zeros_like(c)]) for c in columns)
        slots = _slots(2 * len(slots))
        enter_addresses(self.used[0], slots, firsts, seconds)
        self.addresses = (slots, firsts, seconds, keys)

    def result(self) -> Gathered:
        """The sums, and the addresses in the order of their bytes."""
        many, groups = int(self.used[0]), int(self.used[1])
        firsts, seconds, keys = (column[:many] for column in self.addresses[1:])
        upper, lower = firsts.view(">u8"), seconds.view(">u8")
        # Of the machine's own byte order they sort faster, and IPv4 differs in the lower half only.
        low, high = lower.astype(np.uint64), upper.astype(np.uint64)
        order = np.argsort(low) if (high == high[:1]).all() else np.lexsort((low, high))
        rank = np.empty(many, np.int64)
        rank[order] = np.arange(many)
        packed = np.empty((many, 2), ">u8")
        packed[:, 0], packed[:, 1] = upper[order], lower[order]
        octets = packed.view(np.uint8).reshape(-1, 16)
        addresses = Addresses(octets, keys[order], _is_group(high[order], low[order]))
        exporter, source, target, in_if, out_if, size, packets = self.kept
        records = Records(
            exporter=rank[exporter],
            source=rank[source],
            target=rank[target],
            in_if=in_if,
            out_if=out_if,
            bytes=size,
            packets=packets,
        )
        sums = self.groups[3][: groups + 1]
        sums[groups] = 0
        return Gathered(addresses, records, self.groups[2][:groups], sums, rank)


def _slots(many: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.full(many, -1, np.int32)


def _columns(
    batch: pa.RecordBatch,
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.generic]], ...]:
    """The kernel's columns, without copying where they are of the schema's types."""
    octets = [_halves(batch.column(name)) for name in _ADDRESSES]
    numbers = [_numbers(batch.column(name), dtype) for name, dtype in _COLUMNS]
    return (*octets, *numbers)


def _numbers(
    column: pa.Array, dtype: type[np.generic]
) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    if column.null_count:
        column = column.fill_null(0)
    return read_only(np.asarray(column.to_numpy(zero_copy_only=False), dtype))


def _halves(column: pa.Array) -> U64:
    """Addresses as (n, 2) halves of 64 bits, in the order of bytes that they have."""
    if column.null_count:
        column = column.fill_null(bytes(16))
    octets = np.frombuffer(column.buffers()[1], np.uint8)
    start = 16 * column.offset
    return read_only(octets[start : start + 16 * len(column)].view("<u8").reshape(-1, 2))


def _is_group(high: U64, low: U64) -> Bool:
    """Of addresses as numbers, their upper and lower halves: multicast, broadcast, unspecified."""
    v4 = low & _V4_BITS
    first = v4 >> np.uint64(24)
    shared = ((first >= 224) & (first < 240)) | (v4 == _V4_BITS) | (v4 == 0)
    mapped = (high == 0) & (low >> np.uint64(32) == _V4_MAPPED)
    nobody = (high == 0) & (low == 0)
    return np.asarray(mapped & shared | (high >> np.uint64(56) == 0xFF) | nobody, np.bool_)
