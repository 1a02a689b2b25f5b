"""Elements that fill no column: their names, their text, and how they are shown."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.netflow.attributes.objects import Context, value_of
from sensorium.ingest.netflow.registry import information
from sensorium.ingest.netflow.registry.lookup import _known
from sensorium.ingest.render import to_json_lines
from sensorium.model.signals import FLOWS
from sensorium.observe import Observe
from tests.ingest.netflow import oracle_text
from tests.ingest.netflow import packets as p
from tests.ingest.netflow.test_decoder import ntp


def attributes(fields: list[p.Spec], *values: int | bytes, v9: bool = False) -> dict[str, str]:
    """The attributes of one record."""
    template, data = p.template(256, fields), p.a_set(256, p.record(fields, *values))
    build = p.v9(p.a_set(0, template), data) if v9 else p.ipfix(p.a_set(2, template), data)
    (row,) = p.Bench().rows(build)
    return dict(row["attributes"])


@pytest.mark.parametrize(
    ("field", "value", "name", "text"),
    [
        ((230, 1), 4, "natEvent", "4"),
        ((148, 8), 2**64 - 1, "flowId", str(2**64 - 1)),
        ((148, 8), 2**63, "flowId", str(2**63)),
        ((148, 8), 10**19, "flowId", str(10**19)),
        ((148, 3), 70_000, "flowId", "70000"),
        ((515, 32), 2**255, "ipv6ExtensionHeadersFull", str(2**255)),
        ((434, 4), 2**32 - 5, "mibObjectValueInteger", "-5"),
        ((434, 8), 2**63, "mibObjectValueInteger", str(-(2**63))),
        ((225, 4), 0x0A0000FF, "postNATSourceIPv4Address", "10.0.0.255"),
        ((281, 16), 0x20010DB8 << 96 | 1, "postNATSourceIPv6Address", "2001:db8::1"),
        ((281, 16), 0xFFFF_0A00_0001, "postNATSourceIPv6Address", "::ffff:10.0.0.1"),
        ((281, 16), 1 << 112 | 1 << 48, "postNATSourceIPv6Address", "1::1:0:0:0"),
        ((365, 6), 0x0A0B0C0D0E0F, "staMacAddress", "0a:0b:0c:0d:0e:0f"),
        ((276, 1), 1, "dataRecordsReliability", "true"),
        ((276, 1), 2, "dataRecordsReliability", "false"),
        ((311, 8), struct.pack(">d", 0.1), "samplingProbability", "0.1"),
        ((311, 4), struct.pack(">f", math.inf), "samplingProbability", "+Inf"),
        ((82, 8), b"Gi0/1\0\0\0", "interfaceName", "Gi0/1"),
        ((82, 3), "ä¥".encode()[:3], "interfaceName", "Ã¤Â"),
        ((82, 4), "ä¥".encode(), "interfaceName", "ä¥"),
        ((82, 2), b"\xed\xa0", "interfaceName", "í\xa0"),
        ((95, 4), b"\x03\0\x01\xbb", "applicationId", "3..443"),
        ((95, 9), b"\x14\0\0\0\x09\0\0\0\x07", "applicationId", "20..9..7"),
        ((258, 8), 1_700_000_000_123, "collectionTimeMilliseconds", "1700000000123"),
        ((268, 8), ntp(1_700_000_000.5), "maxFlowEndMicroseconds", "1700000000500000"),
        ((270, 8), ntp(1_700_000_000.5), "maxFlowEndNanoseconds", "1700000000500000000"),
        ((71, 3), 0x000641, "mplsLabelStackSection2", "000641"),
        ((225, 3), 0x0A0B0C, "postNATSourceIPv4Address", "0a0b0c"),
        ((40, 2, 6871), 1, "flowAttributes", "1"),
        ((16424, 2, 6871), 1, "reverseFlowAttributes", "1"),
        ((5, 2, 77777), 258, "enterprise-77777-5", "0102"),
        ((120, 2), 258, "element-120", "0102"),
        ((137, 2, 2636), 0x0801, "commonPropertiesId", "2049"),
        ((898, 4, 6876), b"ab-c", "virtualObsID", "ab-c"),
        ((12238, 16, 9), 0x20010DB8 << 96 | 1, "ciscoClientIPv6Address", "2001:db8::1"),
        ((12235, 65535, 9), b"\x03\0\0\x50\x34\x02a.test", "ciscoAppHTTPHost", "a.test"),
        ((12235, 65535, 9), b"\x03\0\0\x50\x34\x02", "ciscoAppHTTPHost", ""),
        ((12235, 12, 9), b"\x03\0\0\x50\x34\x03curl/8", "ciscoAppHTTPHost", "3..80/13315:curl/8"),
        ((12235, 9, 9), b"\x0d\0\x01\xc5\x34\x01cn\0", "ciscoAppHTTPHost", "13..453/13313:cn"),
        ((12235, 8, 9), b"a.test\0\0", "ciscoAppHTTPHost", "a.test"),
        ((12340, 11, 9), b"svchost.exe", "nvzFlowProcessName", "svchost.exe"),
        ((12433, 4, 9), 6403, "ciscoEgressOverlaySessionId", "6403"),
        ((12441, 8, 9), 2**63, "ciscoConnectionIdLong", str(2**63)),
        ((8236, 4, 9), 77, "ciscoPolicyId", "77"),
        ((120, 4, 3054), b"CH\0\0", "ixiaSrcCountryCode", "CH"),
        ((4248, 4, 9), 12, "ciscoTransportRoundTripTime", "12"),
        ((6256, 65535, 9), b"mpls", "ciscoPfrLinkGroupName", "mpls"),
        ((892, 65535, 6876), b"\0\0\x2a", "tunnelKey", "00002a"),
        ((893, 4, 6876), 0x0A000001, "tunnelSourceIPv4Address", "10.0.0.1"),
        ((897, 2, 6876), 4789, "tunnelDestinationTransportPort", "4789"),
        ((41, 65535, 8741), b"General DNS", "sonicWallApplicationName", "General DNS"),
        ((38, 65535, 12276), b"deny-all", "f5AclRuleName", "deny-all"),
        ((28, 4, 12276), 0x0A000001, "f5TransSourceIPv4Address", "10.0.0.1"),
        ((115, 65535, 13745), b"Hello", "plixerMessageSubject", "Hello"),
        ((3, 65535, 43874), b"edge", "pmacctLabel", "edge"),
        ((1, 8, 47269), 40, "pluribusLatencyMicroseconds", "40"),
        ((225, 4, 5951), 7, "netscalerIcaChannelId1", "7"),
        ((25, 65535, 23867), b"voice", "silverPeakOverlay", "voice"),
        ((207, 4, 26866), 0x0A000001, "gigamonDnsResponseIPv4Address", "10.0.0.1"),
        ((12239, 1, 45346), 5, "veloCloudFlowPath", "5"),
        ((1042, 4, 50114), struct.pack(">f", 4.5), "cgnxMediaMosMin", "4.5"),
        ((101, 65535, 56506), b"web-0", "sourcePodName", "web-0"),
        ((830, 2, 8057), b"\xa0\x01", "tlsJa3Fingerprint", "a001"),
        ((200, 4, 39499), 0x0A000001, "dhcpOfferedIp", "10.0.0.1"),
    ],
)
def test_each_type_has_its_canonical_text(
    field: p.Spec, value: int | bytes, name: str, text: str
) -> None:
    assert attributes([(8, 4), field], 1, value) == {name: text}


def test_names_are_those_of_the_registries_and_of_no_column() -> None:
    assert information(0, 1).name == "octetDeltaCount"
    assert information(29305, 2).name == "reversePacketDeltaCount"
    names = [known.name for known in _known().values()]
    assert not set(names) & set(FLOWS.names)
    assert max(map(len, names)) < 64


def test_ciscos_own_elements_have_their_names_without_an_enterprise_number_in_v9() -> None:
    fields: list[p.Spec] = [(95, 4), (45000, 12), (45003, 8), (45998, 1)]
    values = b"\x0d\0\x01\xc5", b"browsing\0\0\0\0", b"a.test\0\0", 7
    assert attributes(fields, *values, v9=True) == {
        "applicationId": "13..453", "ciscoAppCategoryName": "browsing",
        "ciscoAppHTTPHost": "a.test", "element-45998": "07",
    }  # fmt: skip


def test_the_second_of_an_element_has_a_name_of_its_own() -> None:
    fields: list[p.Spec] = [(8, 4), (8, 4), (230, 1), (230, 1), (230, 1)]
    assert attributes(fields, 1, 2, 3, 4, 5) == {
        "sourceIPv4Address_2": "0.0.0.2", "natEvent": "3", "natEvent_2": "4", "natEvent_3": "5",
    }  # fmt: skip


def test_attributes_can_be_left_out() -> None:
    fields: list[p.Spec] = [(8, 4), (230, 1)]
    data = p.a_set(256, p.record(fields, 1, 4))
    (row,) = p.Bench(attributes=False).rows(p.ipfix(p.a_set(2, p.template(256, fields)), data))
    assert (row["src_addr"][12:], row["attributes"]) == (bytes([0, 0, 0, 1]), [])


def test_padding_and_fields_of_no_length_say_nothing() -> None:
    fields: list[p.Spec] = [(8, 4), (210, 2), (230, 0), (0, 2), (225, 65535), (82, 65535)]
    assert attributes(fields, 1, 0, b"", 0, b"", b"") == {"interfaceName": ""}


def test_an_element_that_lost_its_column_to_another_is_kept() -> None:
    fields: list[p.Spec] = [(1, 4), (23, 4), (85, 4), (161, 4), (150, 4), (151, 4), (48, 1)]
    assert attributes(fields, 1, 2, 3, 4, 5, 6, 7) == {
        "postOctetDeltaCount": "2", "octetTotalCount": "3", "flowDurationMilliseconds": "4",
        "samplerId": "7",
    }  # fmt: skip


def test_varying_lengths_are_read_in_v9_too() -> None:
    fields: list[p.Spec] = [(82, 65535), (8, 4), (230, 65535)]
    assert attributes(fields, b"x" * 300, 1, b"\x01\x02", v9=True) == {
        "interfaceName": "x" * 300, "natEvent": "258",
    }  # fmt: skip


NSEL: list[p.Spec] = [
    *((148, 4), (8, 4), (12, 4), (225, 4), (227, 2), (233, 1), (33002, 2), (323, 8)),
    *((231, 4), (232, 4), (33000, 12), (40000, 20), (298, 4), (299, 4)),
]


def test_a_security_event_counts_what_its_initiator_sent() -> None:
    acl, user = bytes(range(12)), b"alice".ljust(20, b"\0")
    values = (7, 1, 2, 3, 40, 2, 2025, 1_700_000_000_000, 100, 9000, acl, user, 5, 60)
    data = p.a_set(256, p.record(NSEL, *values))
    (row,) = p.Bench().rows(p.v9(p.a_set(0, p.template(256, NSEL)), data))
    assert (row["bytes"], row["packets"]) == (100, 5)
    assert row["time_flow_end_ns"] == 1_700_000_000 * 10**9
    assert dict(row["attributes"]) == {
        "flowId": "7", "postNATSourceIPv4Address": "0.0.0.3", "postNAPTSourceTransportPort": "40",
        "firewallEvent": "2", "fw_ext_event": "2025", "responderOctets": "9000",
        "ingress_acl_id": "00010203-04050607-08090a0b", "userName": "alice",
        "responderPackets": "60",
    }  # fmt: skip


def test_both_rows_of_a_biflow_have_the_records_attributes() -> None:
    fields: list[p.Spec] = [(8, 4), (1, 4), (1, 4, 29305), (136, 1), (184, 4, 29305)]
    data = p.a_set(256, p.record(fields, 1, 2, 3, 4, 5))
    rows = p.Bench().rows(p.ipfix(p.a_set(2, p.template(256, fields)), data))
    assert [row["bytes"] for row in rows] == [2, 3]
    for row in rows:
        assert dict(row["attributes"]) == {"flowEndReason": "4", "reverseTcpSequenceNumber": "5"}


def shown(payload: bytes) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Flows and options records as ``sensorium decode`` shows them."""
    options: list[dict[str, Any]] = []
    decoder = NetflowDecoder(NetflowConfig(), Observe(), options=options.append)
    batch = decoder.decode(p.slab([payload]))
    return [json.loads(line) for line in to_json_lines(batch)], options


def test_a_biflow_is_shown_as_the_one_record_it_is() -> None:
    fields: list[p.Spec] = [(8, 4), (22, 4), (1, 4), (1, 4, 29305), (230, 0)]
    data = p.a_set(256, p.record(fields, 1, 99, 2, 3, b""))
    (row,), _ = shown(p.ipfix(p.a_set(2, p.template(256, fields)), data))
    assert (row["bytes"], row["reverseOctetDeltaCount"]) == (2, 3)
    assert (row["flowStartSysUpTime"], row["natEvent"]) == (99, 0)


def test_options_data_are_shown_with_their_scope() -> None:
    scope, fields = [(2, 4), (1, 0)], [(82, 8), (34, 4), (160, 8), (276, 1), (210, 2)]
    template = p.a_set(1, p.v9_options_template(300, scope, fields))
    record = p.record([*scope, *fields], 7, b"", b"Gi0/1\0\0\0", 100, 5, 1, 0)
    _, (options,) = shown(p.v9(template, p.a_set(300, record), sequence=9, domain=3))
    assert options == {
        "type": "NETFLOW_V9",
        "options_data": {"template_id": 300, "scope": ["scope_interface", "scope_system"]},
        "time_received_ns": p.ARRIVAL_NS, "sampler_address": p.EXPORTER,
        "observation_domain_id": 3, "sequence_num": 9,
        "scope_interface": 7, "scope_system": 0, "interfaceName": "Gi0/1", "samplingInterval": 100,
        "systemInitTimeMilliseconds": 5, "dataRecordsReliability": True, "paddingOctets": "0000",
    }  # fmt: skip


def test_netflow_v5s_header_is_shown() -> None:
    (row,), _ = shown(p.v5([p.v5_record()], engine=0x0C22, sampling=0x4064))
    assert (row["engineType"], row["engineId"], row["samplingAlgorithm"]) == (12, 34, 1)
    assert (row["sampling_rate"], row["flow_records"]) == (100, 1)


def test_netflow_v1s_header_is_shown() -> None:
    (row,), _ = shown(p.v1([p.v1_record()]))
    assert (row["type"], row["sys_uptime"], row["flow_records"]) == ("NETFLOW_V1", p.UPTIME_MS, 1)


def test_what_only_netflow_v7_has_is_shown() -> None:
    record = p.v7_record(flags=3, more_flags=516, router="192.0.2.77")
    (row,), _ = shown(p.v7([record]))
    assert (row["sys_uptime"], row["flow_records"]) == (p.UPTIME_MS, 1)
    assert (row["flags"], row["flags_2"], row["router_sc"]) == (3, 516, "192.0.2.77")


@given(st.binary(max_size=30), st.sampled_from([1, 40, 82, 95, 225, 276, 281, 311, 365, 434]))
def test_any_bytes_of_any_type_are_shown(value: bytes, element: int) -> None:
    fields: list[p.Spec] = [(8, 4), (element, 65535), (element, max(len(value), 1))]
    data = p.a_set(256, p.record(fields, 1, value, value or b"\0"))
    (row,), _ = shown(p.ipfix(p.a_set(2, p.template(256, fields)), data))
    assert information(0, element).name + "_2" in row


@given(st.sampled_from([b"", b"\3\0\0\x50\x34\2", b"\x0d\0\1\xc5\x34"]), st.binary(max_size=20))
def test_what_avc_found_is_the_same_text_in_lists_as_in_attributes(
    tags: bytes, rest: bytes
) -> None:
    known, value = information(9, 12235), tags + rest
    shown_in_a_list = value_of(known, value, Context(lambda _: None, {}))
    assert shown_in_a_list == oracle_text.text(known.type, value)
    if value:
        assert attributes([(8, 4), (12235, 65535, 9)], 1, value) == {known.name: shown_in_a_list}


def test_events_of_zone_based_firewalls_have_their_names() -> None:
    fields: list[p.Spec] = [(8, 4), (233, 1), (35007, 4), (35009, 16), (35012, 4), (33005, 4)]
    body = p.record(fields, 9, 4, 3, b"inside-outside\0\0", 77, 100)
    (row,) = p.Bench().rows(p.v9(p.a_set(0, p.template(300, fields)), p.a_set(300, body)))
    kept = dict(row["attributes"])
    assert kept["fw_zone_pair_name"] == "inside-outside"
    assert (kept["fw_zone_pair_id"], kept["fw_half_open_count"]) == ("3", "77")
    assert kept["fw_configured_value"] == "100"
