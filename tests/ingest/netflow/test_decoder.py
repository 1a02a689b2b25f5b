"""What each field of the three protocols becomes in a row of FLOWS."""

from __future__ import annotations

import struct

import pytest

from sensorium.model.address import UNSPECIFIED, pack_address, unpack_address
from sensorium.model.signals import FLOWS
from tests.ingest.netflow import packets as p

SECOND = 1_000_000_000
EXPORT_NS = p.EXPORT_S * SECOND


def one(fields: list[p.Spec], *values: int | bytes, ipfix: bool = True) -> dict:
    """The row of one record of a template."""
    bench = p.Bench()
    sets = (2 if ipfix else 0, p.template(256, fields)), (256, p.record(fields, *values))
    build = p.ipfix if ipfix else p.v9
    (row,) = bench.rows(build(*(p.a_set(*s) for s in sets)))
    assert bench.dropped() == {}
    return row


def ntp(seconds: float) -> bytes:
    whole = int(seconds)
    return struct.pack(">II", whole + 2_208_988_800, round((seconds - whole) * 2**32))


def test_a_v5_record_fills_every_column_it_has() -> None:
    (row,) = p.Bench().rows(p.v5([p.v5_record()], sequence=7, engine=0x0102, sampling=0x4064))
    assert row == {
        "type": "NETFLOW_V5",
        "time_received_ns": p.ARRIVAL_NS,
        "time_flow_start_ns": EXPORT_NS + 500 - 2 * SECOND,
        "time_flow_end_ns": EXPORT_NS + 500 - 1 * SECOND,
        "sampler_address": pack_address(p.EXPORTER),
        "observation_domain_id": 0x0102,
        "sequence_num": 7,
        "sampling_rate": 100,
        "src_addr": pack_address("10.0.0.1"),
        "dst_addr": pack_address("10.0.0.2"),
        "src_port": 1234,
        "dst_port": 80,
        "proto": 6,
        "tcp_flags": 18,
        "bytes": 1000,
        "packets": 10,
        "in_if": 3,
        "out_if": 4,
        "src_as": 65001,
        "dst_as": 65002,
        "src_mask": 24,
        "dst_mask": 16,
        "next_hop": pack_address("0.0.0.0"),
        "etype": 0x0800,
        "src_vlan": 0,
        "dst_vlan": 0,
        "mpls_label": 0,
        "icmp_type": 0,
        "icmp_code": 0,
        "ip_tos": 7,
        "flow_direction": 0,
        "src_mac": 0,
        "dst_mac": 0,
        "attributes": [],
    }


def test_v1_and_v7_records_fill_what_a_v5_record_does() -> None:
    v5, v1, v7 = p.Bench().rows(
        p.v5([p.v5_record()]), p.v1([p.v1_record()]), p.v7([p.v7_record()], sequence=9)
    )
    routes = dict.fromkeys(("src_as", "dst_as", "src_mask", "dst_mask"), 0)
    later = {"time_received_ns": p.ARRIVAL_NS + 1}
    assert v1 == v5 | routes | later | {"type": "NETFLOW_V1"}
    own = [("flags", "0"), ("flags_2", "0"), ("router_sc", "0.0.0.0")]
    assert v7.pop("attributes") == own
    later = {"time_received_ns": p.ARRIVAL_NS + 2, "sequence_num": 9}
    assert v7 == {name: value for name, value in v5.items() if name != "attributes"} | later | {
        "type": "NETFLOW_V7"
    }


@pytest.mark.parametrize(
    ("column", "fields", "values", "expected"),
    [
        ("bytes", [(1, 3)], [70_000], 70_000),
        ("bytes", [(23, 8)], [2**40], 2**40),
        ("bytes", [(85, 4), (23, 4)], [5, 9], 9),
        ("bytes", [(1, 8)], [2**64 - 1], 2**64 - 1),
        ("packets", [(86, 1)], [200], 200),
        ("tcp_flags", [(6, 1)], [0x12], 0x12),
        ("tcp_flags", [(6, 2)], [0x112], 0x112),
        ("in_if", [(252, 4)], [77], 77),
        ("in_if", [(252, 4), (10, 2)], [77, 5], 5),
        ("out_if", [(14, 4)], [500_010_002], 500_010_002),
        ("src_as", [(16, 2)], [64_512], 64_512),
        ("src_mask", [(29, 1)], [64], 64),
        ("src_vlan", [(243, 2)], [100], 100),
        ("dst_vlan", [(254, 2)], [200], 200),
        ("mpls_label", [(70, 3)], [(16_000 << 4) | 1], 16_000),
        ("src_mac", [(56, 6)], [0x005056C00001], 0x005056C00001),
        ("flow_direction", [(61, 1)], [1], 1),
        ("icmp_type", [(32, 2)], [0x0803], 8),
        ("icmp_code", [(32, 2)], [0x0803], 3),
        ("icmp_type", [(178, 1), (179, 1)], [128, 0], 128),
        ("icmp_code", [(176, 1), (177, 1)], [3, 13], 13),
        ("etype", [(60, 1)], [6], 0x86DD),
        ("etype", [(256, 2)], [0x0806], 0x0806),
        ("next_hop", [(18, 4)], [pack_address("10.9.8.7")[12:]], pack_address("10.9.8.7")),
        ("dst_addr", [(28, 16)], [pack_address("2001:db8::5")], pack_address("2001:db8::5")),
        ("sampling_rate", [(34, 4)], [512], 512),
        ("sampling_rate", [(305, 4), (306, 4)], [1, 99], 100),
        ("bytes", [(1, 4), (1, 4)], [11, 22], 11),
        ("bytes", [(1, 0), (85, 2)], [b"", 22], 22),
        ("bytes", [(1, 65535)], [b"\x01\x00"], 256),
        ("src_port", [(7, 4)], [0x1_0050], 80),
    ],
)
def test_elements_reach_their_columns(
    column: str, fields: list[p.Spec], values: list[int | bytes], expected: object
) -> None:
    assert one(fields, *values)[column] == expected


def test_a_value_longer_than_its_column_keeps_the_low_bytes() -> None:
    assert one([(4, 2)], 0x0111)["proto"] == 0x11


@pytest.mark.parametrize(
    ("fields", "values", "start", "end"),
    [
        ([(150, 4), (151, 4)], [10, 20], 10 * SECOND, 20 * SECOND),
        ([(152, 8), (153, 8)], [1500, 2500], 1_500_000_000, 2_500_000_000),
        ([(156, 8), (157, 8)], [ntp(10.5), ntp(20.25)], 10_500_000_000, 20_250_000_000),
        ([(154, 8), (155, 8)], [ntp(1.5), ntp(2.5)], 1_500_000_000, 2_500_000_000),
        ([(158, 4), (159, 4)], [3000, 1000], EXPORT_NS - 3_000_000, EXPORT_NS - 1_000_000),
        ([(152, 8), (161, 4)], [1000, 250], 1_000_000_000, 1_250_000_000),
        ([(153, 8), (162, 4)], [1000, 250], 1_000_000_000 - 250_000, 1_000_000_000),
        ([(153, 8)], [1000], 1_000_000_000, 1_000_000_000),
        ([(152, 8), (323, 8)], [1000, 3000], 1_000_000_000, 3_000_000_000),
        ([(152, 8), (153, 8)], [0, 0], EXPORT_NS, EXPORT_NS),
        ([(1, 4)], [1], EXPORT_NS, EXPORT_NS),
        ([(152, 8), (153, 8)], [2**63, 2**62], 2**63 - 1, 2**63 - 1),
    ],
)
def test_times_in_every_encoding(
    fields: list[p.Spec], values: list[int | bytes], start: int, end: int
) -> None:
    row = one(fields, *values)
    assert (row["time_flow_start_ns"], row["time_flow_end_ns"]) == (start, end)


def test_the_lowest_bits_of_a_microsecond_ntp_time_mean_nothing() -> None:
    noisy = struct.pack(">II", 2_208_988_800 + 5, 0x7FF)
    assert one([(154, 8), (155, 8)], noisy, noisy)["time_flow_end_ns"] == 5 * SECOND


def test_uptime_on_both_sides_of_a_wrap() -> None:
    record = p.v5_record(first_ms=2**32 - 500, last_ms=100)
    (row,) = p.Bench().rows(p.v5([record], uptime_ms=1000))
    end = EXPORT_NS + 500 - 900_000_000
    assert (row["time_flow_start_ns"], row["time_flow_end_ns"]) == (end - 600_000_000, end)


def test_ipfix_uptimes_count_from_the_announced_boot_time() -> None:
    boot_ms = p.EXPORT_S * 1000 - 60_000
    fields: list[p.Spec] = [(22, 4), (21, 4)]
    bench = p.Bench()
    (row,) = bench.rows(
        p.ipfix(
            p.a_set(3, p.options_template(300, [(143, 4)], [(160, 8)])),
            p.a_set(300, struct.pack(">IQ", 1, boot_ms)),
            p.a_set(2, p.template(256, fields)),
            p.a_set(256, p.record(fields, 10_000, 20_000)),
        )
    )
    assert row["time_flow_start_ns"] == EXPORT_NS - 50 * SECOND
    assert row["time_flow_end_ns"] == EXPORT_NS - 40 * SECOND


@pytest.mark.parametrize("after", [(8, 4), (371, 65535)])
def test_ipfix_uptimes_count_from_the_boot_time_that_a_record_states_itself(
    after: p.Spec,
) -> None:
    # As RouterOS can be told to send it (sys-init-time), with every record.
    fields: list[p.Spec] = [(160, 8), (22, 4), (21, 4), after]
    boots = [(p.EXPORT_S - age) * 1000 for age in (60, 5000)]
    last = bytes([10, 0, 0, 1])
    records = [p.record(fields, boot, 10_000, 20_000, last) for boot in boots]
    sets = p.a_set(2, p.template(256, fields)), p.a_set(256, b"".join(records))
    rows = p.Bench().rows(p.ipfix(*sets))
    assert [row["time_flow_start_ns"] for row in rows] == [(b + 10_000) * 1_000_000 for b in boots]
    assert [row["time_flow_end_ns"] for row in rows] == [(b + 20_000) * 1_000_000 for b in boots]


def test_flows_that_a_wrong_boot_time_puts_after_their_export_ended_at_export() -> None:
    # One release of softflowd states when it exports as the time that it booted.
    fields: list[p.Spec] = [(160, 8), (22, 4), (21, 4)]
    row = one(fields, p.EXPORT_S * 1000, 20 * 86_400_000, 20 * 86_400_000 + 2_500)
    assert row["time_flow_end_ns"] == EXPORT_NS
    assert row["time_flow_start_ns"] == EXPORT_NS - 2_500_000_000


def test_a_boot_time_of_zero_in_a_record_says_nothing() -> None:
    row = one([(160, 8), (22, 4), (21, 4)], 0, 10_000, 12_500)
    assert row["time_flow_end_ns"] == EXPORT_NS
    assert row["time_flow_start_ns"] == EXPORT_NS - 2_500_000_000


def test_ipfix_uptimes_without_a_boot_time_keep_the_flows_length() -> None:
    row = one([(22, 4), (21, 4)], 10_000, 12_500)
    assert row["time_flow_end_ns"] == EXPORT_NS
    assert row["time_flow_start_ns"] == EXPORT_NS - 2_500_000_000


def test_without_an_export_time_arrival_stands_in() -> None:
    fields: list[p.Spec] = [(1, 4)]
    sets = p.a_set(2, p.template(256, fields)), p.a_set(256, p.record(fields, 1))
    (row,) = p.Bench().rows(p.ipfix(*sets, export_s=0))
    assert row["time_flow_end_ns"] == p.ARRIVAL_NS


def test_of_two_families_in_one_template_the_one_that_is_set_counts() -> None:
    fields: list[p.Spec] = [(8, 4), (27, 16), (12, 4), (28, 16)]
    v4, v6 = pack_address("10.1.1.1")[12:], pack_address("2001:db8::1")
    row = one(fields, v4, bytes(16), v4, bytes(16))
    assert (unpack_address(row["src_addr"]), row["etype"]) == ("10.1.1.1", 0x0800)
    row = one(fields, bytes(4), v6, bytes(4), v6)
    assert (unpack_address(row["dst_addr"]), row["etype"]) == ("2001:db8::1", 0x86DD)


@pytest.mark.parametrize(
    ("column", "elements"),
    [("in_if", (10, 252)), ("out_if", (14, 253)), ("src_vlan", (58, 243)), ("dst_vlan", (59, 254))],
)
def test_where_an_interface_or_vlan_is_zero_the_next_element_counts(
    column: str, elements: tuple[int, int]
) -> None:
    fields: list[p.Spec] = [(element, 4) for element in elements]
    found = [one(fields, *values) for values in ((7, 8), (0, 8), (7, 0), (0, 0))]
    assert [row[column] for row in found] == [7, 8, 7, 0]
    # What has not filled the column, or not alone, is kept beside it.
    assert len(dict(found[0]["attributes"])) == 1
    assert one([(element, 65535) for element in elements], b"\0", b"\x08")[column] == 8


def test_of_next_hops_the_first_that_is_set_counts() -> None:
    fields: list[p.Spec] = [(63, 16), (62, 16), (18, 4), (15, 4)]
    hops = ["192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2"]
    packed = [pack_address(hop)[12 if place % 2 == 0 else 0 :] for place, hop in enumerate(hops)]
    for unset in range(4):
        values = [bytes(len(hop)) if place < unset else hop for place, hop in enumerate(packed)]
        row = one(fields, *(values[place] for place in (3, 1, 2, 0)))
        assert unpack_address(row["next_hop"]) == hops[unset]
    row = one(fields, bytes(16), bytes(16), bytes(4), bytes(4))
    assert unpack_address(row["next_hop"]) == "0.0.0.0"
    assert unpack_address(one(fields[2:], packed[2], bytes(4))["next_hop"]) == "192.0.2.2"
    assert unpack_address(one(fields[:2], packed[3], bytes(16))["next_hop"]) == "2001:db8::2"
    both = fields[1:3]  # that of IP before that of BGP, whichever is of version 4
    assert unpack_address(one(both, packed[1], packed[2])["next_hop"]) == "2001:db8::1"
    assert unpack_address(one(both, bytes(16), packed[2])["next_hop"]) == "192.0.2.2"


def test_icmp_type_and_code_are_found_in_the_destination_port() -> None:
    record = p.v5_record(proto=1, ports=(0, 0x0301))
    (row,) = p.Bench().rows(p.v5([record]))
    assert (row["icmp_type"], row["icmp_code"]) == (3, 1)


def test_ports_of_icmp_that_are_both_set_are_no_type_and_code() -> None:
    record = p.v5_record(proto=1, ports=(4711, 0x0301))
    (row,) = p.Bench().rows(p.v5([record]))
    assert (row["src_port"], row["dst_port"]) == (4711, 0x0301)
    assert (row["icmp_type"], row["icmp_code"]) == (0, 0)


def test_other_enterprises_elements_are_skipped_by_length() -> None:
    row = one([(1, 4, 9), (1, 4), (2, 65535, 35632), (2, 4)], 99, 5, b"secret", 6)
    assert (row["bytes"], row["packets"]) == (5, 6)


def test_variable_lengths_in_both_forms() -> None:
    fields: list[p.Spec] = [(82, 65535), (1, 4)]
    records = [
        p.varying(b"eth0") + struct.pack(">I", 1),
        p.varying(b"eth1", long=True) + struct.pack(">I", 2),
        p.varying(b"x" * 300) + struct.pack(">I", 3),
        p.varying(b"") + struct.pack(">I", 4),
    ]
    bench = p.Bench()
    rows = bench.rows(p.ipfix(p.a_set(2, p.template(256, fields)), p.a_set(256, b"".join(records))))
    assert [row["bytes"] for row in rows] == [1, 2, 3, 4]


def test_variable_lengths_are_understood_in_v9_too() -> None:
    assert one([(82, 65535), (1, 4)], b"eth0", 7, ipfix=False)["bytes"] == 7


def test_a_biflow_gives_its_reverse_direction_as_a_second_row() -> None:
    fields: list[p.Spec] = [
        *((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (10, 4), (14, 4)),
        *((1, 8), (2, 8), (6, 1), (1, 8, 29305), (2, 8, 29305), (6, 1, 29305), (15, 4)),
    ]
    a, b, hop = (pack_address(n)[12:] for n in ("10.0.0.1", "10.0.0.2", "10.0.0.9"))
    records = [
        p.record(fields, a, b, 1000, 80, 6, 1, 2, 600, 6, 2, 9000, 9, 18, hop),
        p.record(fields, b, a, 1001, 80, 6, 1, 2, 700, 7, 2, 0, 0, 0, hop),
    ]
    bench = p.Bench()
    rows = bench.rows(p.ipfix(p.a_set(2, p.template(256, fields)), p.a_set(256, b"".join(records))))
    names = ("src_addr", "dst_addr", "src_port", "dst_port", "in_if", "out_if")
    assert [tuple(row[n] for n in ("bytes", "packets", "tcp_flags")) for row in rows] == [
        (600, 6, 2),
        (9000, 9, 18),
        (700, 7, 2),
    ]
    forward, reverse, _ = rows
    assert [reverse[n] for n in names] == [
        forward[n] for n in ("dst_addr", "src_addr", "dst_port", "src_port", "out_if", "in_if")
    ]
    assert reverse["next_hop"] == UNSPECIFIED
    assert reverse["time_flow_end_ns"] == forward["time_flow_end_ns"]
    assert bench.decoded() == {"flow": 2}


def test_protocols_exporters_and_domains_may_be_mixed_in_a_slab() -> None:
    v4 = pack_address("10.0.0.3")[12:]
    data = p.record(p.PLAIN, v4, v4, 1, 2, 17, 0, 30, 3)
    rows = p.Bench().rows(
        p.v9(p.a_set(0, p.template(256, p.PLAIN)), p.a_set(256, data)),
        p.v5([p.v5_record(), p.v5_record(octets=1001)]),
        p.ipfix(p.a_set(2, p.template(256, p.PLAIN)), p.a_set(256, data + data), domain=9),
    )
    assert [(row["type"], row["bytes"], row["observation_domain_id"]) for row in rows] == [
        ("NETFLOW_V9", 30, 0),
        ("NETFLOW_V5", 1000, 0),
        ("NETFLOW_V5", 1001, 0),
        ("IPFIX", 30, 9),
        ("IPFIX", 30, 9),
    ]
    assert [row["time_received_ns"] - p.ARRIVAL_NS for row in rows] == [0, 1, 1, 2, 2]


def test_an_empty_slab_gives_an_empty_batch_of_the_schema() -> None:
    batch = p.Bench().decode()
    assert batch.num_rows == 0
    assert batch.schema == FLOWS


def test_a_batch_stays_as_it_was_while_later_ones_are_decoded() -> None:
    bench = p.Bench()
    first = bench.decode(p.v5([p.v5_record(octets=1)] * 30))
    kept = first.to_pylist()
    for octets in range(2, 12):
        bench.decode(p.v5([p.v5_record(octets=octets)] * 30))
    assert first.to_pylist() == kept


def test_a_slab_that_contradicts_itself_is_refused() -> None:
    good = p.slab([p.v5([p.v5_record()])])
    bad = type(good)(
        good.arrival_ns, good.src_addr, good.src_port, good.dst_port, good.offsets * 2, good.data
    )
    with pytest.raises(ValueError, match="outside its data"):
        p.Bench().decoder.decode(bad)
