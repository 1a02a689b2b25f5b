"""Flows in the Elastic Common Schema: Filebeat's of NetFlow, Packetbeat's, firewalls' of Elastic
Agent, nested or with dotted names.

Fields as in Elastic's ECS reference (source, destination, network, event). A document is one where
it has both addresses and counted something.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.exports import own, rows
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import LABELS, FlowType, Signal

Record = dict[str, Any]

_COUNTS: Final = ("source.bytes", "source.packets", "destination.bytes", "destination.packets",
                  "network.bytes", "network.packets")  # fmt: skip
_NUMBERS: Final = {
    "src_port": "source.port",
    "dst_port": "destination.port",
    "src_as": "source.as.number",
    "dst_as": "destination.as.number",
    "src_vlan": "network.vlan.id",
    "dst_vlan": "network.vlan.id",
    "in_if": "observer.ingress.interface.id",
    "out_if": "observer.egress.interface.id",
}
_ADDRESSES: Final = {
    "src_addr": "source.ip",
    "dst_addr": "destination.ip",
    "sampler_address": "observer.ip",
}
_MACS: Final = {"src_mac": "source.mac", "dst_mac": "destination.mac"}
_TIMES: Final = ("@timestamp", "event.start", "event.end", "event.duration")
_PROTOCOL: Final = ("network.iana_number", "network.transport")
_OUTWARD: Final = pa.array(["egress", "outbound"])
_INWARD: Final = pa.array(["ingress", "inbound"])
_USED: Final = frozenset(
    [*_COUNTS, *_NUMBERS.values(), *_ADDRESSES.values(), *_MACS.values(), *_PROTOCOL]
) | {"@timestamp", "event.start", "event.end"}


def speaks(record: Record) -> bool:
    """Whether an object is a flow of this schema."""
    ends = _said(record, "source.ip"), _said(record, "destination.ip")
    return None not in ends and any(_said(record, name) is not None for name in _COUNTS)


def flows(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    """Rows of FLOWS, for the way back too.

    Packetbeat counts from a flow's start in every report: all but the last are counted as
    ``interim``.
    """
    last = [record for record in records if _said(record, "flow.final") != "false"]
    if len(last) < len(records):
        refused.add("interim", len(records) - len(last))
    count = len(last)

    def column(*names: str) -> pa.Array:
        found = [next(filter(None, (_said(r, name) for name in names)), None) for r in last]
        return pa.array(found, pa.string())

    direction = column("network.direction")
    stamp, start, end = (rows.nanoseconds(column(name)) for name in _TIMES[:3])
    lasted = np.asarray(rows.integers(column("event.duration")))
    lasted = np.minimum(lasted, 10**17).astype(np.int64)
    end = np.where(end < 0, np.where(start < 0, stamp, start + lasted), end)
    start = np.where(start < 0, np.where(end < 0, -1, np.maximum(end - lasted, 0)), start)
    columns = {name: rows.integers(column(key)) for name, key in _NUMBERS.items()}
    columns |= {name: rows.addresses(column(key)) for name, key in _ADDRESSES.items()}
    columns |= {name: rows.macs(column(key)) for name, key in _MACS.items()}
    columns |= {
        "time_received_ns": pa.array(np.where(stamp < 0, end, stamp)),
        "time_flow_start_ns": pa.array(start),
        "time_flow_end_ns": pa.array(end),
        "bytes": pa.array([_sent(record, "bytes") for record in last], pa.uint64()),
        "packets": pa.array([_sent(record, "packets") for record in last], pa.uint64()),
        "proto": rows.protocols(column(*_PROTOCOL)),
        "etype": rows.versions(column("source.ip")),
        "flow_direction": pc.is_in(direction, _OUTWARD).cast(pa.uint8()),
        "attributes": pa.array([_extra(record) for record in last], LABELS),
    }
    back = {
        "bytes": rows.integers(column("destination.bytes")),
        "packets": rows.integers(column("destination.packets")),
        "flow_direction": pc.is_in(direction, _INWARD).cast(pa.uint8()),
    }
    batch = rows.flow_rows(FlowType.JSON, columns, count)
    return Signal.FLOWS, rows.timed_rows(batch, start >= 0, refused, back)


def _said(record: Record, name: str) -> str | None:
    """The text of a field, of the first where it has several; None where it says nothing."""
    value = own.under(record, name)
    if isinstance(value, list):
        value = value[0] if value else None
    return (own.told(value) or None) if not isinstance(value, dict) else None


def _sent(record: Record, counted: str) -> int:
    """What the source sent; where only the sum of both is told, what that leaves of it."""
    sent, came, both = (
        _number(_said(record, f"{end}.{counted}")) for end in ("source", "destination", "network")
    )
    if sent is not None or both is None:
        return sent or 0
    return max(both - (came or 0), 0)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and rows.is_number(text) and len(text) < 20 else None


def _extra(record: Record) -> list[tuple[str, str]]:
    return [pair for pair in own.flattened(record) if pair[0] not in _USED and pair[1]]
