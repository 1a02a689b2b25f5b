"""What SiLK's rwcut prints: a record on each line, its fields parted by bars.

Fields as in rwcut's manual. Times are UTC, in its default form, ``m/d/y``, ``iso`` or ``epoch``;
where it prints in columns, titles are cut to the width of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.exports import rows
from sensorium.ingest.exports.cells import column, titled
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import FlowType, Signal

_INTEGERS: Final = {
    "src_port": "sPort",
    "dst_port": "dPort",
    "packets": "packets",
    "bytes": "bytes",
    "in_if": "in",
    "out_if": "out",
}
_ADDRESSES: Final = {"src_addr": "sIP", "dst_addr": "dIP", "next_hop": "nhIP"}
_IN_COLUMNS: Final = (
    *(*_INTEGERS.values(), *_ADDRESSES.values()),
    *("protocol", "flags", "sTime", "duration", "eTime", "iType", "iCode"),
)
_TITLES: Final = (
    *(*_IN_COLUMNS, "sensor", "class", "type", "attributes", "application"),
    *("initialFlags", "sessionFlags"),
)
_SEPARATOR: Final = re.compile(r"[|,;:\t]")


def read_rwcut(file: BinaryIO, refused: Refusals) -> Iterator[tuple[Signal, pa.RecordBatch]]:
    """The flows of rwcut's text, which begins with its titles."""
    for cells in titled(file, _SEPARATOR, refused, _plain):
        yield Signal.FLOWS, _flows(cells, refused)


def _plain(title: str) -> str:
    """A field's name in full: ``pro`` is protocol, ``sTime+msec`` what sTime is today."""
    title = title.removesuffix("+msec")
    if title in _TITLES or len(title) < 3:
        return title
    return next((full for full in _TITLES if full.startswith(title)), title)


def _flows(cells: pa.Table, refused: Refusals) -> pa.RecordBatch:
    count = cells.num_rows
    start, end = (rows.nanoseconds(_dashed(column(cells, name))) for name in ("sTime", "eTime"))
    lasted = np.rint(np.nan_to_num(rows.decimals(column(cells, "duration"))) * 1000)
    lasted = np.clip(lasted, 0, 1 << 40).astype(np.int64) * 1_000_000
    start = np.where((start < 0) & (end >= 0), end - lasted, start)
    end = np.where(end < 0, start + lasted, end)
    columns = {name: rows.integers(column(cells, key)) for name, key in _INTEGERS.items()}
    columns |= {name: rows.addresses(column(cells, key)) for name, key in _ADDRESSES.items()}
    proto = rows.protocols(column(cells, "protocol"))
    columns |= rows.icmp(proto, column(cells, "dPort"), columns)
    for name, key in (("icmp_type", "iType"), ("icmp_code", "iCode")):
        if key in cells.column_names:
            columns[name] = rows.integers(column(cells, key))
    columns |= {
        "time_received_ns": pa.array(end),
        "time_flow_start_ns": pa.array(start),
        "time_flow_end_ns": pa.array(end),
        "proto": proto,
        "tcp_flags": rows.tcp_flags(column(cells, "flags")),
        "etype": rows.versions(column(cells, "sIP")),
        "attributes": rows.labels(_others(cells), count),
    }
    batch = rows.flow_rows(FlowType.SILK_RWCUT, columns, count)
    return rows.timed_rows(batch, start >= 0, refused)


def _dashed(times: pa.Array) -> pa.Array:
    """2009/04/20T11:35:24.632, or with --timestamp-format=m/d/y 04/20/2009, as with ``iso``."""
    years_first = pc.replace_substring_regex(times, r"^(\d\d)/(\d\d)/(\d{4})", r"\3-\1-\2")
    return pc.replace_substring(years_first, "/", "-")


def _others(cells: pa.Table) -> dict[str, pa.Array]:
    """What has no column, under SiLK's names; its ``type`` is called so beside our own."""
    return {
        "flow_type" if name == "type" else name: column(cells, name)
        for name in cells.column_names
        if name and name not in _IN_COLUMNS
    }
