"""Flow logs of Google's and Azure's networks, and of AWS in JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ingest.exports.reading import read, said

ENDS = ("src_addr", "src_port", "dst_addr", "dst_port", "bytes", "packets")
GOOGLE: dict[str, Any] = {
    "insertId": "1f",
    "jsonPayload": {
        "connection": {"src_ip": "10.0.0.5", "src_port": 51000, "dest_ip": "192.0.2.7",
                       "dest_port": 443, "protocol": 6},
        "bytes_sent": "3000", "packets_sent": "30", "reporter": "SRC", "rtt_msec": "12",
        "start_time": "2026-01-02T03:04:05.250000000Z", "end_time": "2026-01-02T03:04:07.25Z",
        "src_instance": {"vm_name": "web-1", "zone": "europe-west1-b"},
    },
    "logName": "projects/p/logs/compute.googleapis.com%2Fvpc_flows",
    "receiveTimestamp": "2026-01-02T03:04:10.5Z",
    "timestamp": "2026-01-02T03:04:09.5Z",
}  # fmt: skip
START_NS = 1_767_323_045_250_000_000
OUT = "1767323046,10.1.0.4,192.0.2.7,49982,443,T,O,A,C,7,1158,12,8143"
DENIED = "1767323045,203.0.113.5,10.1.0.4,51529,5358,T,I,D,B,,,,"


def group(*tuples: Any, version: int = 2) -> dict[str, Any]:
    card = {"mac": "000D3AF8801A", "flowTuples": list(tuples)}
    flows = [{"rule": "DenyAllInBound", "flows": [card]}]
    said = {"time": "2026-01-02T03:05:00Z", "category": "NetworkSecurityGroupFlowEvent"}
    return {**said, "resourceId": "/S/1", "properties": {"Version": version, "flows": flows}}


def network(*tuples: str) -> dict[str, Any]:
    groups = [{"rule": "DefaultRule_AllowInternetOutBound", "flowTuples": list(tuples)}]
    return {"time": "2026-01-02T03:05:00Z", "flowLogVersion": 4, "macAddress": "000D3AF8801A",
            "flowRecords": {"flows": [{"aclID": "a1", "flowGroups": groups}]}}  # fmt: skip


def written(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, indent=indent).encode() + b"\n"


def test_a_record_of_google_is_a_flow_of_its_source() -> None:
    (row,), refused = read(written(GOOGLE))
    assert not refused
    assert said(row, *ENDS) == ("10.0.0.5", 51000, "192.0.2.7", 443, 3000, 30)
    assert said(row, "proto", "etype", "flow_direction") == (6, 0x0800, 1)
    times = ("time_flow_start_ns", "time_flow_end_ns", "time_received_ns")
    assert said(row, *times) == (START_NS, START_NS + 2 * 10**9, 1_767_323_050_500_000_000)
    assert said(row, "rtt_msec", "src_instance.vm_name", "insertId") == ("12", "web-1", "1f")


def test_a_row_without_its_envelope_and_one_of_the_other_end() -> None:
    bare = GOOGLE["jsonPayload"] | {"reporter": "DEST"}
    (row,), _ = read(written(bare))
    assert said(row, *ENDS, "flow_direction") == (
        *("10.0.0.5", 51000, "192.0.2.7", 443, 3000, 30, 0),
    )
    assert row["time_received_ns"] == START_NS + 2 * 10**9


@pytest.mark.parametrize("indent", [None, 1])
def test_every_tuple_of_azures_records_is_a_flow(indent: int | None) -> None:
    (denied, there, back), refused = read(written({"records": [group(DENIED, OUT)]}, indent))
    assert not refused
    assert said(denied, *ENDS) == ("203.0.113.5", 51529, "10.1.0.4", 5358, 0, 0)
    assert said(denied, "decision", "state", "rule") == ("D", "B", "DenyAllInBound")
    assert said(denied, "dst_mac", "flow_direction") == ("00:0d:3a:f8:80:1a", 0)
    assert said(there, *ENDS) == ("10.1.0.4", 49982, "192.0.2.7", 443, 1158, 7)
    assert said(back, *ENDS) == ("192.0.2.7", 443, "10.1.0.4", 49982, 8143, 12)
    assert said(there, "flow_direction", "src_mac") == (1, "00:0d:3a:f8:80:1a")
    assert back["flow_direction"] == 0
    assert there["time_flow_start_ns"] == 1_767_323_046_000_000_000


def test_the_first_version_counts_nothing() -> None:
    (row,), refused = read(written(group(OUT[: OUT.index(",C")], version=1)))
    assert not refused
    assert said(row, *ENDS, "decision") == ("10.1.0.4", 49982, "192.0.2.7", 443, 0, 0, "A")


def test_networks_write_milliseconds_numbers_and_an_encryption() -> None:
    tuple_ = "1767323045250,10.1.0.4,2001:db8::7,49982,53,17,I,E,NX,7,1158,12,8143"
    (there, back), refused = read(written(network(tuple_)))
    assert not refused
    assert said(there, "proto", "state", "encryption", "aclID") == (17, "E", "NX", "a1")
    assert said(there, "flow_direction", "dst_mac", "bytes") == (0, "00:0d:3a:f8:80:1a", 1158)
    assert (back["flow_direction"], back["bytes"]) == (1, 8143)
    assert there["time_flow_end_ns"] == START_NS


def test_tuples_that_are_none_are_counted_and_the_others_read() -> None:
    records, refused = read(written(group("x", 7, None, "1,2", OUT + ",9", DENIED)))
    assert len(records) == 1
    assert refused == {"malformed": 5}
    assert read(written(group("then,10.0.0.5,10.0.0.6,1,2,T,I,A"))) == ([], {"no_time": 1})


def test_rows_of_awss_parquet_form_are_those_of_its_text() -> None:
    row = {
        **{
            "version": 2,
            "account_id": "123456789012",
            "interface_id": "eni-0a",
            "action": "ACCEPT",
        },
        **{"srcaddr": "10.0.0.5", "dstaddr": "192.0.2.7", "srcport": 51000, "dstport": 443},
        **{"protocol": 6, "packets": 30, "bytes": 3000, "start": 1767323045, "end": 1767323047},
        **{"tcp_flags": 3, "flow_direction": "egress", "log_status": "OK"},
    }
    names = " ".join(name.replace("_", "-") for name in row)
    text = f"{names}\n{' '.join(map(str, row.values()))}\n".encode()
    assert read(written(row)) == read(text)
    nothing = row | {"srcaddr": None, "dstaddr": None, "log_status": "NODATA"}
    assert read(written(nothing)) == ([], {"no_flow": 1})
