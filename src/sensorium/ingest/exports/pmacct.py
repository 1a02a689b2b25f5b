"""pmacct's JSON: what nfacctd, sfacctd and pmacctd print, or send to a queue.

Keys as in pmacct's documentation of its plugins. Its times have no zone, unless
``timestamps_rfc3339`` or ``timestamps_since_epoch`` is set, and are read as UTC.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from sensorium.ingest.exports import own, rows
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import LABELS, FlowType, Signal

Record = dict[str, Any]

_NUMBERS: Final = {
    "bytes": "bytes",
    "packets": "packets",
    "src_port": "port_src",
    "dst_port": "port_dst",
    "src_as": "as_src",
    "dst_as": "as_dst",
    "src_mask": "mask_src",
    "dst_mask": "mask_dst",
    "in_if": "iface_in",
    "out_if": "iface_out",
    "ip_tos": "tos",
    "sampling_rate": "sampling_rate",
    "observation_domain_id": "export_proto_sysid",
}
_ADDRESSES: Final = {
    "src_addr": "ip_src",
    "dst_addr": "ip_dst",
    "next_hop": "peer_ip_dst",
    "sampler_address": "peer_ip_src",
}
_MACS: Final = {"src_mac": "mac_src", "dst_mac": "mac_dst"}
_VLANS: Final = {"src_vlan": ("vlan", "vlan_in"), "dst_vlan": ("vlan_out",)}
_START: Final = ("timestamp_start", "timestamp_arrival", "stamp_inserted")
_END: Final = ("timestamp_end", "stamp_updated")
_FLAGS: Final = {
    name: 1 << bit for bit, name in enumerate("FIN SYN RST PSH ACK URG ECE CWR".split())
}
_USED: Final = frozenset(
    [
        *("event_type", "tcp_flags", "ip_proto", "etype"),
        *(*_NUMBERS.values(), *_ADDRESSES.values(), *_MACS.values(), *_START, *_END),
        *(name for names in _VLANS.values() for name in names),
    ]
)


def speaks(record: Record) -> bool:
    """Whether an object is one of pmacct's."""
    return ("ip_src" in record and "ip_dst" in record) or record.get("event_type") == "purge"


def flows(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    """Rows of FLOWS; a flow without times of its own has those of the interval it is counted in."""

    def column(*names: str) -> pa.Array:
        return pa.array([_first(record, names) for record in records], pa.string())

    start, end = rows.nanoseconds(column(*_START)), rows.nanoseconds(column(*_END))
    # What was not seen to end is 1970-01-01 there.
    end = np.where(end <= 0, start, end)
    columns = {name: rows.integers(column(key)) for name, key in _NUMBERS.items()}
    columns |= {name: rows.integers(column(*keys)) for name, keys in _VLANS.items()}
    columns |= {name: rows.addresses(column(key)) for name, key in _ADDRESSES.items()}
    columns |= {name: rows.macs(column(key)) for name, key in _MACS.items()}
    columns |= {
        "time_received_ns": pa.array(np.maximum(start, end)),
        "time_flow_start_ns": pa.array(start),
        "time_flow_end_ns": pa.array(end),
        "proto": rows.protocols(column("ip_proto")),
        "tcp_flags": pa.array([_flags(record.get("tcp_flags")) for record in records], pa.uint16()),
        "etype": rows.mapped(column("etype"), _hexadecimal, pa.uint16()),
        "attributes": pa.array([_extra(record) for record in records], LABELS),
    }
    types = np.asarray(columns["etype"])
    columns["etype"] = pa.array(np.where(types, types, rows.versions(column("ip_src"))))
    batch = rows.flow_rows(FlowType.JSON, columns, len(records))
    return Signal.FLOWS, rows.timed_rows(batch, start > 0, refused)


def _first(record: Record, names: tuple[str, ...]) -> str | None:
    return next((own.told(record[name]) for name in names if name in record), None)


def _hexadecimal(text: str) -> int:
    try:
        return int(text, 16) & 0xFFFF
    except ValueError:
        return 0


def _flags(value: Any) -> int:
    """A number, or with ``tcpflags_encode_as_array`` a list of names."""
    if isinstance(value, list):
        return sum({_FLAGS.get(str(name), 0) for name in value})
    text = str(value)
    return int(text) & 0xFFFF if rows.is_number(text) and len(text) < 6 else 0


def _extra(record: Record) -> list[tuple[str, str]]:
    others = {name: value for name, value in record.items() if name not in _USED}
    return [(name, text) for name, text in own.flattened(others) if text]
