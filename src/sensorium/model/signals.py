"""The Arrow schemas of the four signals. One ``RecordBatch`` holds rows of one signal.

Times are ``int64`` nanoseconds since the Unix epoch, UTC. Addresses are 16 bytes (see
:mod:`sensorium.model.address`). Counters are as the exporter sent them; ``sampling_rate`` says
how to scale and 0 means unknown.
"""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

ADDRESS = pa.binary(16)
LABELS = pa.map_(pa.string(), pa.string())


class Signal(StrEnum):
    """The kinds of telemetry; each has one schema and one table."""

    FLOWS = "flows"
    LOGS = "logs"
    METRICS = "metrics"
    CHANGES = "changes"


class FlowType(StrEnum):
    """Which protocol a flow record came in, in goflow2's spelling, or which tool's file."""

    NETFLOW_V1 = "NETFLOW_V1"
    NETFLOW_V5 = "NETFLOW_V5"
    NETFLOW_V7 = "NETFLOW_V7"
    NETFLOW_V8 = "NETFLOW_V8"
    NETFLOW_V9 = "NETFLOW_V9"
    IPFIX = "IPFIX"
    SFLOW_5 = "SFLOW_5"
    ZEEK_CONN = "ZEEK_CONN"
    SURICATA_FLOW = "SURICATA_FLOW"
    NFDUMP_CSV = "NFDUMP_CSV"
    SILK_RWCUT = "SILK_RWCUT"
    ARGUS_RA = "ARGUS_RA"
    VPC_FLOW_LOG = "VPC_FLOW_LOG"
    JSON = "JSON"


FLOWS = pa.schema(
    [
        ("type", pa.dictionary(pa.int8(), pa.string())),
        ("time_received_ns", pa.int64()),
        ("time_flow_start_ns", pa.int64()),
        ("time_flow_end_ns", pa.int64()),
        ("sampler_address", ADDRESS),
        ("observation_domain_id", pa.uint32()),
        ("sequence_num", pa.uint32()),
        ("sampling_rate", pa.uint64()),
        ("src_addr", ADDRESS),
        ("dst_addr", ADDRESS),
        ("src_port", pa.uint16()),
        ("dst_port", pa.uint16()),
        ("proto", pa.uint8()),
        ("tcp_flags", pa.uint16()),
        ("bytes", pa.uint64()),
        ("packets", pa.uint64()),
        ("in_if", pa.uint32()),
        ("out_if", pa.uint32()),
        ("src_as", pa.uint32()),
        ("dst_as", pa.uint32()),
        ("src_mask", pa.uint8()),
        ("dst_mask", pa.uint8()),
        ("next_hop", ADDRESS),
        ("etype", pa.uint16()),
        ("src_vlan", pa.uint16()),
        ("dst_vlan", pa.uint16()),
        ("mpls_label", pa.uint32()),
        ("icmp_type", pa.uint8()),
        ("icmp_code", pa.uint8()),
        ("ip_tos", pa.uint8()),
        ("flow_direction", pa.uint8()),
        ("src_mac", pa.uint64()),
        ("dst_mac", pa.uint64()),
        ("attributes", LABELS),
    ]
)
"""Flow records. ``attributes`` holds the information elements that have no column of their own, by
name (``natEvent``, or ``enterprise-9-12232`` where none is known), with their value as text."""

LOGS = pa.schema(
    [
        ("time_ns", pa.int64()),
        ("observed_time_ns", pa.int64()),
        ("source_address", ADDRESS),
        ("severity_number", pa.uint8()),
        ("severity_text", pa.string()),
        ("host", pa.string()),
        ("app", pa.string()),
        ("proc_id", pa.string()),
        ("body", pa.string()),
        ("attributes", LABELS),
        ("template_id", pa.uint64()),
    ]
)

METRICS = pa.schema(
    [
        ("time_ns", pa.int64()),
        ("series_id", pa.uint64()),
        ("name", pa.string()),
        ("labels", LABELS),
        ("value", pa.float64()),
        ("kind", pa.string()),
    ]
)

CHANGES = pa.schema(
    [
        ("start_ns", pa.int64()),
        ("end_ns", pa.int64()),
        ("kind", pa.string()),
        ("source", pa.string()),
        ("scope", pa.string()),
        ("title", pa.string()),
        ("ref", pa.string()),
    ]
)

SCHEMAS: dict[Signal, pa.Schema] = {
    Signal.FLOWS: FLOWS,
    Signal.LOGS: LOGS,
    Signal.METRICS: METRICS,
    Signal.CHANGES: CHANGES,
}
