"""nfdump's CSV output (``nfdump -o csv``, ``csv-fast`` and ``csv:`` with columns chosen), of
versions that name their columns in the first line; and its JSON (``-o json``, ``ndjson``).

Columns as in nfdump's manual. Its times have no zone and are read as UTC: run it with ``TZ=UTC``.
A record with output counters is a biflow, and gives a row for each direction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.exports import rows
from sensorium.ingest.exports.cells import table
from sensorium.ingest.exports.lines import distinct, pieces
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import FlowType, Signal

# Columns of FLOWS: what nfdump called them up to 1.7.2, and what it has called them since.
_INTEGERS: Final = {
    "src_port": ("sp", "srcPort"),
    "dst_port": ("dp", "dstPort"),
    "ip_tos": ("stos", "srcTos", "tos"),
    "packets": ("ipkt", "packets", "inPackets"),
    "bytes": ("ibyt", "bytes", "inBytes"),
    "in_if": ("in", "input"),
    "out_if": ("out", "output"),
    "src_as": ("sas", "srcAS"),
    "dst_as": ("das", "dstAS"),
    "src_mask": ("smk", "srcMask"),
    "dst_mask": ("dmk", "dstMask"),
    "flow_direction": ("dir", "flowDir", "direction"),
    "src_vlan": ("svln", "srcVlan"),
    "dst_vlan": ("dvln", "dstVlan"),
}
_ADDRESSES: Final = {
    "src_addr": ("sa", "srcAddr"),
    "dst_addr": ("da", "dstAddr"),
    "next_hop": ("nh", "nextHop", "nextIP"),
    "sampler_address": ("ra", "router", "routerIP"),
}
_OTHERS: Final = {
    "start": ("ts", "firstSeen"),
    "end": ("te", "lastSeen"),
    "duration": ("td", "duration"),
    "received": ("tr", "received"),
    "proto": ("pr", "proto"),
    "flags": ("flg", "flags"),
    "out_packets": ("opkt", "outPackets"),
    "out_bytes": ("obyt", "outBytes"),
    "src_mac": ("ismc", "inSrcMac"),
    "dst_mac": ("odmc", "outDstMac"),
    # Spelt so.
    "icmp_type": ("icmpTYpe", "icmpType"),
    "icmp_code": ("icmpCode",),
    # The number of a record among those printed, and its address family.
    "counted": ("cnt", "count"),
    "family": ("af",),
}
_KNOWN: Final = frozenset(
    name for names in (_INTEGERS, _ADDRESSES, _OTHERS) for pair in names.values() for name in pair
)
# What nfdump calls the same in JSON; of addresses there is one of either version.
_IN_JSON: Final = {
    **{"first": "firstSeen", "last": "lastSeen", "tcp_flags": "flags", "src_tos": "srcTos"},
    **{"t_first": "firstSeen", "t_last": "lastSeen", "t_received": "received"},
    **{"in_packets": "packets", "in_bytes": "bytes", "out_packets": "outPackets"},
    **{"out_bytes": "outBytes", "src_port": "srcPort", "dst_port": "dstPort"},
    **{"icmp_type": "icmpType", "icmp_code": "icmpCode", "input_snmp": "input"},
    **{"output_snmp": "output", "src_mask": "srcMask", "dst_mask": "dstMask", "src_as": "srcAS"},
    **{"dst_as": "dstAS", "src_vlan": "srcVlan", "dst_vlan": "dstVlan"},
    **{"in_src_mac": "inSrcMac", "out_dst_mac": "outDstMac"},
    **{f"{end}{v}_addr": f"{end}Addr" for end in ("src", "dst") for v in "46"},
    **{f"ip{v}_next_hop": "nextIP" for v in "46"},
    **{f"ip{v}_router": "routerIP" for v in "46"},
}
_MILLISECONDS: Final = re.compile(r"\.(\d{1,2})$")
_NOTHING: Final = frozenset({"0", "0-0-0", "00:00:00:00:00:00", "0/0", "0.000"})


def read_csv(file: BinaryIO, refused: Refusals) -> Iterator[tuple[Signal, pa.RecordBatch]]:
    """The flows of nfdump's CSV, up to the summary that ends it."""
    names: list[str] = []
    for piece in pieces(file):
        lines = piece
        if not names:
            first, _, lines = piece.partition(b"\n")
            heading = first.decode(errors="replace").split(",")
            names = distinct(name.strip() for name in heading)
        lines, summary, _ = (b"\n" + lines).partition(b"\nSummary")
        if lines.strip():
            cells = table(lines.lstrip(b"\n"), names, ",", refused)
            yield Signal.FLOWS, flows(cells, refused, FlowType.NFDUMP_CSV)
        if summary:
            return


def speaks(record: Mapping[str, Any]) -> bool:
    """Whether a JSON object is one of nfdump's."""
    timed = "first" in record or "t_first" in record
    return timed and ("src4_addr" in record or "src6_addr" in record)


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object under the names of its CSV, without its type: FLOW, or EVENT, of every one."""
    return {
        _IN_JSON.get(name, name): _padded(value) if name.startswith("t_") else value
        for name, value in record.items()
        if name != "type"
    }


def _padded(value: Any) -> Any:
    """A time of version 1.6, which writes 5 milliseconds as ``.5``."""
    if not isinstance(value, str):
        return value
    return _MILLISECONDS.sub(lambda m: f".{m[1]:0>3}", value)


def flows(cells: pa.Table, refused: Refusals, kind: FlowType) -> pa.RecordBatch:
    """Rows of FLOWS of columns of text under nfdump's names."""
    count = cells.num_rows

    def column(names: tuple[str, ...]) -> pa.Array:
        found = next((name for name in names if name in cells.column_names), None)
        if found is None or not count:
            return rows.missing(count)
        return cells.column(found).chunk(0)

    other = {name: column(names) for name, names in _OTHERS.items()}
    start, end = rows.nanoseconds(other["start"]), rows.nanoseconds(other["end"])
    lasted = np.nan_to_num(rows.decimals(other["duration"]))
    end = np.where(end < 0, start + (lasted * 1e9).astype(np.int64), end)
    received = rows.nanoseconds(other["received"])
    columns = {name: rows.integers(column(names)) for name, names in _INTEGERS.items()}
    columns |= {name: rows.addresses(column(names)) for name, names in _ADDRESSES.items()}
    proto = rows.protocols(other["proto"])
    columns |= rows.icmp(proto, column(_INTEGERS["dst_port"]), columns)
    for name in ("icmp_type", "icmp_code"):
        if other[name].null_count < count:
            columns[name] = rows.integers(other[name])
    columns |= {
        "time_flow_start_ns": pa.array(start),
        "time_flow_end_ns": pa.array(end),
        "time_received_ns": pa.array(np.where(received <= 0, end, received)),
        "proto": proto,
        "tcp_flags": rows.tcp_flags(other["flags"]),
        "etype": rows.versions(column(_ADDRESSES["src_addr"])),
        "src_mac": rows.macs(other["src_mac"]),
        "dst_mac": rows.macs(other["dst_mac"]),
        "attributes": rows.labels(_unnamed(cells), count),
    }
    batch = rows.flow_rows(kind, columns, count)
    back = {
        "bytes": rows.integers(other["out_bytes"]),
        "packets": rows.integers(other["out_packets"]),
    }
    return rows.timed_rows(batch, start >= 0, refused, back)


def _unnamed(cells: pa.Table) -> Mapping[str, pa.Array]:
    """What has no column of its own, under nfdump's names, where it says anything."""
    found = {}
    for name in cells.column_names:
        if name and name not in _KNOWN and cells.num_rows:
            said = cells.column(name).chunk(0)
            empty = pc.is_in(said, pa.array(["", *sorted(_NOTHING)]))
            found[name] = pc.if_else(empty, pa.scalar(None, pa.string()), said)
    return found
