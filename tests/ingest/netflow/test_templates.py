"""Templates: whose they are, how they change, and data that comes before them."""

from __future__ import annotations

import struct

import pytest

from sensorium.model.address import pack_address
from tests.ingest.netflow import packets as p

BYTES: list[p.Spec] = [(1, 4)]
PACKETS: list[p.Spec] = [(2, 4)]
SEVEN = struct.pack(">I", 7)


def bytes_of(rows: list[dict]) -> list[int]:
    return [row["bytes"] for row in rows]


def test_a_template_of_one_exporter_is_not_used_for_another() -> None:
    bench = p.Bench()
    template = p.ipfix(p.a_set(2, p.template(256, BYTES)))
    data = p.ipfix(p.a_set(256, SEVEN), sequence=0)
    assert bench.rows(template, data, exporters=["192.0.2.1", "192.0.2.2"]) == []
    assert bytes_of(bench.rows(data, exporters="192.0.2.1")) == [7]


def test_a_template_of_one_domain_is_not_used_for_another() -> None:
    bench = p.Bench()
    bench.decode(p.v9(p.a_set(0, p.template(256, BYTES)), domain=1))
    assert bench.rows(p.v9(p.a_set(256, SEVEN), domain=2)) == []
    assert bytes_of(bench.rows(p.v9(p.a_set(256, SEVEN), domain=1))) == [7]


def test_a_template_of_v9_is_not_used_for_ipfix() -> None:
    bench = p.Bench()
    bench.decode(p.v9(p.a_set(0, p.template(256, BYTES))))
    assert bench.rows(p.ipfix(p.a_set(256, SEVEN))) == []


def test_a_changed_template_is_used_from_where_it_stands() -> None:
    data = p.a_set(256, SEVEN)
    rows = p.Bench().rows(
        p.v9(p.a_set(0, p.template(256, BYTES)), data, sequence=0),
        p.v9(data, p.a_set(0, p.template(256, PACKETS)), data, sequence=1),
        p.v9(data, sequence=2),
    )
    assert [(row["bytes"], row["packets"]) for row in rows] == [(7, 0), (7, 0), (0, 7), (0, 7)]


def test_several_templates_in_one_set_and_padding_after_them() -> None:
    templates = p.template(256, BYTES) + p.template(257, PACKETS)
    bench = p.Bench()
    rows = bench.rows(
        p.v9(p.a_set(0, templates, padding=3), p.a_set(257, SEVEN), p.a_set(256, SEVEN))
    )
    assert [(row["bytes"], row["packets"]) for row in rows] == [(0, 7), (7, 0)]
    assert bench.dropped() == {}


@pytest.mark.parametrize(("template_set", "withdrawn"), [(2, 256), (2, 2), (3, 300), (3, 3)])
def test_a_withdrawal_over_udp_is_ignored_and_counted(template_set: int, withdrawn: int) -> None:
    bench = p.Bench()
    bench.decode(
        p.ipfix(
            p.a_set(2, p.template(256, BYTES)),
            p.a_set(3, p.options_template(300, [(149, 4)], [(34, 4)])),
        )
    )
    bench.decode(p.ipfix(p.a_set(template_set, struct.pack(">HH", withdrawn, 0))))
    assert bench.observe.value("sensorium_netflow_templates") == 2
    assert len(bench.rows(p.ipfix(p.a_set(256, SEVEN)))) == 1
    assert bench.dropped() == {"withdrawal": 1}


def test_data_before_its_template_is_decoded_when_it_comes() -> None:
    bench = p.Bench()
    early = [p.v9(p.a_set(256, struct.pack(">I", n)), sequence=n) for n in (1, 2)]
    assert bench.rows(*early) == []
    assert bench.observe.value("sensorium_netflow_pending_sets") == 2
    rows = bench.rows(p.v9(p.a_set(0, p.template(256, BYTES)), p.a_set(256, SEVEN), sequence=3))
    assert [(row["bytes"], row["sequence_num"]) for row in rows] == [(1, 1), (2, 2), (7, 3)]
    assert bench.observe.value("sensorium_netflow_pending_sets") == 0
    assert bench.dropped() == {}


def test_options_data_before_its_template_is_read_when_it_comes() -> None:
    bench = p.Bench()
    rate = struct.pack(">II", 1, 100)
    bench.decode(p.ipfix(p.a_set(300, rate), p.a_set(2, p.template(256, BYTES))))
    (row,) = bench.rows(
        p.ipfix(
            p.a_set(3, p.options_template(300, [(149, 4)], [(34, 4)])),
            p.a_set(256, SEVEN),
        )
    )
    assert row["sampling_rate"] == 100


def test_the_oldest_waiting_data_makes_room_and_is_counted() -> None:
    bench = p.Bench(max_pending_bytes_per_source=3 * 204)
    for n in range(5):
        bench.decode(p.v9(p.a_set(256, struct.pack(">I", n))))
    assert bench.dropped() == {"data_before_template": 2}
    rows = bench.rows(p.v9(p.a_set(0, p.template(256, BYTES))))
    assert bytes_of(rows) == [2, 3, 4]


def test_one_source_cannot_take_all_the_room_for_waiting_data() -> None:
    bench = p.Bench(max_pending_bytes=2 * 204)
    data = p.v9(p.a_set(256, SEVEN))
    for exporter in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        bench.decode(data, exporters=exporter)
    assert bench.dropped() == {"data_before_template": 1}
    template = p.v9(p.a_set(0, p.template(256, BYTES)))
    assert bytes_of(bench.rows(template, exporters="192.0.2.1")) == [7, 7]


def test_a_template_may_not_have_more_fields_than_the_setting() -> None:
    bench = p.Bench(max_fields_per_template=3)
    bench.decode(p.v9(p.a_set(0, p.template(256, BYTES * 4))))
    assert bench.dropped() == {"template_too_large": 1}


def test_a_source_may_not_have_more_templates_than_the_setting() -> None:
    bench = p.Bench(max_templates_per_source=2)
    templates = b"".join(p.template(256 + n, BYTES) for n in range(4))
    bench.decode(p.v9(p.a_set(0, templates)))
    assert bench.dropped() == {"too_many_templates": 2}
    assert len(bench.rows(p.v9(p.a_set(257, SEVEN)))) == 1


def test_the_source_that_was_silent_longest_makes_room_for_a_new_one() -> None:
    bench = p.Bench(max_sources=2)
    exporters = ["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3"]
    rows = bench.rows(*[p.v5([p.v5_record()])] * 4, exporters=exporters)
    assert [row["sampler_address"] for row in rows] == [pack_address(e) for e in exporters]
    known = {status.address for status in bench.decoder.statuses()}
    assert known == {pack_address("192.0.2.1"), pack_address("192.0.2.3")}
    assert bench.observe.value("sensorium_netflow_sources_evicted_total") == 1


def test_a_source_that_was_forgotten_begins_anew() -> None:
    bench = p.Bench(max_sources=1)
    learned = p.ipfix(p.a_set(2, p.template(256, BYTES)))
    waiting = p.ipfix(p.a_set(300, SEVEN))
    data = p.ipfix(p.a_set(256, SEVEN))
    rows = bench.rows(
        learned, waiting, data, data, exporters=["192.0.2.1"] * 2 + ["192.0.2.2", "192.0.2.1"]
    )
    assert rows == []
    assert bench.dropped() == {"data_before_template": 2}
    (status,) = bench.decoder.statuses()
    assert (status.datagrams, status.templates) == (1, 0)


def test_a_flood_of_sources_is_decoded_whole() -> None:
    bench = p.Bench(max_sources=100)
    exporters = [f"10.{n >> 8}.{n & 255}.1" for n in range(3000)]
    rows = bench.rows(*[p.v5([p.v5_record()])] * 3000, exporters=exporters)
    assert [row["sampler_address"] for row in rows] == [pack_address(e) for e in exporters]
    assert len(bench.decoder.statuses()) <= 100


def test_templates_that_cannot_be_are_counted_and_the_rest_is_decoded() -> None:
    bench = p.Bench()
    rows = bench.rows(
        p.v9(
            p.a_set(0, p.template(256, BYTES)),
            p.a_set(0, p.template(12, BYTES)),
            p.a_set(0, p.template(257, [(1, 0)])),
            p.a_set(0, struct.pack(">HHHH", 258, 9, 1, 4)),
            p.a_set(0, struct.pack(">HH", 259, 0)),
            p.a_set(256, SEVEN),
        )
    )
    assert bytes_of(rows) == [7]
    assert bench.dropped() == {"bad_template": 4}


def test_repeated_redefinition_does_not_pile_up_programs() -> None:
    bench = p.Bench()
    for length in range(1, 4000):
        bench.decode(p.v9(p.a_set(0, p.template(256, [(999, length)]))))
    assert len(bench.decoder.exporters.programs) < 1100
    bench.decode(p.v9(p.a_set(0, p.template(256, BYTES))))
    assert bytes_of(bench.rows(p.v9(p.a_set(256, SEVEN)))) == [7]
