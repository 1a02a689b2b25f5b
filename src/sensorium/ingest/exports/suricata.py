"""Suricata's eve.json: flows into FLOWS, alerts and all other events into LOGS.

Keys as in Suricata's documentation of the EVE JSON output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from sensorium.ingest.exports import own, rows
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import LABELS, LOGS, FlowType, Signal

Record = dict[str, Any]

_FLOW_EVENTS: Final = frozenset({"flow", "netflow"})
_USED: Final = frozenset(
    "timestamp src_ip src_port dest_ip dest_port proto event_type "
    "icmp_type icmp_code response_icmp_type response_icmp_code".split()
)
_COUNTED: Final = frozenset(
    "pkts_toserver pkts_toclient bytes_toserver bytes_toclient start end pkts bytes".split()
)
_FLAG_KEYS: Final = ("fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr")
# Suricata's alert severity, 1 the worst, in OpenTelemetry's numbers and syslog's words.
_ALERTS: Final = {1: (21, "critical"), 2: (17, "error"), 3: (13, "warning"), 4: (9, "info")}


def kind(record: Record) -> Callable[[list[Record], Refusals], tuple[Signal, pa.RecordBatch]]:
    """What reads an event like this one."""
    return flows if str(record["event_type"]) in _FLOW_EVENTS else events


def flows(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    """``flow`` events (both directions) and ``netflow`` events (one), as rows of FLOWS."""
    count = len(records)

    def column(*path: str) -> pa.Array:
        return pa.array([own.told(own.at(record, path)) for record in records], pa.string())

    def either(name: str) -> pa.Array:
        return pa.array(
            [own.told(_counted(record, name, f"{name}_toserver")) for record in records],
            pa.string(),
        )

    seen = rows.nanoseconds(column("timestamp"))
    start, end = (rows.nanoseconds(_stamps(records, name)) for name in ("start", "end"))
    batch = rows.flow_rows(
        FlowType.SURICATA_FLOW,
        {
            "time_received_ns": pa.array(seen),
            "time_flow_start_ns": pa.array(np.where(start < 0, seen, start)),
            "time_flow_end_ns": pa.array(np.where(end < 0, seen, end)),
            "sampling_rate": pa.array(np.ones(count, np.uint64)),
            "src_addr": rows.addresses(column("src_ip")),
            "dst_addr": rows.addresses(column("dest_ip")),
            "src_port": rows.integers(column("src_port")),
            "dst_port": rows.integers(column("dest_port")),
            "proto": rows.protocols(column("proto")),
            "icmp_type": rows.integers(column("icmp_type")),
            "icmp_code": rows.integers(column("icmp_code")),
            "tcp_flags": _flags(records, "tcp_flags_ts", "tcp_flags"),
            "bytes": rows.integers(either("bytes")),
            "packets": rows.integers(either("pkts")),
            "etype": rows.versions(column("src_ip")),
            "src_vlan": _vlans(records),
            "dst_vlan": _vlans(records),
            "src_mac": rows.macs(_mac(records, "src_mac")),
            "dst_mac": rows.macs(_mac(records, "dest_mac")),
            "attributes": pa.array([_attributes(record) for record in records], LABELS),
        },
        count,
    )
    back = {
        "bytes": rows.integers(column("flow", "bytes_toclient")),
        "packets": rows.integers(column("flow", "pkts_toclient")),
        "tcp_flags": _flags(records, "tcp_flags_tc"),
        "icmp_type": rows.integers(column("response_icmp_type")),
        "icmp_code": rows.integers(column("response_icmp_code")),
    }
    return Signal.FLOWS, rows.timed_rows(batch, seen >= 0, refused, back)


def _counted(record: Record, one_way: str, both_ways: str) -> Any:
    value = own.at(record, ("netflow", one_way))
    return own.at(record, ("flow", both_ways)) if value is None else value


def _stamps(records: list[Record], name: str) -> pa.Array:
    found = [own.told(_counted(record, name, name)) for record in records]
    return pa.array(found, pa.string())


def _flags(records: list[Record], *names: str) -> pa.Array:
    """TCP flags: the hexadecimal text of one direction, else those named true."""
    return pa.array([_flag_bits(own.at(r, ("tcp",)), names) for r in records], pa.uint16())


def _flag_bits(tcp: Any, names: tuple[str, ...]) -> int:
    if not isinstance(tcp, dict):
        return 0
    for name in names:
        text = tcp.get(name)
        if isinstance(text, str):
            try:
                return int(text, 16) & 0xFFFF
            except ValueError:
                return 0
    return 0


def _vlans(records: list[Record]) -> pa.Array:
    found = [own.at(record, ("vlan",)) for record in records]
    outer = [v[0] if isinstance(v, list) and v else v for v in found]
    return pa.array(
        [
            v if isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 4096 else 0
            for v in outer
        ],
        pa.uint16(),
    )


def _mac(records: list[Record], name: str) -> pa.Array:
    """The first address of one side's network card: a list of those a flow had, or one."""
    found = [own.at(r, ("ether", f"{name}s")) or own.at(r, ("ether", name)) for r in records]
    return pa.array([own.told(m[0] if isinstance(m, list) else m) for m in found], pa.string())


def _attributes(record: Record) -> list[tuple[str, str]]:
    """What has no column, under Suricata's own dotted names."""
    others = {name: value for name, value in record.items() if name not in _USED}
    tags = others.pop("vlan", None)
    if isinstance(tags, list) and len(tags) > 1:
        others["vlan"] = tags
    for group in _FLOW_EVENTS & others.keys():
        if isinstance(others[group], dict):
            others[group] = {k: v for k, v in others[group].items() if k not in _COUNTED}
    return list(own.flattened(others))


def events(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    """Alerts (their signature is the body) and all other events, as rows of LOGS."""
    kept = []
    for record in records:
        stamp = own.told(record.get("timestamp")) or ""
        time_ns = int(rows.nanoseconds(pa.array([stamp]))[0])
        if time_ns < 0:
            refused.add("no_time")
            continue
        kept.append(_event(record, time_ns))
    return Signal.LOGS, pa.RecordBatch.from_pylist(kept, schema=LOGS)


def _event(record: Record, time_ns: int) -> Record:
    kind = own.told(record["event_type"]) or ""
    signature = own.at(record, ("alert", "signature"))
    number, word = _ALERTS.get(_level(record), (9, "info"))
    others = {name: value for name, value in record.items() if name not in ("timestamp", "host")}
    return own.log_row(
        {
            "body": signature if isinstance(signature, str) and signature else own.told(record),
            "severity": word,
            "severity_number": number,
            "host": own.told(record.get("host")) or "",
            "app": f"suricata/{kind}",
            "attributes": others,
        },
        time_ns,
    )


def _level(record: Record) -> int:
    level = own.at(record, ("alert", "severity"))
    return level if isinstance(level, int) else 0
