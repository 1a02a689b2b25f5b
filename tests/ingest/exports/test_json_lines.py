"""JSON lines: Suricata's events, our own output, and logs of any program."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.exports import form_of, read_records
from sensorium.ingest.render import to_json_lines
from sensorium.model.signals import SCHEMAS
from sensorium.observe import Observe
from tests.ingest.exports.reading import read, said

FLOW: dict[str, Any] = {
    "timestamp": "2026-01-02T03:04:08.250000+0100",
    "flow_id": 123456789,
    "in_iface": "eth0",
    "event_type": "flow",
    "src_ip": "10.0.0.5",
    "src_port": 51000,
    "dest_ip": "192.0.2.7",
    "dest_port": 443,
    "proto": "TCP",
    "app_proto": "tls",
    "vlan": [12],
    "flow": {
        "pkts_toserver": 10,
        "pkts_toclient": 12,
        "bytes_toserver": 1020,
        "bytes_toclient": 9600,
        "start": "2026-01-02T03:04:05.500000+0100",
        "end": "2026-01-02T03:04:07.000000+0100",
        "state": "closed",
        "reason": "timeout",
    },
    "tcp": {"tcp_flags": "1b", "tcp_flags_ts": "1b", "tcp_flags_tc": "13", "syn": True},
}
ALERT = {
    "timestamp": "2026-01-02T03:04:08.250000Z",
    "event_type": "alert",
    "src_ip": "10.0.0.5",
    "dest_ip": "192.0.2.7",
    "host": "sensor-1",
    "alert": {"signature": "a known bad thing", "signature_id": 2001, "severity": 1},
}


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


class TestSuricata:
    def test_a_flow_is_a_row_for_each_direction(self) -> None:
        (there, back), refused = read(lines(FLOW))
        assert not refused
        ends = ("src_addr", "src_port", "dst_addr", "dst_port", "bytes", "packets", "tcp_flags")
        assert said(there, *ends) == ("10.0.0.5", 51000, "192.0.2.7", 443, 1020, 10, 0x1B)
        assert said(back, *ends) == ("192.0.2.7", 443, "10.0.0.5", 51000, 9600, 12, 0x13)
        assert said(there, "proto", "src_vlan", "type") == (6, 12, "SURICATA_FLOW")
        assert there["time_flow_start_ns"] == 1_767_319_445_500_000_000
        assert '"closed"' in json.dumps(there)

    def test_an_echo_is_answered_with_the_type_of_the_answer(self) -> None:
        ping = {
            **{name: value for name, value in FLOW.items() if name not in ("tcp", "src_port")},
            **{"proto": "ICMP", "icmp_type": 8, "icmp_code": 0, "response_icmp_type": 3},
            "response_icmp_code": 1,
        }
        (there, back), _ = read(lines(ping))
        assert said(there, "proto", "icmp_type", "icmp_code") == (1, 8, 0)
        assert said(back, "proto", "icmp_type", "icmp_code") == (1, 3, 1)

    def test_an_alert_is_a_log_record_with_its_signature(self) -> None:
        (alert,), _ = read(lines(ALERT))
        names = ("body", "app", "host", "severity_text", "severity_number")
        assert said(alert, *names) == (
            *("a known bad thing", "suricata/alert", "sensor-1", "critical", 21),
        )
        assert alert["attributes"]["alert.signature_id"] == "2001"

    def test_other_events_are_log_records_too(self) -> None:
        (dns,), _ = read(lines(ALERT | {"event_type": "dns", "alert": None}))
        assert dns["app"] == "suricata/dns"


class TestOurs:
    def test_what_decode_prints_is_read_as_it_was(self) -> None:
        first, _ = read(lines(FLOW, ALERT, {"name": "up", "value": 1, "labels": {"job": "node"},
                                            "time_ns": 1_767_319_445_500_000_000}))  # fmt: skip
        again, refused = read(lines(*first))
        assert again == first
        assert not refused

    def test_goflow2_names_are_ours(self) -> None:
        (flow,), _ = read(
            lines(
                {
                    "type": "SFLOW_5",
                    "time_received_ns": 1_767_319_445_500_000_000,
                    "sampling_rate": 2048,
                    "sampler_address": "10.9.9.9",
                    "src_addr": "10.0.0.5",
                    "dst_addr": "192.0.2.7",
                    "proto": "TCP",
                    "etype": "IPv4",
                    "bytes": 64,
                    "packets": 1,
                    "src_mac": "00:11:22:33:44:55",
                }
            )
        )
        assert said(flow, "type", "proto", "etype", "sampling_rate", "src_mac") == (
            *("SFLOW_5", 6, 0x0800, 2048, "00:11:22:33:44:55"),
        )
        assert flow["time_flow_end_ns"] == flow["time_received_ns"]

    def test_a_value_that_json_has_no_number_for(self) -> None:
        records, refused = read(
            lines(
                {"name": "a", "value": "NaN", "time_ns": 10**18},
                {"name": "a", "value": "+Inf", "time_ns": 10**18},
                {"name": "a", "value": "many", "time_ns": 10**18},
            )
        )
        assert [record["value"] for record in records] == ["NaN", "+Inf"]
        assert refused == {"malformed": 1}


class TestLogs:
    def test_common_keys_are_found(self) -> None:
        (log,), _ = read(
            lines(
                {
                    "@timestamp": "2026-01-02T03:04:05.5Z",
                    "level": "WARN",
                    "msg": "disk is nearly full",
                    "hostname": "db-01",
                    "logger": "disks",
                    "pid": 77,
                    "disk": {"name": "sda", "free": 0.02},
                }
            )
        )
        names = ("body", "host", "app", "proc_id", "severity_text", "severity_number")
        assert said(log, *names) == ("disk is nearly full", "db-01", "disks", "77", "WARN", 13)
        assert log["attributes"] == {"disk.name": "sda", "disk.free": "0.02"}
        assert log["time_ns"] == 1_767_323_045_500_000_000

    def test_times_are_told_by_their_size(self) -> None:
        stamps = (1_767_323_045, 1_767_323_045_000, 1_767_323_045_000_000, 1_767_323_045 * 10**9)
        records, _ = read(lines(*({"ts": stamp, "msg": "x"} for stamp in stamps)))
        assert {record["time_ns"] for record in records} == {1_767_323_045 * 10**9}

    def test_without_a_time_or_an_object_it_is_counted(self) -> None:
        records, refused = read(lines({"msg": "when?"}) + b"[1]\n{broken\n\n" + lines(FLOW))
        assert len(records) == 2
        assert refused == {"no_time": 1, "malformed": 2}


NESTED = st.sampled_from([
    {"src_ip": "10.0.0.5", "dest_ip": None}, {"ipv4_src_addr": "10.0.0.5", "in_bytes": True},
    {"flows": [{"flows": [{"flowTuples": ["1,2,3,4,5,6,7,8", ",,,,,,,", 9], "mac": []}, 7]}, {}]},
    {"flows": [{"aclID": {}, "flowGroups": [{"flowTuples": ["1,::1,x,,,6,O,B,NX,1"]}]}]},
    "10.0.0.5", "2026-01-02T03:04:05Z", ["10.0.0.5"],
])  # fmt: skip
VALUES = NESTED | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = sorted({*FLOW, *ALERT, "ts", "time_ns", "name", "value", "labels", "body", "src_addr",
               "dst_addr", "id.orig_h", "conn_state", "attributes", "severity_number", "host",
               "observed_time_ns", "source_address", "type", "proto", "tcp", "SrcAddr", "DstAddr",
               "TimeReceived", "TimeFlowEndMs", "mpls_label", "src_net", "src4_addr", "t_first",
               "time_received_ns", "response_icmp_type", "@type", "IPV4_SRC_ADDR", "netflow",
               "iana:octetDeltaCount", "en29305:id1", "FIRST_SWITCHED", "8", "12", "32", "history",
               "source.ip", "destination.ip", "network.bytes", "source", "network.direction",
               "flow.final", "event.duration", "srcaddr", "dstaddr", "connection", "jsonPayload",
               "properties", "flowRecords", "start_time"})  # fmt: skip


WHO: list[tuple[dict[str, Any], tuple[str, str, str, str, str, int]]] = [
    # The journal, GELF, ECS with nested objects, pino, Python's and .NET's formatters, mongod.
    (
        {"__REALTIME_TIMESTAMP": "1767323045250000", "MESSAGE": "m", "PRIORITY": "3",
         "_HOSTNAME": "h", "SYSLOG_IDENTIFIER": "a", "_PID": "7"},
        ("h", "a", "7", "m", "err", 17),
    ),
    (
        {"version": "1.1", "host": "h", "short_message": "m", "level": 4,
         "timestamp": 1767323045.25},
        ("h", "", "", "m", "warning", 13),
    ),
    (
        {"@timestamp": "2026-01-02T03:04:05.250Z", "message": "m", "log": {"level": "error"},
         "host": {"name": "h"}, "service": {"name": "a"}, "process": {"pid": 7}},
        ("h", "a", "7", "m", "error", 17),
    ),
    (
        {"level": 50, "time": 1767323045250, "pid": 7, "hostname": "h", "msg": "m"},
        ("h", "", "7", "m", "error", 17),
    ),
    (
        {"asctime": "2026-01-02 03:04:05,250", "levelname": "WARNING", "message": "m"},
        ("", "", "", "m", "WARNING", 13),
    ),
    (
        {"@t": "2026-01-02T03:04:05.2500000Z", "@mt": "m", "@l": "Error"},
        ("", "", "", "m", "Error", 17),
    ),
    ({"t": {"$date": "2026-01-02T03:04:05.250+00:00"}, "msg": "m"}, ("", "", "", "m", "", 0)),
    ({"timestamp": "1767323045250", "textPayload": "m"}, ("", "", "", "m", "", 0)),
    ({"timestamp": "2026-01-02 03:04:05.25 UTC", "msg": "m"}, ("", "", "", "m", "", 0)),
]  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), WHO)
def test_a_log_record_is_known_by_the_keys_of_its_writer(
    record: dict[str, Any], expected: tuple[str, str, str, str, str, int]
) -> None:
    (row,), refused = read(lines(record))
    assert not refused
    names = ("host", "app", "proc_id", "body", "severity_text", "severity_number")
    assert said(row, *names) == expected
    assert row["time_ns"] == 1_767_323_045_250_000_000


def test_a_flow_keeps_its_interface_all_its_tags_and_its_cards() -> None:
    cards = {"src_macs": ["00:11:22:33:44:55"], "dest_macs": ["66:77:88:99:aa:bb"]}
    row, _ = read(lines({**FLOW, "vlan": [100, 200], "ether": cards}))[0]
    assert said(row, "src_vlan", "src_mac", "dst_mac") == (
        *(100, "00:11:22:33:44:55", "66:77:88:99:aa:bb"),
    )
    printed = json.dumps(row)
    assert '"in_iface": "eth0"' in printed
    assert '"[100,200]"' in printed


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8), max_size=4))
def test_any_objects_are_read_or_counted(records: list[dict[str, Any]]) -> None:
    content = b'{"":0}\n' + lines(*records)
    form = form_of(content)
    assert form is not None
    for signal, batch in read_records(form, BytesIO(content), Observe()):
        assert batch.schema == SCHEMAS[signal]
        batch.validate(full=True)
        assert len(list(to_json_lines(batch))) == batch.num_rows


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_counted(content: bytes) -> None:
    read(b'{"a":1}\n' + content)


@pytest.mark.parametrize(
    "record",
    [
        {"first": "2026-01-02T03:04:05", "src4_addr": "192.0.2.1", "proto": "²", "dst_port": "8.²"},
        {"first": "2026-01-02T03:04:05", "src4_addr": "192.0.2.1", "proto": 1, "dst_port": "²"},
        {"ts": 1, "id.orig_h": "192.0.2.1", "conn_state": "SF", "proto": "²"},
    ],
)
def test_digits_that_are_no_number_are_none(record: dict[str, Any]) -> None:
    row = read(json.dumps(record, ensure_ascii=False).encode())[0][0]
    assert said(row, "icmp_type", "icmp_code", "dst_port") == (0, 0, 0)
