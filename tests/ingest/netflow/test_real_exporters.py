"""Packets of real exporters decode to the values that others have stated for them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sensorium.model.address import unpack_address
from tests.ingest.netflow import packets as p

Row = dict[str, Any]

SECOND = 1_000_000_000
MILLISECOND = 1_000_000

ADDRESSES = {
    "ipv4_src_addr": "src_addr", "sourceIPv4Address": "src_addr", "ipv6_src_addr": "src_addr",
    "ipv4_dst_addr": "dst_addr", "destinationIPv4Address": "dst_addr", "ipv6_dst_addr": "dst_addr",
    "ipv4_next_hop": "next_hop", "ipNextHopIPv4Address": "next_hop",
    "src": "src_addr", "dst": "dst_addr", "next_hop": "next_hop",
}  # fmt: skip
NUMBERS = {
    "l4_src_port": "src_port", "sourceTransportPort": "src_port", "src_port": "src_port",
    "l4_dst_port": "dst_port", "destinationTransportPort": "dst_port", "dst_port": "dst_port",
    "protocol": "proto", "protocolIdentifier": "proto",
    "tcp_flags": "tcp_flags", "tcpControlBits": "tcp_flags",
    "in_bytes": "bytes", "octetDeltaCount": "bytes",
    "in_pkts": "packets", "packetDeltaCount": "packets", "in_packets": "packets",
    "input_snmp": "in_if", "ingressInterface": "in_if", "in_snmp": "in_if",
    "output_snmp": "out_if", "egressInterface": "out_if", "out_snmp": "out_if",
    "src_as": "src_as", "bgpSourceAsNumber": "src_as", "bgp_src_as": "src_as",
    "dst_as": "dst_as", "bgpDestinationAsNumber": "dst_as", "bgp_dst_as": "dst_as",
    "src_mask": "src_mask", "dst_mask": "dst_mask", "src_tos": "ip_tos",
    "ipClassOfService": "ip_tos", "src_vlan": "src_vlan", "vlanId": "src_vlan",
    "vlan_src": "src_vlan", "dst_vlan": "dst_vlan", "flow_seq_num": "sequence_num",
    "icmp_type": "icmp_type", "icmp_code": "icmp_code", "in_total_bytes": "bytes",
    "in_total_packets": "packets",
}  # fmt: skip
TIMES = {
    "first_switched": "time_flow_start_ns", "flowStartMilliseconds": "time_flow_start_ns",
    "flow_start_msec": "time_flow_start_ns", "flow_start_ms": "time_flow_start_ns",
    "last_switched": "time_flow_end_ns", "flowEndMilliseconds": "time_flow_end_ns",
    "flow_end_ms": "time_flow_end_ns",
}  # fmt: skip
MACS = {"in_src_mac": "src_mac", "in_dst_mac": "dst_mac", "sourceMacAddress": "src_mac"}
MARKS = {"flow_seq_num", "version"}

EXCEPT = {
    # The stated start is 49.7 days after the end: an uptime of 2^32 - 1 ms taken as it is. We
    # read it modulo 2^32, as one millisecond before the exporter booted.
    ("Netflow 5 valid 01", "first_switched"),
}


def stated(event: Row) -> Iterator[tuple[str, str, Any]]:
    """(stated name, our column, value as our column has it) of what FLOWS can hold."""
    for name, value in event.items():
        if name in ADDRESSES:
            yield name, ADDRESSES[name], value
        elif name in MACS:
            yield name, MACS[name], int(value.replace(":", ""), 16)
        elif name in TIMES:
            yield name, TIMES[name], instant(name, value)
        elif name in NUMBERS:
            yield name, NUMBERS[name], value


def agrees(name: str, decoded: Any, value: Any) -> bool:
    """Whether a decoded value is the stated one.

    The codec that stated these adds a second to v9's uptimes, and to v5's where nanoseconds must
    be borrowed (RFC 3954 has none of that, and Telegraf's values agree with the RFC); it cuts v5's
    to milliseconds. Its ``.999`` stands for any.
    """
    if name in ("first_switched", "last_switched"):
        unit = SECOND if value % SECOND == SECOND - MILLISECOND else MILLISECOND
        return (value // unit - decoded // unit) * unit in (0, SECOND)
    return bool(decoded == value)


def instant(name: str, value: Any) -> int:
    if isinstance(value, int):
        return value * 1_000_000
    seconds = datetime.fromisoformat(value).timestamp()
    return round(seconds * 1000) * 1_000_000


def ours(row: Row, column: str) -> Any:
    return unpack_address(row[column]) if isinstance(row[column], bytes) else row[column]


def differing(row: Row, event: Row, case: str) -> list[str]:
    return [
        f"{name}: stated {value}, decoded {ours(row, column)}"
        for name, column, value in stated(event)
        if not agrees(name, ours(row, column), value) and (case, name) not in EXCEPT
    ]


def is_flow(event: Row) -> bool:
    return bool((ADDRESSES.keys() | NUMBERS.keys()) - MARKS & event.keys()) and any(
        name in event for name in ("protocol", "protocolIdentifier", "sourceIPv4Address")
    )


def cases() -> list[str]:
    folder = Path(__file__).resolve().parents[4] / "shared" / "data" / "netflow" / "logstash"
    if not folder.is_dir():
        return ["absent"]
    return [case["name"] for case in json.loads((folder / "cases.json").read_text())]


@pytest.mark.parametrize("name", cases())
def test_what_logstash_states_of_an_exporters_packets(name: str, real_data: Path) -> None:
    folder = real_data / "netflow" / "logstash"
    case = next(c for c in json.loads((folder / "cases.json").read_text()) if c["name"] == name)
    bench = p.Bench()
    rows = bench.rows(*((folder / packet).read_bytes() for packet in case["packets"]))
    if case["expected_events"] is not None:
        assert sum(bench.decoded().values()) == case["expected_events"]
    for event in filter(is_flow, case["events"]):
        closest = min((differing(row, event, name) for row in rows), key=len)
        assert closest == []


def parse_influx(text: str) -> list[Row]:
    """Telegraf's expected fields; strings unquoted, unsigned integers as int."""
    records = []
    for line in text.splitlines():
        if not line.startswith("netflow,"):
            continue
        body = line.split(" ", 1)[1]
        fields: Row = {}
        at = 0
        while at < len(body):
            name, _, rest = body[at:].partition("=")
            if rest.startswith('"'):
                value = rest[1 : rest.index('"', 1)]
                length = len(value) + 2
                fields[name] = value
            else:
                value = rest.split(",", 1)[0].split(" ", 1)[0]
                length = len(value)
                fields[name] = int(value.rstrip("ui"))
            at += len(name) + 1 + length
            if at >= len(body) or body[at] == " ":
                break
            at += 1
        records.append(fields)
    return records


PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "igmp": 2}
TELEGRAF = (
    "ipfix_example", "ipfix_options", "ipfix_pen_35632", "issue_13305", "issue_14370",
    "netflow_v5_example", "netflow_v9_example", "netflow_v9_options",
)  # fmt: skip


def comparable(fields: Row) -> Row:
    """Telegraf's record under our columns' names; uptimes are not absolute there."""
    row = dict(fields)
    row["protocol"] = PROTOCOLS.get(row.get("protocol", ""), row.get("protocol"))
    for name in ("tcp_flags", "src_tos", "first_switched", "last_switched"):
        row.pop(name, None)
    if "src_tos" in fields:
        row["src_tos"] = int(fields["src_tos"], 16)
    for name in ("in_src_mac", "out_dst_mac"):
        row.pop(name, None)
    return row


@pytest.mark.parametrize("name", TELEGRAF)
def test_what_telegraf_states_of_an_exporters_packets(name: str, real_data: Path) -> None:
    folder = real_data / "netflow" / "telegraf" / name
    bench = p.Bench()
    rows = bench.rows(*(path.read_bytes() for path in sorted(folder.glob("*.bin"))))
    expected = [comparable(f) for f in parse_influx((folder / "expected.out").read_text())]
    reverse = sum(
        1 for fields in expected if fields.get("type_29305_86", "0x00000000") != "0x00000000"
    )
    assert len(rows) == len(expected) + reverse
    unmatched = Counter[str]()
    for fields in expected:
        closest = min((differing(row, fields, name) for row in rows), key=len)
        unmatched.update(closest)
    assert not unmatched
