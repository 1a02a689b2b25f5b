"""Flows whose keys are information elements: ipfixcol2's, nProbe's, logstash's and fluentd's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sensorium.ingest.exports.elements import element_of
from sensorium.ingest.netflow.elements import SOURCES
from tests.ingest.exports.reading import read, said

START_NS = 1_767_323_045_250_000_000
ENDS = ("src_addr", "src_port", "dst_addr", "dst_port", "proto")
COLLECTED: dict[str, Any] = {
    "@type": "ipfix.entry",
    "iana:octetDeltaCount": 3000,
    "iana:packetDeltaCount": 30,
    "iana:flowStartMilliseconds": "2026-01-02T03:04:05.250Z",
    "iana:flowEndMilliseconds": "2026-01-02T03:04:07.250Z",
    "iana:sourceIPv4Address": "10.0.0.5",
    "iana:destinationIPv4Address": "192.0.2.7",
    "iana:sourceTransportPort": 51000,
    "iana:destinationTransportPort": 443,
    "iana:protocolIdentifier": "TCP",
    "iana:tcpControlBits": ".AP.SF",
    "iana:ingressInterface": 7,
    "iana:vlanId": 12,
    "iana:samplingInterval": 100,
    "cesnet:TLSSNI": "shop.example",
}
PROBED: dict[str, Any] = {
    "IPV4_SRC_ADDR": "10.0.0.5",
    "IPV4_DST_ADDR": "192.0.2.7",
    "IPV6_SRC_ADDR": "::",
    "L4_SRC_PORT": 51000,
    "L4_DST_PORT": 443,
    "PROTOCOL": 6,
    "FIRST_SWITCHED": 1_767_323_045,
    "LAST_SWITCHED": 1_767_323_047,
    "IN_BYTES": 3000,
    "IN_PKTS": 30,
    "OUT_BYTES": 90_000,
    "OUT_PKTS": 80,
    "L7_PROTO_NAME": "TLS",
}


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_ipfixcol2s_names_are_those_of_iana() -> None:
    (row,), refused = read(lines(COLLECTED))
    assert not refused
    assert said(row, *ENDS) == ("10.0.0.5", 51000, "192.0.2.7", 443, 6)
    assert said(row, "bytes", "packets", "tcp_flags", "in_if", "src_vlan") == (3000, 30, 27, 7, 12)
    assert said(row, "sampling_rate", "etype", "type") == (100, 0x0800, "JSON")
    assert said(row, "time_flow_start_ns", "time_flow_end_ns") == (START_NS, START_NS + 2 * 10**9)
    assert row["cesnet:TLSSNI"] == "shop.example"


def test_numbers_for_names_and_times_as_milliseconds_say_the_same() -> None:
    names = {
        **{"octetDeltaCount": 1, "packetDeltaCount": 2, "sourceIPv4Address": 8},
        **{"destinationIPv4Address": 12, "sourceTransportPort": 7, "destinationTransportPort": 11},
        **{"protocolIdentifier": 4, "tcpControlBits": 6, "ingressInterface": 10, "vlanId": 58},
        **{"samplingInterval": 34, "flowStartMilliseconds": 152, "flowEndMilliseconds": 153},
    }
    numbered = {
        f"en0:id{names[key.partition(':')[2]]}" if key.startswith("iana:") else key: value
        for key, value in COLLECTED.items()
    }
    raw = {"en0:id152": 1_767_323_045_250, "en0:id153": 1_767_323_047_250, "en0:id4": 6}
    assert read(lines(numbered | raw | {"en0:id6": 27})) == read(lines(COLLECTED))


def test_the_way_back_of_a_biflow_is_a_row_of_its_own() -> None:
    reverse = {"iana@reverse:octetDeltaCount": 90_000, "en29305:id2": 80,
               "iana@reverse:tcpControlBits": ".A..S."}  # fmt: skip
    (_, back), _ = read(lines(COLLECTED | reverse))
    assert said(back, *ENDS) == ("192.0.2.7", 443, "10.0.0.5", 51000, 6)
    assert said(back, "bytes", "packets", "tcp_flags", "out_if") == (90_000, 80, 18, 7)


def test_what_a_collector_knows_of_the_message_is_kept() -> None:
    detail = {"ipfix:exportTime": "2026-01-02T03:04:09Z", "ipfix:odid": 5, "ipfix:seqNumber": 77,
              "ipfix:srcAddr": "198.51.100.1"}  # fmt: skip
    (row,), _ = read(lines(COLLECTED | detail))
    assert said(row, "sampler_address", "observation_domain_id", "sequence_num") == (
        *("198.51.100.1", 5, 77),
    )
    assert row["time_received_ns"] == 1_767_323_049_000_000_000


def test_templates_and_options_of_ipfixcol2_are_no_flows() -> None:
    others = {"@type": "ipfix.template", "ipfix:templateId": 256}, {"@type": "ipfix.optionsEntry"}
    records, refused = read(lines(*others, COLLECTED))
    assert len(records) == 1
    assert refused == {"no_flow": 2}


def test_a_repeated_element_counts_once_and_is_kept_whole() -> None:
    (row,), _ = read(lines(COLLECTED | {"iana:vlanId": [12, 13]}))
    assert row["src_vlan"] == 12
    assert row["iana:vlanId"] == "[12,13]"


def test_nprobe_counts_both_ways() -> None:
    (there, back), refused = read(lines(PROBED))
    assert not refused
    assert said(there, *ENDS) == ("10.0.0.5", 51000, "192.0.2.7", 443, 6)
    assert said(there, "bytes", "packets", "L7_PROTO_NAME") == (3000, 30, "TLS")
    assert said(back, "src_addr", "bytes", "packets") == ("192.0.2.7", 90_000, 80)
    assert there["time_flow_start_ns"] == 1_767_323_045_000_000_000


def test_nprobes_numbers_and_its_text_say_the_same_as_its_names() -> None:
    numbers = {"IPV4_SRC_ADDR": "8", "IPV4_DST_ADDR": "12", "L4_SRC_PORT": "7", "L4_DST_PORT": "11",
               "PROTOCOL": "4", "FIRST_SWITCHED": "22", "LAST_SWITCHED": "21", "IN_BYTES": "1",
               "IN_PKTS": "2", "OUT_BYTES": "23", "OUT_PKTS": "24"}  # fmt: skip
    named = {key: value for key, value in PROBED.items() if key in numbers}
    expected = read(lines(named))
    assert read(lines({numbers[key]: value for key, value in named.items()})) == expected
    for separator in "|,":
        text = [separator.join(named), separator.join(map(str, named.values()))]
        assert read(("\n".join(text) + "\n").encode()) == expected


def test_addresses_of_the_other_version_count_where_there_are_none_of_the_first() -> None:
    six = {"IPV4_SRC_ADDR": "0.0.0.0", "IPV4_DST_ADDR": "0.0.0.0", "IPV6_SRC_ADDR": "2001:db8::1",
           "IPV6_DST_ADDR": "2001:db8::2"}  # fmt: skip
    row = read(lines(PROBED | six))[0][0]
    assert said(row, "src_addr", "dst_addr", "etype") == ("2001:db8::1", "2001:db8::2", 0x86DD)


def test_logstash_and_fluentd_write_small_letters_and_count_one_way() -> None:
    fields = {
        **{"version": 9, "flow_seq_num": 5, "ipv4_src_addr": "10.0.0.5", "l4_src_port": 51000},
        **{"ipv4_dst_addr": "192.0.2.7", "l4_dst_port": 443, "protocol": 6, "in_bytes": 3000},
        **{"in_pkts": 30, "out_bytes": 3000, "first_switched": "2026-01-02T03:04:05.250Z"},
        **{"last_switched": "2026-01-02T03:04:07.250Z", "in_src_mac": "00:11:22:33:44:55"},
    }
    stamped = {"@timestamp": "2026-01-02T03:04:09.000Z"}
    nested = {**stamped, "@version": "1", "host": "198.51.100.1", "netflow": fields}
    (row,), refused = read(lines(nested))
    assert not refused
    assert said(row, *ENDS) == ("10.0.0.5", 51000, "192.0.2.7", 443, 6)
    assert said(row, "sampler_address", "src_mac") == ("198.51.100.1", "00:11:22:33:44:55")
    assert said(row, "time_flow_start_ns", "time_received_ns") == (
        *(START_NS, 1_767_323_049_000_000_000),
    )
    assert said(row, "out_bytes", "flow_seq_num") == ("3000", "5")
    (flat,), _ = read(lines({**stamped, **fields}))
    assert {**row, "sampler_address": "::"} == flat


def test_uptimes_are_no_times() -> None:
    uptimes = {"FIRST_SWITCHED": 5_000_000, "LAST_SWITCHED": 5_002_000}
    assert read(lines(PROBED | uptimes)) == ([], {"no_time": 1})
    (row, _), _ = read(lines(PROBED | uptimes | {"@timestamp": "2026-01-02T03:04:09Z"}))
    assert row["time_flow_end_ns"] == 1_767_323_049_000_000_000
    assert row["FIRST_SWITCHED"] == "5000000"


@pytest.mark.parametrize(
    ("said_of_icmp", "expected"),
    [
        ({"ICMP_TYPE": 771}, (3, 3)),
        ({"icmp_type": 3, "icmp_code": 1}, (3, 1)),
        ({"iana:icmpTypeIPv4": 8, "iana:icmpCodeIPv4": 0}, (8, 0)),
        ({"32": 2048}, (8, 0)),
        ({"PROTOCOL": 1, "L4_SRC_PORT": 0, "L4_DST_PORT": 769}, (3, 1)),
        ({"PROTOCOL": 1, "L4_SRC_PORT": 9, "L4_DST_PORT": 769}, (0, 0)),
    ],
)
def test_type_and_code_of_icmp(said_of_icmp: dict[str, int], expected: tuple[int, int]) -> None:
    row = read(lines(PROBED | said_of_icmp))[0][0]
    assert said(row, "icmp_type", "icmp_code") == expected


def test_every_element_of_a_column_is_known_by_name_and_number() -> None:
    for column, elements in SOURCES.items():
        for element in (e for e in elements if not e.enterprise):
            assert element_of(f"iana:{element.name}") == element.id, column
            assert element_of(f"en0:id{element.id}") == element_of(str(element.id)) == element.id
    assert element_of("iana@reverse:octetDeltaCount") == -1
    assert element_of("en9:id1") is None
    assert element_of("\u00b2") is None
