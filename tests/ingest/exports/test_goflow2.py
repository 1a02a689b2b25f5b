"""goflow2's messages: times as text, networks, labels in a list, and the names of version 1."""

from __future__ import annotations

import json
from typing import Any

from tests.ingest.exports.reading import read, said

FLOW: dict[str, Any] = {
    "type": "IPFIX",
    "time_received_ns": "2026-01-02T03:04:06.157626001Z",
    "time_flow_start_ns": 1_767_323_045_000_000_000,
    "time_flow_end_ns": "2026-01-02T03:04:05.5Z",
    "src_addr": "10.0.0.5",
    "dst_addr": "192.0.2.7",
    "src_net": "10.0.0.0/24",
    "dst_net": "192.0.2.0/25",
    "etype": "IPv4",
    "proto": "TCP",
    "bytes": 52,
    "packets": 1,
}
FORMER: dict[str, Any] = {
    "Type": "NETFLOW_V9",
    "TimeReceived": 1_767_323_046,
    "TimeFlowStart": 1_767_323_045,
    "TimeFlowEnd": 1_767_323_046,
    "SamplerAddress": "10.9.9.9",
    "SamplingRate": 100,
    "SrcAddr": "10.0.0.5",
    "DstAddr": "192.0.2.7",
    "SrcPort": 51000,
    "Etype": 2048,
    "Proto": 6,
    "TCPFlags": 27,
    "InIf": 3,
    "SrcAS": 64500,
    "SrcNet": 24,
    "Bytes": 52,
    "VlanId": 7,
}


def one(record: dict[str, Any]) -> dict[str, Any]:
    (flow,), refused = read(json.dumps(record).encode())
    assert not refused
    return flow


def test_times_may_be_written_out() -> None:
    flow = one(FLOW)
    assert said(flow, "time_received_ns", "time_flow_start_ns", "time_flow_end_ns") == (
        *(1_767_323_046_157_626_001, 1_767_323_045_000_000_000, 1_767_323_045_500_000_000),
    )


def test_the_length_of_a_prefix_stands_with_its_network() -> None:
    assert said(one(FLOW), "src_mask", "dst_mask", "src_net") == (24, 25, "10.0.0.0/24")
    assert one({**FLOW, "src_mask": 16})["src_mask"] == 16


def test_of_labels_the_first_has_the_column() -> None:
    flow = one({**FLOW, "mpls_label": [16001, 17, 3]})
    assert said(flow, "mpls_label", "mpls_labels") == (16001, "[16001, 17, 3]")
    assert one({**FLOW, "mpls_label": []})["mpls_label"] == 0


def test_version_1_has_other_names_and_seconds() -> None:
    flow = one(FORMER)
    names = ("type", "src_addr", "src_port", "proto", "tcp_flags", "bytes", "in_if", "src_as")
    assert said(flow, *names) == ("NETFLOW_V9", "10.0.0.5", 51000, 6, 0x1B, 52, 3, 64500)
    assert said(flow, "sampler_address", "sampling_rate", "src_mask", "VlanId") == (
        *("10.9.9.9", 100, 24, "7"),
    )
    assert said(flow, "time_received_ns", "time_flow_start_ns") == (
        *(1_767_323_046 * 10**9, 1_767_323_045 * 10**9),
    )


def test_milliseconds_go_before_seconds() -> None:
    flow = one({**FORMER, "TimeFlowStartMs": 1_767_323_045_250, "TimeFlowEndMs": 0})
    assert flow["time_flow_start_ns"] == 1_767_323_045_250_000_000
    assert flow["time_flow_end_ns"] == 1_767_323_046 * 10**9


def test_a_time_that_is_none_is_counted() -> None:
    wrong = {**FLOW, **dict.fromkeys((n for n in FLOW if n.startswith("time_")), "now: or later")}
    huge = {**FORMER, **dict.fromkeys((n for n in FORMER if n.startswith("Time")), 1 << 70)}
    records, refused = read(f"{json.dumps(wrong)}\n{json.dumps(huge)}".encode())
    assert (records, refused) == ([], {"no_time": 2})
