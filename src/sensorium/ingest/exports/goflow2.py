"""goflow2's messages in JSON: version 2 has the names of the ``flows`` table, version 1 others."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pyarrow as pa

from sensorium.ingest.exports import own
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import Signal

Record = dict[str, Any]

# Version 1's names; those of other fields stay what they are.
_FORMER: Final = {
    **{"Type": "type", "TimeReceived": "time_received_ns", "TimeFlowStart": "time_flow_start_ns"},
    **{"TimeFlowEnd": "time_flow_end_ns", "SequenceNum": "sequence_num", "Etype": "etype"},
    **{"SamplingRate": "sampling_rate", "SamplerAddress": "sampler_address", "Bytes": "bytes"},
    **{"Packets": "packets", "SrcAddr": "src_addr", "DstAddr": "dst_addr", "Proto": "proto"},
    **{"SrcPort": "src_port", "DstPort": "dst_port", "InIf": "in_if", "OutIf": "out_if"},
    **{"SrcMac": "src_mac", "DstMac": "dst_mac", "SrcVlan": "src_vlan", "DstVlan": "dst_vlan"},
    **{"IPTos": "ip_tos", "TCPFlags": "tcp_flags", "IcmpType": "icmp_type", "NextHop": "next_hop"},
    **{"IcmpCode": "icmp_code", "SrcAS": "src_as", "DstAS": "dst_as", "SrcNet": "src_mask"},
    **{"DstNet": "dst_mask", "ObservationDomainID": "observation_domain_id"},
    **{"FlowDirection": "flow_direction"},
}
# Its times are seconds; later editions have milliseconds beside them.
_SECONDS: Final = ("TimeReceived", "TimeFlowStart", "TimeFlowEnd")
_LENGTH: Final = re.compile(r"/(\d{1,3})$")


def speaks(record: Record) -> bool:
    """Whether an object is a flow in the names of either version."""
    former = "SrcAddr" in record and "DstAddr" in record and "TimeReceived" in record
    return former or ("src_addr" in record and "dst_addr" in record)


def flows(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    """Rows of FLOWS, of messages and of our own output, which has the names of version 2."""
    return own.flows(
        [_renamed(record) if "SrcAddr" in record else _plain(record) for record in records], refused
    )


def _plain(record: Record) -> Record:
    """A message whose lengths of prefixes stand with networks, and whose labels in a list."""
    changed: Record = {}
    for end in ("src", "dst"):
        network = record.get(f"{end}_net")
        if isinstance(network, str) and f"{end}_mask" not in record:
            length = _LENGTH.search(network)
            if length:
                changed[f"{end}_mask"] = length[1]
    labels = record.get("mpls_label")
    if isinstance(labels, list):
        changed["mpls_label"] = labels[0] if labels else 0
        if len(labels) > 1:
            changed["mpls_labels"] = json.dumps(labels)
    return {**record, **changed} if changed else record


def _renamed(record: Record) -> Record:
    times: Record = {}
    for name in _SECONDS:
        exact = record.get(f"{name}Ms")
        for value, unit in ((exact, 1_000_000), (record.get(name), 1_000_000_000)):
            if isinstance(value, int) and value > 0:
                times[name] = value * unit
                break
    return {_FORMER.get(name, name): value for name, value in {**record, **times}.items()}
