"""Records that hold a piece of a packet: what its headers say fills the columns."""

from __future__ import annotations

import pytest

from sensorium.model.address import pack_address, unpack_address
from tests.ingest.netflow import packets as p
from tests.ingest.sflow import agents as a

FRAME = a.ethernet(0x0800, a.ipv4(6, a.tcp(1234, 443), tos=0xB8), (0x8100, 231))
FIELDS: list[p.Spec] = [(10, 4), (14, 4), (61, 1), (312, 2), (315, 65535)]


def rows(fields: list[p.Spec], *records: bytes, v9: bool = False) -> list[dict]:
    sets = p.a_set(0 if v9 else 2, p.template(256, fields)), p.a_set(256, b"".join(records))
    return p.Bench().rows(p.v9(*sets) if v9 else p.ipfix(*sets))


def test_a_sampled_frame_fills_the_columns() -> None:
    # As Juniper's inline monitoring exports it.
    second = a.ethernet(0x86DD, a.ipv6(58, bytes([135, 0, 0, 0]) + bytes(20)))
    found = rows(
        FIELDS,
        p.record(FIELDS, 582, 7, 1, 1518, FRAME),
        p.record(FIELDS, 583, 0, 0, 82, second),
    )
    first = found[0]
    assert [unpack_address(row["src_addr"]) for row in found] == ["10.0.0.1", "2001:db8::1"]
    assert [unpack_address(row["dst_addr"]) for row in found] == ["10.0.0.2", "2001:db8::2"]
    assert (first["src_port"], first["dst_port"], first["proto"]) == (1234, 443, 6)
    assert (first["tcp_flags"], first["ip_tos"], first["etype"]) == (0x12, 0xB8, 0x0800)
    assert (first["in_if"], first["out_if"], first["flow_direction"]) == (582, 7, 1)
    assert (first["bytes"], first["packets"], first["src_vlan"]) == (1518, 1, 231)
    assert first["src_mac"] == int.from_bytes(a.MACS[6:], "big")
    assert first["dst_mac"] == int.from_bytes(a.MACS[:6], "big")
    assert dict(first["attributes"])["dataLinkFrameSection"] == FRAME.hex()
    assert (found[1]["proto"], found[1]["icmp_type"], found[1]["src_vlan"]) == (58, 135, 0)


@pytest.mark.parametrize("packet", [a.ipv4(17, a.udp(53, 5353)), a.ipv6(17, a.udp(53, 5353))])
@pytest.mark.parametrize("length", [65535, 40, 64])
def test_a_piece_of_an_ip_packet_does_too(packet: bytes, length: int) -> None:
    fields: list[p.Spec] = [(313, length), (10, 4)]
    piece = packet if length == 65535 else packet[:length].ljust(length, b"\0")
    (row,) = rows(fields, p.record(fields, piece, 3))
    assert (row["etype"], row["in_if"]) == (0x0800 if packet[0] >> 4 == 4 else 0x86DD, 3)
    assert (row["bytes"], row["packets"]) == (len(packet), 1)
    if len(packet) <= length:
        assert (row["src_port"], row["dst_port"]) == (53, 5353)


def test_v9_calls_a_frames_first_bytes_by_an_element_of_its_own() -> None:
    fields: list[p.Spec] = [(104, 65535), (10, 4)]
    (row,) = rows(fields, p.record(fields, FRAME, 3), v9=True)
    assert (unpack_address(row["dst_addr"]), row["dst_port"]) == ("10.0.0.2", 443)


def test_what_the_template_says_itself_counts_before_the_packet() -> None:
    fields: list[p.Spec] = [(4, 1), (2, 4), (1, 4), (58, 2), (315, len(FRAME))]
    (row,) = rows(fields, p.record(fields, 17, 5, 6, 7, FRAME))
    assert (row["proto"], row["packets"], row["bytes"], row["src_vlan"]) == (17, 5, 6, 7)
    fields = [(8, 4), (12, 4), (315, len(FRAME))]
    (row,) = rows(fields, p.record(fields, pack_address("192.0.2.1")[12:], bytes(4), FRAME))
    assert (unpack_address(row["src_addr"]), row["dst_port"]) == ("192.0.2.1", 0)


def test_frames_that_say_nothing_leave_zeros_beside_those_that_do() -> None:
    cut = [b"", FRAME[:13], FRAME[:20], a.ethernet(0x0842, bytes(20))]
    plain: list[p.Spec] = [(8, 4), (4, 1)]
    message = p.ipfix(
        p.a_set(2, p.template(256, FIELDS) + p.template(257, plain)),
        p.a_set(256, b"".join(p.record(FIELDS, 1, 2, 0, 60, frame) for frame in (*cut, FRAME))),
        p.a_set(257, p.record(plain, pack_address("192.0.2.1")[12:], 6)),
    )
    found = p.Bench().rows(message)
    assert [row["proto"] for row in found] == [0, 0, 0, 0, 6, 6]
    assert [row["packets"] for row in found] == [1, 1, 1, 1, 1, 0]
    assert [unpack_address(row["src_addr"]) for row in found[-2:]] == ["10.0.0.1", "192.0.2.1"]
