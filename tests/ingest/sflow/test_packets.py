"""Sampled headers: every layer into its columns, what has none into attributes."""

from __future__ import annotations

import struct

import pytest

from sensorium.model.address import pack_address
from tests.ingest.sflow import agents as a

INNER = a.ethernet(0x0800, a.ipv4(6, a.tcp(5555, 443), source="10.9.0.1", target="10.9.0.2"))


def ends(row: dict) -> tuple:
    return row["src_addr"], row["dst_addr"], row["src_port"], row["dst_port"], row["proto"]


V4 = (pack_address("10.0.0.1"), pack_address("10.0.0.2"), 1234, 80, 6)
V6 = (pack_address("2001:db8::1"), pack_address("2001:db8::2"), 1234, 80, 6)
PLAIN = a.ipv4(6, a.tcp())


@pytest.mark.parametrize(
    ("frame", "protocol"),
    [
        (a.ethernet(0x0800, PLAIN), 1),
        (a.ethernet(0x0800, PLAIN, (0x8100, 0x6005)), 1),
        (a.ethernet(0x0800, PLAIN, (0x88A8, 5), (0x8100, 6)), 1),
        (a.ethernet(0x8847, a.words(0x000100FF, 0x000211FE) + PLAIN), 1),
        (a.ethernet(0x8847, a.words(0x000101FF) + bytes(4) + a.ethernet(0x0800, PLAIN)), 1),
        (a.ethernet(0x8847, a.words(0x000101FF, 0x1234) + a.ethernet(0x0800, PLAIN)), 1),
        (a.ethernet(0x8847, a.words(0x000101FF) + a.ethernet(0x0800, PLAIN)), 1),
        (a.ethernet(0x8847, a.words(0x000101FF) + bytes(6) + a.ethernet(0x0800, PLAIN)[6:]), 1),
        (a.ethernet(0x8847, a.words(0x000101FF) + a.ethernet(0x0800, PLAIN, (0x8100, 5))), 1),
        (a.ethernet(0x8864, struct.pack(">BBHHH", 0x11, 0, 9, 60, 0x21) + PLAIN), 1),
        (a.ethernet(40, bytes.fromhex("aaaa030000000800") + PLAIN), 1),
        (a.ethernet(0x0800, a.ipv4(6, a.tcp(), options=bytes(8))), 1),
        (b"\xff\x03\x00\x21" + PLAIN, 7),
        (b"\x21" + PLAIN, 7),
        (b"\x0f\x00\x08\x00" + PLAIN, 14),
        (PLAIN, 11),
        (a.words(0x000101FF) + PLAIN, 13),
    ],
)
def test_a_tcp_packet_in_ipv4_is_found_behind_whatever_is_before_it(
    frame: bytes, protocol: int
) -> None:
    bench = a.Bench()
    row = bench.packet(frame, protocol)
    assert ends(row) == V4
    assert (row["etype"], row["tcp_flags"]) == (0x0800, 0x12)
    assert bench.dropped() == {}


@pytest.mark.parametrize("word", [b"", bytes(4), bytes.fromhex("00001234")])
@pytest.mark.parametrize("tags", [(), ((0x8100, 5),)])
@pytest.mark.parametrize("first", ["0000", "0200", "a0b1"])
def test_the_addresses_behind_labels_are_those_of_the_frame_that_was_carried(
    word: bytes, tags: tuple, first: str
) -> None:
    macs = bytes.fromhex(first + "5e000101" + "00000c070809")
    carried = macs + a.ethernet(0x0800, PLAIN, *tags)[12:]
    row = a.Bench().packet(a.ethernet(0x8847, a.words(0x000101FF) + word + carried))
    assert (row["dst_mac"], row["src_mac"]) == (
        int.from_bytes(macs[:6], "big"),
        int.from_bytes(macs[6:], "big"),
    )
    assert ends(row) == V4


def extension(following: int, length: int) -> bytes:
    return bytes([following, length // 8 - 1]) + bytes(length - 2)


@pytest.mark.parametrize(
    "packet",
    [
        a.ipv6(6, a.tcp()),
        a.ipv6(0, extension(43, 8) + extension(60, 24) + extension(6, 8) + a.tcp()),
        a.ipv6(51, bytes([6, 4]) + bytes(22) + a.tcp()),
        a.ipv6(44, struct.pack(">BBHI", 6, 0, 1, 99) + a.tcp()),
    ],
)
def test_a_tcp_packet_in_ipv6_is_found_behind_extension_headers(packet: bytes) -> None:
    row = a.Bench().packet(a.ethernet(0x86DD, packet))
    assert ends(row) == V6
    assert (row["etype"], row["tcp_flags"]) == (0x86DD, 0x12)


def test_fields_of_an_ipv4_header_that_have_no_column_are_attributes() -> None:
    row = a.Bench().packet(a.ethernet(0x0800, a.ipv4(17, a.udp(53, 5353), tos=0xB8)))
    assert row["ip_tos"] == 0xB8
    expected = {
        "ipTTL": "63", "ipv4IHL": "5", "totalLengthIPv4": "28", "ipPayloadLength": "8",
        "fragmentIdentification": "77", "fragmentOffset": "0", "fragmentFlags": "64",
    }  # fmt: skip
    assert expected.items() <= row["attributes"].items()


def test_header_attributes_can_be_turned_off() -> None:
    attributes = a.Bench(header_attributes=False).packet(a.ethernet(0x0800, PLAIN))["attributes"]
    assert "ipTTL" not in attributes
    assert attributes["source_id"] == "0:3"


def test_later_fragments_have_no_ports() -> None:
    row = a.Bench().packet(a.ethernet(0x0800, a.ipv4(6, a.tcp(), fragment=0x2003)))
    assert (row["src_port"], row["dst_port"], row["proto"]) == (0, 0, 6)
    assert row["attributes"]["fragmentOffset"] == "3"
    packet = a.ipv6(44, struct.pack(">BBHI", 6, 0, 17 << 3 | 1, 99) + a.tcp())
    row = a.Bench().packet(a.ethernet(0x86DD, packet))
    assert (row["src_port"], row["proto"]) == (0, 6)
    assert (row["attributes"]["fragmentOffset"], row["attributes"]["fragmentFlags"]) == ("17", "32")


def test_tags_and_labels_are_read() -> None:
    row = a.Bench().packet(a.ethernet(0x0800, PLAIN, (0x88A8, 0x6005), (0x8100, 6)))
    assert (row["src_vlan"], row["dst_vlan"]) == (5, 0)
    assert row["attributes"]["dot1qPriority"] == "3"
    assert row["attributes"]["dot1qCustomerVlanId"] == "6"
    row = a.Bench().packet(a.ethernet(0x8847, a.words(0x000100FF, 0x000211FE) + PLAIN))
    assert row["mpls_label"] == 16
    assert row["attributes"]["mplsLabelStackDepth"] == "2"
    assert row["attributes"]["mplsTopLabelTTL"] == "255"


def test_icmp_types_and_codes_are_read() -> None:
    row = a.Bench().packet(a.ethernet(0x0800, a.ipv4(1, b"\x03\x0d" + bytes(6))))
    assert (row["icmp_type"], row["icmp_code"], row["src_port"]) == (3, 13, 0)
    row = a.Bench().packet(a.ethernet(0x86DD, a.ipv6(58, b"\x87\x00" + bytes(6))))
    assert (row["icmp_type"], row["proto"]) == (135, 58)


def test_arp_is_told_in_attributes() -> None:
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2) + a.MACS[:6]
    body += bytes([10, 0, 0, 1]) + a.MACS[6:] + bytes([10, 0, 0, 2])
    row = a.Bench().packet(a.ethernet(0x0806, body))
    assert (row["etype"], row["src_addr"]) == (0x0806, bytes(16))
    assert row["attributes"]["arp_operation"] == "2"
    assert row["attributes"]["arp_sender_address"] == "10.0.0.1"
    assert row["attributes"]["arp_target_address"] == "10.0.0.2"


GENEVE = struct.pack(">BBHI", 0x02, 0, 0x6558, 99 << 8) + bytes(8)


@pytest.mark.parametrize(
    ("packet", "segment"),
    [
        (a.ipv4(17, a.udp(50000, 4789, a.words(0x08000000, 5001 << 8) + INNER)), 1 << 56 | 5001),
        (a.ipv4(17, a.udp(50000, 6081, GENEVE + INNER)), 99),
        (a.ipv4(47, struct.pack(">HHI", 0x2000, 0x6558, 4242 << 8) + INNER), 2 << 56 | 4242),
    ],
)
def test_columns_hold_the_outer_headers_of_a_tunnel_and_attributes_the_inner_ones(
    packet: bytes, segment: int
) -> None:
    row = a.Bench().packet(a.ethernet(0x0800, packet))
    assert (row["src_addr"], row["proto"]) == (V4[0], packet[9])
    attributes = row["attributes"]
    assert attributes["layer2SegmentId"] == str(segment)
    assert attributes["inner_src_addr"] == "10.9.0.1"
    assert attributes["inner_dst_addr"] == "10.9.0.2"
    assert attributes["inner_src_port"] == "5555"
    assert attributes["inner_dst_port"] == "443"
    assert attributes["inner_proto"] == "6"
    assert attributes["inner_src_mac"] == "02:00:00:00:00:0b"
    assert attributes["inner_etype"] == "2048"


@pytest.mark.parametrize(
    ("proto", "payload"),
    [
        (4, a.ipv4(17, a.udp(1, 2), source="10.9.0.1")),
        (47, b"\x00\x00\x08\x00" + a.ipv4(17, a.udp(1, 2), source="10.9.0.1")),
        (47, struct.pack(">HHII", 0xA000, 0x0800, 0, 7) + a.ipv4(17, b"", source="10.9.0.1")),
    ],
)
def test_ip_in_ip_and_gre_carry_ip(proto: int, payload: bytes) -> None:
    row = a.Bench().packet(a.ethernet(0x0800, a.ipv4(proto, payload)))
    assert row["proto"] == proto
    assert row["attributes"]["inner_src_addr"] == "10.9.0.1"


def test_ipv6_in_ipv4_is_written_as_rfc_5952_asks() -> None:
    row = a.Bench().packet(a.ethernet(0x0800, a.ipv4(41, a.ipv6(17, a.udp(1, 2)))))
    assert row["attributes"]["inner_dst_addr"] == "2001:db8::2"


@pytest.mark.parametrize("protocol", [0, 2, 5, 6, 15, 99])
def test_a_header_of_a_protocol_that_is_not_read_gives_its_length(protocol: int) -> None:
    bench = a.Bench()
    assert bench.packet(bytes(64), protocol)["bytes"] == 68
    assert bench.dropped() == {"unknown_header_protocol": 1}


def test_a_header_cut_anywhere_gives_what_is_whole() -> None:
    frame = a.ethernet(0x0800, a.ipv4(6, a.tcp()), (0x8100, 5))
    for length in range(len(frame)):
        row = a.Bench().packet(frame[:length])
        assert row["src_vlan"] == (5 if length >= 18 else 0)
        assert row["proto"] == (6 if length >= 38 else 0)
        assert row["dst_port"] == (80 if length >= 42 else 0)
        assert row["tcp_flags"] == (0x12 if length >= 52 else 0)
