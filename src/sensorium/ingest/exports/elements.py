"""Flows in JSON whose keys are information elements: by IANA's names (ipfixcol2), by NetFlow v9's
(nProbe, logstash's and fluentd's codecs), or by number (nProbe).

Elements fill the columns that they fill in IPFIX, the most telling first; of several one that is
zero or unspecified gives way. Sources: ipfixcol2's page of its JSON plugin, nProbe's page of flow
information elements, RFC 3954 section 8.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from sensorium.ingest.exports import own, rows
from sensorium.ingest.exports.problem import Refusals
from sensorium.ingest.netflow.elements import SOURCES
from sensorium.model.address import UNSPECIFIED
from sensorium.model.signals import LABELS, FlowType, Signal

Record = dict[str, Any]
Cells = dict[str, str]

_REVERSE: Final = 29305
_UPTIMES: Final = (21, 22)
_EARLIEST: Final = 1_000_000_000
"""Of times in seconds, in the year 2001: numbers below it are uptimes, which say no time."""
# NetFlow v9's names of elements, and those that nProbe, logstash and fluentd write otherwise.
_LABELS: Final = {
    "IN_BYTES": 1, "IN_PKTS": 2, "PROTOCOL": 4, "SRC_TOS": 5, "TCP_FLAGS": 6, "L4_SRC_PORT": 7,
    "IPV4_SRC_ADDR": 8, "SRC_MASK": 9, "IPV4_SRC_MASK": 9, "INPUT_SNMP": 10, "L4_DST_PORT": 11,
    "IPV4_DST_ADDR": 12, "DST_MASK": 13, "IPV4_DST_MASK": 13, "OUTPUT_SNMP": 14,
    "IPV4_NEXT_HOP": 15, "SRC_AS": 16, "DST_AS": 17, "BGP_IPV4_NEXT_HOP": 18,
    "IPV4_BGP_NEXT_HOP": 18, "LAST_SWITCHED": 21, "FIRST_SWITCHED": 22, "OUT_BYTES": 23,
    "OUT_PKTS": 24, "IPV6_SRC_ADDR": 27, "IPV6_DST_ADDR": 28, "IPV6_SRC_MASK": 29,
    "IPV6_DST_MASK": 30, "ICMP_TYPE": 32, "ICMP_CODE": 177, "SAMPLING_INTERVAL": 34,
    "DST_TOS": 55, "IN_SRC_MAC": 56,
    "OUT_DST_MAC": 57, "SRC_VLAN": 58, "DST_VLAN": 59, "DIRECTION": 61, "IPV6_NEXT_HOP": 62,
    "BGP_IPV6_NEXT_HOP": 63, "BPG_IPV6_NEXT_HOP": 63, "IN_DST_MAC": 80, "OUT_SRC_MAC": 81,
    "FLOW_START_SEC": 150, "FLOW_END_SEC": 151, "FLOW_START_MILLISECONDS": 152,
    "FLOW_END_MILLISECONDS": 153, "FLOW_START_MSEC": 152, "FLOW_END_MSEC": 153,
    "FLOW_START_MICROSECONDS": 154, "FLOW_END_MICROSECONDS": 155,
    "FLOW_DURATION_MILLISECONDS": 161, "FLOW_DURATION_MICROSECONDS": 162,
    "EXPORTER_IPV4_ADDRESS": 130, "EXPORTER_IPV6_ADDRESS": 131,
}  # fmt: skip
# What nProbe counts of the way back, under elements that are of the same way elsewhere.
_ANSWERED: Final = {23: "back_bytes", 24: "back_packets"}
_BACK: Final = {1: "back_bytes", 85: "back_bytes", 2: "back_packets", 86: "back_packets",
                6: "back_flags"}  # fmt: skip
_IANA: Final = re.compile(r"iana(?P<back>@reverse)?:(?P<name>\w+)$")
_NUMBERED: Final = re.compile(r"en(?P<pen>\d+):id(?P<id>\d+)$")
_LOGGED: Final = ("ipv4_src_addr", "ipv6_src_addr")
_PROBED: Final = ("IPV4_SRC_ADDR", "IPV6_SRC_ADDR")
_COLLECTED: Final = {
    "ipfix:exportTime": "exported", "@timestamp": "exported", "ipfix:srcAddr": "sampler_address",
    "ipfix:odid": "observation_domain_id", "ipfix:seqNumber": "sequence_num",
}  # fmt: skip
_UNSAID: Final = frozenset(("", "0", "0.0.0.0", "::", "00:00:00:00:00:00"))
_COUNTED: Final = frozenset(("bytes", "packets", "back_bytes", "back_packets"))
# Of ICMP a pair of type and code is told apart from the type alone; times before export are none.
_OTHERS: Final = {
    **{32: ("icmp_pair", 0), 139: ("icmp_pair", 1), 161: ("lasted_ms", 0), 162: ("lasted_us", 0)},
    **{130: ("sampler_address", 0), 131: ("sampler_address", 1)},
}
_NOT_HERE: Final = frozenset(("duration", "sampling_space", "sampler", "mpls_label"))
_PLACES: Final = {
    element.id: (column, rank)
    for column, elements in SOURCES.items()
    for rank, element in enumerate(elements)
    if column not in _NOT_HERE and element.id not in (60, 158, 159) and not element.enterprise
} | _OTHERS
_NAMED: Final = {
    element.name: element.id
    for elements in SOURCES.values()
    for element in elements
    if not element.enterprise
}
_NUMBERS: Final = (
    *("bytes", "packets", "src_port", "dst_port", "src_as", "dst_as", "src_mask", "dst_mask"),
    *("in_if", "out_if", "ip_tos", "src_vlan", "dst_vlan", "sampling_rate", "flow_direction"),
    *("observation_domain_id", "sequence_num", "etype"),
)
_ADDRESSES: Final = ("src_addr", "dst_addr", "next_hop", "sampler_address")


class _Told(NamedTuple):
    """What one key says of a column; the least worth counts."""

    worth: tuple[bool, int]
    key: str
    text: str


def speaks(record: Record) -> bool:
    """Whether an object is a flow of one of these."""
    if str(record.get("@type", "")).startswith("ipfix."):
        return True
    if any(name in record for name in (*_PROBED, *_LOGGED)):
        return True
    logged = record.get("netflow")
    if isinstance(logged, dict) and any(name in logged for name in _LOGGED):
        return True
    numbered = record.get("8", record.get("27"))
    return ("12" in record or "28" in record) and _is_address(numbered)


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and rows.packed(value) != UNSPECIFIED


def flows(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    """Rows of FLOWS; templates and options records of ipfixcol2 are counted as ``no_flow``."""
    told = [record for record in records if record.get("@type") in (None, "ipfix.entry")]
    if len(told) < len(records):
        refused.add("no_flow", len(records) - len(told))
    cells, others = [], []
    for record in told:
        found, rest = _sorted_out(_flat(record))
        cells.append(found)
        others.append(rest)
    return Signal.FLOWS, rows_of(cells, others, refused)


def rows_of(
    cells: list[Cells], others: list[list[tuple[str, str]]], refused: Refusals
) -> pa.RecordBatch:
    """Rows of FLOWS of columns' texts by name, and of what has no column."""
    count = len(cells)

    def column(name: str) -> pa.Array:
        return pa.array([cell.get(name) for cell in cells], pa.string())

    columns = {name: rows.integers(column(name)) for name in _NUMBERS}
    columns |= {name: rows.addresses(column(name)) for name in _ADDRESSES}
    columns |= {name: rows.macs(column(name)) for name in ("src_mac", "dst_mac")}
    start, end, exported = _times(column)
    etype = np.asarray(columns["etype"])
    columns |= {
        "time_flow_start_ns": pa.array(start),
        "time_flow_end_ns": pa.array(end),
        "time_received_ns": pa.array(np.where(exported >= 0, exported, end)),
        "proto": rows.protocols(column("proto")),
        "tcp_flags": rows.tcp_flags(column("tcp_flags")),
        "etype": pa.array(np.where(etype, etype, rows.versions(column("src_addr")))),
        "attributes": pa.array(others, LABELS),
    }
    columns |= _icmp(column)
    back = {
        "bytes": rows.integers(column("back_bytes")),
        "packets": rows.integers(column("back_packets")),
        "tcp_flags": rows.tcp_flags(column("back_flags")),
        "flow_direction": rows.integers(column("back_direction")),
    }
    batch = rows.flow_rows(FlowType.JSON, columns, count)
    return rows.timed_rows(batch, start >= 0, refused, back)


def _times(column: Any) -> tuple[rows.Int64s, rows.Int64s, rows.Int64s]:
    """Start, end and when it was told of; each -1 where nothing says it."""
    start, end, exported = (
        rows.nanoseconds(column(name))
        for name in ("time_flow_start_ns", "time_flow_end_ns", "exported")
    )
    lasted = np.nan_to_num(rows.decimals(column("lasted_us"))) * 1000
    lasted += np.nan_to_num(rows.decimals(column("lasted_ms"))) * 1_000_000
    length = np.clip(lasted, 0, 1e17).astype(np.int64)
    end = np.where(end < 0, np.where(start < 0, exported, start + length), end)
    start = np.where(start < 0, np.where(end < 0, -1, np.maximum(end - length, 0)), start)
    return start, end, exported


def _icmp(column: Any) -> dict[str, pa.Array]:
    """Type and code: by themselves, else of a pair, else as routers have put them since NetFlow
    v5: in the destination port, where the source port is zero. logstash calls a pair's element
    and a type's the same: what is less than 256 is a type.
    """
    kind, code, pair, source, target = (
        np.asarray(rows.integers(column(name)))
        for name in ("icmp_type", "icmp_code", "icmp_pair", "src_port", "dst_port")
    )
    typed, paired = (
        column(name).is_valid().to_numpy(zero_copy_only=False)
        for name in ("icmp_type", "icmp_pair")
    )
    ported = np.isin(np.asarray(rows.protocols(column("proto"))), (1, 58)) & (source == 0)
    both = np.where(paired, pair, np.where(ported, target, 0))
    split = ~typed & ((both > 255) | ~paired)
    return {
        "icmp_type": pa.array(np.where(typed, kind, np.where(split, both >> 8, both))),
        "icmp_code": pa.array(np.where(split & (both > 0), both & 255, code)),
    }


def _flat(record: Record) -> Record:
    """A record with what logstash nests under ``netflow``, and its exporter, beside the rest."""
    logged = record.get("netflow")
    if not isinstance(logged, dict):
        return record
    rest = {name: value for name, value in record.items() if name not in ("netflow", "@version")}
    host = rest.pop("host", None)
    exporter = {} if not isinstance(host, str) else {"ipfix:srcAddr": host}
    return {**rest, **exporter, **logged}


def _sorted_out(record: Record) -> tuple[Cells, list[tuple[str, str]]]:
    """The texts of columns, and everything else under its own name."""
    found: dict[str, _Told] = {}
    others: dict[str, Any] = {}
    for key, value in record.items():
        place = place_of(key)
        text = None if place is None else own.told(value[0] if _repeated(value) else value)
        if place is None or text is None or not _is_said(place[0], key, text):
            others[key] = value
            continue
        if _repeated(value) and len(value) > 1:
            others[key] = value
        column, rank = place
        # A zero gives way to what says more, a count never does.
        told = _Told((column not in _COUNTED and text in _UNSAID, rank), key, text)
        held = found.get(column, told)
        kept, lost = (told, held) if told.worth < held.worth else (held, told)
        found[column] = kept
        if lost is not kept:
            others.setdefault(lost.key, lost.text)
    others.pop("@type", None)
    cells = {column: told.text for column, told in found.items()}
    return cells, [pair for pair in own.flattened(others) if pair[1]]


def _repeated(value: Any) -> bool:
    """Whether a value is those of an element that a record has several times."""
    return isinstance(value, list) and bool(value)


def _is_said(column: str, key: str, text: str) -> bool:
    """Whether a text can be what its column holds: a time is none that counts an uptime."""
    if not column.startswith("time_") or not rows.is_number(text):
        return True
    return element_of(key) not in _UPTIMES or int(text) >= _EARLIEST


@lru_cache(4096)
def place_of(key: str) -> tuple[str, int] | None:
    """Which column a key fills, and how telling it is; None where it fills none."""
    if key in _COLLECTED:
        return _COLLECTED[key], 9
    element = element_of(key)
    if element is None:
        return None
    if element < 0:
        return (_BACK[-element], 0) if -element in _BACK else None
    if element in _ANSWERED and (rows.is_number(key) or key.isupper()):
        return _ANSWERED[element], 1
    return _PLACES.get(element)


def element_of(key: str) -> int | None:
    """The number of IANA's element that a key is, below zero for the way back; None if none."""
    if rows.is_number(key) and len(key) < 6:
        return int(key)
    if (label := _LABELS.get(key.upper())) is not None:
        return label
    if (named := _IANA.match(key)) is not None:
        number = _NAMED.get(named["name"])
        return None if number is None else -number if named["back"] else number
    if (numbered := _NUMBERED.match(key)) is not None and len(numbered["id"]) < 6:
        number = int(numbered["id"])
        return {"0": number, str(_REVERSE): -number}.get(numbered["pen"])
    return None
