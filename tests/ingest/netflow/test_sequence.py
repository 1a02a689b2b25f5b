"""Sequence numbers: gaps, late datagrams and restarts, in each protocol's unit."""

from __future__ import annotations

import struct

from tests.ingest.netflow import packets as p

FIELDS: list[p.Spec] = [(1, 4)]


def v5(sequence: int, records: int = 3, uptime_ms: int = p.UPTIME_MS) -> bytes:
    return p.v5([p.v5_record()] * records, sequence=sequence, uptime_ms=uptime_ms)


def ipfix(sequence: int, records: int = 0, template: bool = False) -> bytes:
    sets = [p.a_set(2, p.template(256, FIELDS))] if template else []
    sets.append(p.a_set(256, struct.pack(">I", 1) * records))
    return p.ipfix(*sets, sequence=sequence)


def test_v5_counts_flows() -> None:
    bench = p.Bench()
    bench.decode(v5(0), v5(3), v5(12))
    assert bench.sequence() == {"lost": 6}


def test_v9_counts_packets() -> None:
    bench = p.Bench()
    bench.decode(*(p.v9(sequence=n) for n in (10, 11, 14)))
    assert bench.sequence() == {"lost": 2}


def test_ipfix_counts_data_records_options_among_them() -> None:
    bench = p.Bench()
    options = p.a_set(3, p.options_template(300, [(149, 4)], [(34, 4)]))
    message = p.ipfix(options, p.a_set(300, struct.pack(">II", 1, 10)), sequence=5)
    bench.decode(ipfix(0, 5, template=True), message, ipfix(6, 2), ipfix(8, 1), ipfix(10, 1))
    assert bench.sequence() == {"lost": 1}


def test_numbers_wrap_around_without_loss() -> None:
    bench = p.Bench()
    bench.decode(v5(2**32 - 3), v5(0), v5(3))
    assert bench.sequence() == {}


def test_a_late_datagram_pays_back_what_its_gap_was_counted_as() -> None:
    bench = p.Bench()
    bench.decode(v5(0), v5(6), v5(3), v5(9))
    assert bench.sequence() == {"lost": 3, "late": 3}


def test_a_number_far_behind_is_a_restart() -> None:
    bench = p.Bench()
    bench.decode(v5(1_000_000), v5(0), v5(3))
    assert bench.sequence() == {"restarted": 1}


def test_an_uptime_that_went_back_is_a_restart_and_no_loss() -> None:
    bench = p.Bench()
    bench.decode(v5(50), v5(90, uptime_ms=1000), v5(93, uptime_ms=1100))
    assert bench.sequence() == {"restarted": 1}


def test_an_uptime_that_wrapped_is_no_restart() -> None:
    bench = p.Bench()
    bench.decode(v5(0, uptime_ms=2**32 - 100), v5(3, uptime_ms=50))
    assert bench.sequence() == {}


def test_each_source_has_numbers_of_its_own() -> None:
    bench = p.Bench()
    bench.decode(v5(0), v5(500), exporters=["192.0.2.1", "192.0.2.2"])
    bench.decode(v5(3), v5(506), exporters=["192.0.2.1", "192.0.2.2"])
    labels = {"exporter": "192.0.2.2", "protocol": "netflow_v5", "domain": "0", "event": "lost"}
    assert bench.sequence() == {"lost": 3}
    assert bench.observe.value("sensorium_netflow_sequence_total", labels) == 3


def test_records_that_could_not_be_counted_are_not_taken_for_loss() -> None:
    bench = p.Bench()
    bench.decode(ipfix(0, 5), ipfix(5, 2, template=True), ipfix(7, 1))
    assert bench.sequence() == {"unread": 5, "replayed": 5}


def test_a_datagram_that_comes_twice_pays_nothing_back() -> None:
    bench = p.Bench()
    bench.decode(v5(0), v5(6), v5(6), v5(3), v5(3), v5(9))
    assert bench.sequence() == {"lost": 3, "late": 3, "duplicate": 6}


def test_a_late_datagram_fills_only_its_part_of_a_gap() -> None:
    bench = p.Bench()
    bench.decode(v5(0), v5(12), v5(6), v5(6), v5(3), v5(9), v5(15))
    assert bench.sequence() == {"lost": 9, "late": 9, "duplicate": 3}


def test_records_of_a_cut_v5_datagram_are_counted_once() -> None:
    bench = p.Bench()
    bench.decode(p.v5([p.v5_record()], count=4, sequence=0), v5(4), v5(7))
    assert bench.sequence() == {}
    assert bench.dropped() == {"records_cut": 3}
