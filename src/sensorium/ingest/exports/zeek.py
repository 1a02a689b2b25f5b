"""Zeek's conn.log and conn_long.log, as tab-separated values or JSON.

Fields as in Zeek's reference of ``Conn::Info``. A connection has two directions: each becomes a
row, the responder's only where it sent something, as with IPFIX biflows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from sensorium.ingest.exports import rows
from sensorium.ingest.exports.lines import distinct, pieces
from sensorium.ingest.exports.problem import ExportFileError, Refusals
from sensorium.model.signals import FlowType, Signal

Uint8s = npt.NDArray[np.uint8]

_DIRECTIVE: Final = re.compile(rb"^#.*\n?", re.MULTILINE)
_FLAGS: Final = {"s": 0x02, "h": 0x12, "a": 0x10, "d": 0x18, "f": 0x01, "r": 0x04}
_TCP: Final = 6
PATHS: Final = ("conn", "conn_long")
"""Logs that are read: of connections, also of those that are not over yet."""
# Zeek's name for what parts the members of a record may be set (Log::default_scope_sep).
_SCOPED: Final = re.compile(r"id[^a-z](orig_h|orig_p|resp_h|resp_p)")
# What columns hold; everything else of a connection becomes an attribute under Zeek's name.
_IN_COLUMNS: Final = frozenset(
    "ts id.orig_h id.orig_p id.resp_h id.resp_p proto orig_pkts orig_ip_bytes resp_pkts "
    "resp_ip_bytes vlan orig_l2_addr resp_l2_addr _path".split()
)


@dataclass(slots=True)
class _Head:
    """What the directives at the head of a log say."""

    separator: str = "\t"
    empty: str = "(empty)"
    unset: str = "-"
    path: str = "conn"
    fields: tuple[str, ...] = ()

    def take(self, line: str) -> None:
        """Take in one directive; ExportFileError if the log is another one than conn.log, or if
        its separator is none.
        """
        if line.startswith("#separator "):
            escaped = line.split(" ", 1)[1]
            self.separator = re.sub(r"\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), escaped)
            if not re.fullmatch(r"[^\0\r\n\x80-\U0010ffff]", self.separator):
                raise ExportFileError(f"a separator is one character of ASCII, not {escaped!r}")
            return
        name, _, value = line.partition(self.separator)
        if name == "#empty_field":
            self.empty = value
        elif name == "#unset_field":
            self.unset = value
        elif name == "#fields":
            self.fields = tuple(distinct(map(plain_name, value.split(self.separator))))
        elif name == "#path":
            self.path = value
            if value not in PATHS:
                raise ExportFileError(
                    f"this is Zeek's {value}.log; of Zeek's logs conn.log is read"
                )


def plain_name(name: str) -> str:
    """A field's name with Zeek's usual point in it."""
    match = _SCOPED.fullmatch(name)
    return f"id.{match[1]}" if match else name


def read_log(file: BinaryIO, refused: Refusals) -> Iterator[tuple[Signal, pa.RecordBatch]]:
    """The connections of a conn.log in tab-separated values; logs may follow each other."""
    head = _Head()
    for piece in pieces(file):
        at = 0
        for directive in _DIRECTIVE.finditer(piece):
            yield from _run(head, piece[at : directive.start()], refused)
            head.take(directive[0].decode(errors="replace").rstrip("\r\n"))
            at = directive.end()
        yield from _run(head, piece[at:], refused)


def _run(head: _Head, lines: bytes, refused: Refusals) -> Iterator[tuple[Signal, pa.RecordBatch]]:
    """The connections between two directives."""
    if not lines.strip():
        return
    if not head.fields:
        refused.add("no_field_names", lines.count(b"\n") + 1)
        return

    def odd(_: object) -> str:
        refused.add("malformed")
        return "skip"

    table = pa_csv.read_csv(
        pa.BufferReader(lines),
        pa_csv.ReadOptions(column_names=list(head.fields), encoding="latin-1"),
        pa_csv.ParseOptions(delimiter=head.separator, quote_char=False, invalid_row_handler=odd),
        pa_csv.ConvertOptions(
            column_types=dict.fromkeys(head.fields, pa.string()),
            null_values=[head.unset, head.empty],
            strings_can_be_null=True,
        ),
    ).combine_chunks()
    if table.num_rows:
        cells = (column.chunk(0) for column in table.columns)
        columns = dict(zip(table.column_names, cells, strict=True))
        yield Signal.FLOWS, connections(columns, table.num_rows, refused)


def connections(columns: Mapping[str, pa.Array], count: int, refused: Refusals) -> pa.RecordBatch:
    """Connections with Zeek's field names, as text, into rows of FLOWS."""

    def column(name: str) -> pa.Array:
        return columns.get(name, rows.missing(count))

    start = rows.nanoseconds(column("ts"))
    duration = np.nan_to_num(rows.decimals(column("duration")))
    etype = rows.versions(column("id.orig_h"))
    proto = _protocols(column("proto"), column("ip_proto"), etype)
    source = rows.addresses(column("id.orig_h"))
    icmp = np.isin(proto, (1, 58))
    ports = [rows.integers(column(name)).to_numpy() for name in ("id.orig_p", "id.resp_p")]
    answered = _answered(proto, ports)
    # Letters of other protocols' histories say who sent something, and no flags.
    history = pc.if_else(pa.array(proto == _TCP), column("history"), pa.scalar(None, pa.string()))
    flags = [_flags(history, origin=origin) for origin in (True, False)]
    batch = rows.flow_rows(
        FlowType.ZEEK_CONN,
        {
            "time_received_ns": pa.array(start + (duration * 1e9).astype(np.int64)),
            "time_flow_start_ns": pa.array(start),
            "time_flow_end_ns": pa.array(start + (duration * 1e9).astype(np.int64)),
            "sampling_rate": pa.array(np.ones(count, np.uint64)),
            "src_addr": source,
            "dst_addr": rows.addresses(column("id.resp_h")),
            "src_port": pa.array(np.where(icmp, 0, ports[0])),
            "dst_port": pa.array(np.where(icmp, 0, ports[1])),
            "icmp_type": pa.array(np.where(icmp, ports[0], 0)),
            "icmp_code": pa.array(np.where(icmp & ~answered, ports[1], 0)),
            "proto": pa.array(proto),
            "tcp_flags": flags[0],
            "bytes": _octets(columns, "orig", count),
            "packets": rows.integers(column("orig_pkts")),
            "etype": etype,
            "src_vlan": rows.integers(column("vlan")),
            "dst_vlan": rows.integers(column("vlan")),
            "src_mac": rows.macs(column("orig_l2_addr")),
            "dst_mac": rows.macs(column("resp_l2_addr")),
            "attributes": rows.labels(
                {n: c for n, c in columns.items() if n not in _IN_COLUMNS}, count
            ),
        },
        count,
    )
    back = {
        "bytes": _octets(columns, "resp", count),
        "packets": rows.integers(column("resp_pkts")),
        "tcp_flags": flags[1],
        "icmp_type": pa.array(np.where(answered, ports[1], np.where(icmp, ports[0], 0))),
    }
    timed = start >= 0
    if not timed.all():
        refused.add("no_time", int((~timed).sum()))
        keep = pa.array(timed)
        batch, back = batch.filter(keep), {n: c.filter(keep) for n, c in back.items()}
    return rows.both_directions(batch, back)


def _protocols(names: pa.Array, numbers: pa.Array, etype: pa.Array) -> Uint8s:
    """Protocol numbers: Zeek says ``icmp`` of both versions, and the number of those it has no
    name for from version 7.1 on.
    """
    proto = rows.protocols(names).to_numpy()
    proto = np.where(proto == 0, rows.protocols(numbers).to_numpy(), proto)
    return np.where((proto == 1) & (etype.to_numpy() == 0x86DD), 58, proto).astype(np.uint8)


def _answered(proto: Uint8s, ports: list[npt.NDArray[np.uint64]]) -> npt.NDArray[np.bool_]:
    """Which are ICMP connections whose second port is the type of the answer."""
    found = np.zeros(len(proto), np.bool_)
    for number, pairs in rows.ICMP_ANSWERS.items():
        for asked, answer in pairs.items():
            either = (ports[0] == asked) & (ports[1] == answer)
            either |= (ports[0] == answer) & (ports[1] == asked)
            found |= (proto == number) & either
    return found


def _octets(columns: Mapping[str, pa.Array], side: str, count: int) -> pa.Array:
    """Bytes of IP packets, as NetFlow counts them; else those of their payload."""
    packets = columns.get(f"{side}_ip_bytes", rows.missing(count))
    payload = columns.get(f"{side}_bytes", rows.missing(count))
    return rows.integers(pc.coalesce(packets, payload))


def _flags(history: pa.Array, *, origin: bool) -> pa.Array:
    """TCP flags that one side was seen to set: upper case letters are the originator's."""

    def seen(text: str) -> int:
        side = {c.lower() for c in text if c.isupper() == origin}
        return sum({1 << bit for c in side for bit in range(8) if _FLAGS.get(c, 0) >> bit & 1})

    return rows.mapped(history, seen, pa.uint16())
