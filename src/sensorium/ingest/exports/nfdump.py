"""nfdump's CSV output (``nfdump -o csv``, ``csv-fast`` and ``csv:`` with columns chosen), of
versions that name their columns in the first line; and its JSON (``-o json``, ``ndjson``).

Columns as in nfdump's manual. Its times have no zone and are read as UTC: run it with ``TZ=UTC``.
A record with output counters is a biflow, and gives a row for each direction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from sensorium.ingest.exports import rows
from sensorium.ingest.exports.lines import distinct, pieces
from sensorium.ingest.exports.problem import ExportFileError, Refusals
from sensorium.model.signals import FlowType, Signal

_FLAG_BITS: Final = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}
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
            table = _table(lines.lstrip(b"\n"), names, refused)
            yield Signal.FLOWS, flows(table, refused, FlowType.NFDUMP_CSV)
        if summary:
            return


def refuse_binary(_file: BinaryIO, _refused: Refusals) -> NoReturn:
    """What nfcapd writes is nfdump's own affair: ExportFileError says how to print it."""
    raise ExportFileError(
        "this is a file of nfcapd, in a form of its own",
        next_step="print it first: TZ=UTC nfdump -r FILE -o json",
    )


def plain_name(name: str) -> str:
    """What a key of its JSON is called in its CSV."""
    return _IN_JSON.get(name, name)


def _table(lines: bytes, names: list[str], refused: Refusals) -> pa.Table:
    def odd(_: object) -> str:
        refused.add("malformed")
        return "skip"

    table = pa_csv.read_csv(
        pa.BufferReader(lines),
        pa_csv.ReadOptions(column_names=names, encoding="latin-1"),
        pa_csv.ParseOptions(quote_char=False, invalid_row_handler=odd),
        pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )
    trimmed = [pc.utf8_trim_whitespace(column) for column in table.columns]
    return pa.Table.from_arrays(trimmed, names=names).combine_chunks()


def flows(table: pa.Table, refused: Refusals, kind: FlowType) -> pa.RecordBatch:
    """Rows of FLOWS of columns of text under nfdump's names."""
    count = table.num_rows

    def column(names: tuple[str, ...]) -> pa.Array:
        found = next((name for name in names if name in table.column_names), None)
        if found is None or not count:
            return rows.missing(count)
        return table.column(found).chunk(0)

    other = {name: column(names) for name, names in _OTHERS.items()}
    start, end = rows.nanoseconds(other["start"]), rows.nanoseconds(other["end"])
    lasted = np.nan_to_num(rows.decimals(other["duration"]))
    end = np.where(end < 0, start + (lasted * 1e9).astype(np.int64), end)
    received = rows.nanoseconds(other["received"])
    columns = {name: rows.integers(column(names)) for name, names in _INTEGERS.items()}
    columns |= {name: rows.addresses(column(names)) for name, names in _ADDRESSES.items()}
    proto = rows.protocols(other["proto"])
    columns |= _icmp(proto, column(_INTEGERS["dst_port"]), columns)
    for name in ("icmp_type", "icmp_code"):
        if other[name].null_count < count:
            columns[name] = rows.integers(other[name])
    columns |= {
        "time_flow_start_ns": pa.array(start),
        "time_flow_end_ns": pa.array(end),
        "time_received_ns": pa.array(np.where(received <= 0, end, received)),
        "proto": proto,
        "tcp_flags": rows.mapped(other["flags"], _flags, pa.uint16()),
        "etype": rows.versions(column(_ADDRESSES["src_addr"])),
        "src_mac": rows.macs(other["src_mac"]),
        "dst_mac": rows.macs(other["dst_mac"]),
        "attributes": rows.labels(_unnamed(table), count),
    }
    batch = rows.flow_rows(kind, columns, count)
    back = {
        "bytes": rows.integers(other["out_bytes"]),
        "packets": rows.integers(other["out_packets"]),
    }
    timed = start >= 0
    if not timed.all():
        refused.add("no_time", int((~timed).sum()))
        keep = pa.array(timed)
        batch, back = batch.filter(keep), {n: c.filter(keep) for n, c in back.items()}
    return rows.both_directions(batch, back)


def _icmp(proto: pa.Array, port: pa.Array, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Of ICMP, type and code, which nfdump has for the port: as ``8.0``, or 256 times the type."""
    icmp = np.isin(proto.to_numpy(), (1, 58))
    pair = rows.mapped(port, _type_and_code, pa.uint16()).to_numpy()
    ends = {n: np.where(icmp, 0, columns[n].to_numpy()) for n in ("src_port", "dst_port")}
    told = {"icmp_type": np.where(icmp, pair >> 8, 0), "icmp_code": np.where(icmp, pair & 255, 0)}
    return {name: pa.array(values) for name, values in (ends | told).items()}


def _type_and_code(text: str) -> int:
    kind, point, code = text.partition(".")
    numbers = (kind, code) if point else (kind,)
    if len(text) > 7 or not all(map(rows.is_number, numbers)):
        return 0
    number = int(kind) << 8 | int(code) & 255 if point else int(kind)
    return number & 0xFFFF


def _unnamed(table: pa.Table) -> Mapping[str, pa.Array]:
    """What has no column of its own, under nfdump's names, where it says anything."""
    found = {}
    for name in table.column_names:
        if name and name not in _KNOWN and table.num_rows:
            cells = table.column(name).chunk(0)
            empty = pc.is_in(cells, pa.array(["", *sorted(_NOTHING)]))
            found[name] = pc.if_else(empty, pa.scalar(None, pa.string()), cells)
    return found


def _flags(text: str) -> int:
    if text.startswith("0x"):
        return int(text, 16) & 0xFFFF if len(text) <= 6 else 0
    return sum(_FLAG_BITS.get(letter, 0) for letter in set(text))
