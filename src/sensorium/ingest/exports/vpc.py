"""Flow logs of AWS VPCs as text, as they lie in S3 and as CloudWatch exports them, or as JSON.

Fields as in Amazon's page *Flow log records*. Files in S3 name their fields in the first line; the
default format, which CloudWatch has without such a line, is known by its first cells. Rows of
their Parquet form, printed as JSON, have the same names with underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.exports import rows
from sensorium.ingest.exports.cells import column, table
from sensorium.ingest.exports.lines import distinct, pieces
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import FlowType, Signal

_DEFAULT: Final = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
).split()
_RECORD: Final = re.compile(rb"(?P<delivered>\d{4}-\d\d-\d\dT[\d:.]+Z )?\d+ ")
_UNSET: Final = "-"
_INTEGERS: Final = {
    "src_port": "srcport",
    "dst_port": "dstport",
    "proto": "protocol",
    "tcp_flags": "tcp-flags",
    "bytes": "bytes",
    "packets": "packets",
}
_IN_COLUMNS: Final = frozenset(
    [
        *("version", "type", "log-status", "srcaddr", "dstaddr", "start", "end"),
        *("flow-direction", *_INTEGERS.values()),
    ]
)


def read_log(file: BinaryIO, refused: Refusals) -> Iterator[tuple[Signal, pa.RecordBatch]]:
    """The flows of a log; a record that has none (NODATA, SKIPDATA) is counted as ``no_flow``."""
    names: list[str] = []
    for piece in pieces(file):
        lines = piece
        if not names:
            told = _RECORD.match(piece)
            if told is None:
                first, _, lines = piece.partition(b"\n")
                names = distinct(first.decode(errors="replace").split())
            else:
                names = [""] * (told["delivered"] is not None) + _DEFAULT
        if lines.strip():
            yield Signal.FLOWS, flows(table(lines, names, " ", refused), refused)


def flows(cells: pa.Table, refused: Refusals) -> pa.RecordBatch:
    """Rows of FLOWS of columns of text under Amazon's names."""

    def named(name: str) -> pa.Array:
        return column(cells, name, _UNSET)

    source, target = (
        pc.coalesce(named(name), named(f"pkt-{name}")) for name in ("srcaddr", "dstaddr")
    )
    count = cells.num_rows
    start, end = rows.nanoseconds(named("start")), rows.nanoseconds(named("end"))
    start, end = np.where(start < 0, end, start), np.where(end < 0, start, end)
    direction = pc.equal(named("flow-direction"), "egress")
    columns = {name: rows.integers(named(key)) for name, key in _INTEGERS.items()}
    columns |= {
        "time_received_ns": pa.array(end),
        "time_flow_start_ns": pa.array(start),
        "time_flow_end_ns": pa.array(end),
        "src_addr": rows.addresses(source),
        "dst_addr": rows.addresses(target),
        "etype": rows.versions(source),
        "flow_direction": pc.fill_null(direction, False).cast(pa.uint8()),
        "attributes": rows.labels(_others(cells), count),
    }
    batch = rows.flow_rows(FlowType.VPC_FLOW_LOG, columns, count)
    flowed = pc.or_(source.is_valid(), target.is_valid()).to_numpy(zero_copy_only=False)
    timed = start >= 0
    for reason, lost in (("no_flow", ~flowed), ("no_time", flowed & ~timed)):
        if lost.any():
            refused.add(reason, int(lost.sum()))
    return batch.filter(pa.array(flowed & timed))


def _others(cells: pa.Table) -> dict[str, pa.Array]:
    """What has no column, under Amazon's names."""
    return {
        name: column(cells, name, _UNSET)
        for name in cells.column_names
        if name and name not in _IN_COLUMNS
    }
