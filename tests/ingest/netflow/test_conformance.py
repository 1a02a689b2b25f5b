"""What RFC 3954, RFC 7011 and RFC 6313 ask of a collector and no other test shows.

Which requirement each of them shows is said in tests/conformance/.
"""

from __future__ import annotations

import struct

import pytest

from tests.ingest.netflow import packets as p
from tests.ingest.netflow.test_attributes import attributes
from tests.ingest.netflow.test_attributes import shown as flows_and_options
from tests.ingest.netflow.test_decoder import one
from tests.ingest.netflow.test_lists import LISTS, SEVERAL, SINGLE, a_list, message, shown

BYTES: list[p.Spec] = [(1, 4)]
PACKETS: list[p.Spec] = [(2, 4)]
SEVEN = struct.pack(">I", 7)
LONGEST = 65_535
ERA_S = 1 << 32
NTP_UNIX_S = 2_208_988_800


def test_template_ids_may_come_in_any_order_and_say_nothing_of_their_contents() -> None:
    bench = p.Bench()
    options = p.options_template(256, [(149, 4)], [(34, 4)])
    rows = bench.rows(
        p.ipfix(
            p.a_set(2, p.template(LONGEST, BYTES) + p.template(300, PACKETS)),
            p.a_set(3, options),
            p.a_set(256, struct.pack(">II", 1, 100)),
            p.a_set(2, p.template(257, BYTES)),
            p.a_set(300, SEVEN),
            p.a_set(LONGEST, SEVEN),
            p.a_set(257, SEVEN),
        )
    )
    assert [(row["bytes"], row["packets"]) for row in rows] == [(0, 7), (7, 0), (7, 0)]
    assert {row["sampling_rate"] for row in rows} == {100}
    assert bench.dropped() == {}


def test_a_packet_may_have_several_template_sets_and_padding_in_each() -> None:
    bench = p.Bench()
    rows = bench.rows(
        p.v9(
            p.a_set(0, p.template(256, BYTES), padding=2),
            p.a_set(1, p.v9_options_template(300, [(1, 4)], [(34, 4)]), padding=2),
            p.a_set(256, SEVEN, padding=3),
            p.a_set(300, struct.pack(">II", 1, 50), padding=3),
            p.a_set(0, p.template(257, PACKETS), padding=1),
            p.a_set(257, SEVEN),
        )
    )
    assert [(row["bytes"], row["packets"]) for row in rows] == [(7, 0), (0, 7)]
    assert bench.decoded() == {"flow": 2, "options": 1}
    assert bench.dropped() == {}


def test_a_template_that_comes_again_as_it_was_changes_nothing() -> None:
    bench = p.Bench()
    again = p.ipfix(p.a_set(2, p.template(256, BYTES)))
    bench.decode(again)
    before = bench.decoder.state()
    bench.decode(again, again)
    assert bench.decoder.state() == before
    assert len(bench.rows(p.ipfix(p.a_set(256, SEVEN)))) == 1
    assert bench.dropped() == {}


@pytest.mark.parametrize(
    "withdrawal",
    [p.a_set(2, struct.pack(">HH", 999, 0)), p.a_set(3, struct.pack(">HH", 256, 0))],
    ids=["unknown", "of an options template"],
)
def test_a_withdrawal_of_what_is_not_there_changes_nothing(withdrawal: bytes) -> None:
    bench = p.Bench()
    bench.decode(p.ipfix(p.a_set(2, p.template(256, BYTES))), p.ipfix(withdrawal))
    assert len(bench.rows(p.ipfix(p.a_set(256, SEVEN)))) == 1
    assert bench.dropped() == {"withdrawal": 1}


def test_a_message_of_the_greatest_length_is_read() -> None:
    template = p.a_set(2, p.template(256, BYTES))
    room = LONGEST - 16 - len(template) - 4
    data = p.a_set(256, SEVEN * (room // 4), padding=room % 4)
    whole = p.ipfix(template, data)
    bench = p.Bench()
    assert len(whole) == LONGEST
    assert len(bench.rows(whole)) == room // 4
    assert bench.dropped() == {}


def test_a_message_of_another_version_is_not_read() -> None:
    whole = p.ipfix(p.a_set(2, p.template(256, BYTES)), p.a_set(256, SEVEN))
    bench = p.Bench()
    assert bench.rows(struct.pack(">H", 11) + whole[2:]) == []
    assert bench.dropped() == {"unknown_version": 1}


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [((434, 2), -5, "-5"), ((434, 1), -1, "-1"), ((434, 3), 70_000, "70000")],
)
def test_a_signed_value_of_reduced_size_keeps_its_sign(
    field: p.Spec, value: int, text: str
) -> None:
    written = value.to_bytes(field[1], "big", signed=True)
    assert attributes([(8, 4), field], 1, written) == {"mibObjectValueInteger": text}


def test_times_of_the_next_ntp_era_are_after_2036() -> None:
    seconds = 100
    written = struct.pack(">II", seconds, 1 << 31)
    unix_ns = (ERA_S + seconds - NTP_UNIX_S) * 10**9 + 500_000_000
    for first, last in ((154, 155), (156, 157)):
        row = one([(first, 8), (last, 8)], written, written)
        assert row["time_flow_end_ns"] == unix_ns
    found = attributes([(8, 4), (270, 8)], 1, written)
    assert found == {"maxFlowEndNanoseconds": str(unix_ns)}
    sets = (
        p.a_set(3, p.options_template(300, [(149, 4)], [(270, 8)])),
        p.a_set(300, SEVEN + written),
    )
    _, (options,) = flows_and_options(p.ipfix(*sets))
    assert options["maxFlowEndNanoseconds"] == unix_ns


def test_a_list_names_the_element_that_nobody_knows() -> None:
    values = struct.pack(">HH", 1, 2)
    for basic, name in (
        (a_list(5000, 2, values), "element-5000"),
        (a_list(7, 2, values, pen=64998), "enterprise-64998-7"),
    ):
        (row,) = shown(message(basic, SINGLE, SEVERAL))
        assert row["basicList"]["element"] == name
        assert row["basicList"]["values"] == ["0001", "0002"]


def test_a_list_may_have_its_length_in_three_octets_or_in_the_template() -> None:
    basic = a_list(483, 4, struct.pack(">I", 7))
    long = p.varying(basic, long=True)
    assert len(long) == len(basic) + 3
    rows = shown(
        p.ipfix(p.a_set(2, p.template(256, [(291, 65535)])), p.a_set(256, long)),
        p.ipfix(p.a_set(2, p.template(257, [(291, len(basic))])), p.a_set(257, basic)),
    )
    assert [row["basicList"]["values"] for row in rows] == [[7], [7]]


def test_lists_may_be_empty() -> None:
    (row,) = shown(message(a_list(483, 4), struct.pack(">BH", 4, 300), b"\xff"))
    assert row["basicList"]["values"] == []
    assert row["subTemplateList"]["records"] == []
    assert row["subTemplateMultiList"] == {"semantic": "undefined", "lists": []}


def test_a_list_may_stand_in_options_data() -> None:
    scope, fields = [(149, 4)], [(291, 65535)]
    record = p.record([*scope, *fields], 1, a_list(483, 4, struct.pack(">I", 7)))
    sets = p.a_set(3, p.options_template(300, scope, fields)), p.a_set(300, record)
    _, (options,) = flows_and_options(p.ipfix(*sets))
    assert options["basicList"]["values"] == [7]


def test_padding_inside_a_list_is_no_value() -> None:
    inner: list[p.Spec] = [(225, 4), (210, 3), (230, 1)]
    single = struct.pack(">BH", 4, 300) + p.record(inner, 1, 0, 4) * 2
    templates = p.template(256, LISTS) + p.template(300, inner)
    record = p.record(LISTS, 1, a_list(483, 4), single, b"\xff")
    (row,) = shown(p.ipfix(p.a_set(2, templates), p.a_set(256, record)))
    nat = {"postNATSourceIPv4Address": "0.0.0.1", "natEvent": 4}
    assert row["subTemplateList"]["records"] == [nat, nat]


def test_the_direction_of_a_biflow_is_kept_beside_it() -> None:
    fields: list[p.Spec] = [(1, 4), (152, 8), (153, 8), (1, 4, 29305), (152, 8, 29305),
                            (153, 8, 29305), (239, 1)]  # fmt: skip
    data = p.a_set(256, p.record(fields, 5, 1000, 2000, 6, 1100, 1900, 2))
    forward, reverse = p.Bench().rows(p.ipfix(p.a_set(2, p.template(256, fields)), data))
    assert (forward["bytes"], reverse["bytes"]) == (5, 6)
    assert forward["time_flow_start_ns"] == 1_000_000_000
    assert (reverse["time_flow_start_ns"], reverse["time_flow_end_ns"]) == (
        1_100_000_000,
        1_900_000_000,
    )
    for row in (forward, reverse):
        assert dict(row["attributes"])["biflowDirection"] == "2"
