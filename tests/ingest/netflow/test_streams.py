"""Sequence numbers are followed by stream: several processes of one exporter, ports that change."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.model.exporter import ExporterStatus
from tests.ingest.netflow import packets as p
from tests.ingest.netflow.oracle_streams import StreamOracle

Sent = tuple[int, int, int]
"""A datagram: the port it comes from, its number, and its units."""

FIELDS: list[p.Spec] = [(1, 4)]
TEMPLATE = p.a_set(2, p.template(256, FIELDS))


def v5(number: int, units: int = 3, uptime_ms: int = p.UPTIME_MS) -> bytes:
    return p.v5([p.v5_record()] * units, sequence=number, uptime_ms=uptime_ms)


def bench_of(*sent: Sent | tuple[int, int], slabs: Sequence[int] = (), **config: int) -> p.Bench:
    """A decoder that NetFlow v5 datagrams went through, in slabs that begin at these."""
    bench = p.Bench(**config)
    edges = sorted({0, len(sent), *(edge for edge in slabs if edge < len(sent))})
    for start, stop in pairwise(edges):
        part = sent[start:stop]
        bench.decode(*(v5(*rest) for _, *rest in part), ports=[port for port, *_ in part])
    return bench


def only(bench: p.Bench) -> ExporterStatus:
    (status,) = bench.decoder.statuses()
    return status


def test_two_processes_of_one_exporter_have_numbers_of_their_own() -> None:
    bench = bench_of((1, 0), (2, 70_000), (1, 3), (2, 70_003), (1, 6), (2, 70_006))
    assert bench.sequence() == {}
    assert only(bench).records == 18
    assert bench.observe.value("sensorium_netflow_streams") == 2


def test_what_one_of_two_processes_lost_is_counted_for_their_source() -> None:
    bench = bench_of((1, 0), (2, 70_000), (1, 9), (2, 70_003), (1, 6), (2, 70_003))
    assert bench.sequence() == {"lost": 6, "late": 3, "duplicate": 3}


def test_processes_that_begin_together_at_one_number_are_told_apart() -> None:
    sent = [(port, 3 * number) for number in range(8) for port in (1, 2, 3)]
    assert bench_of(*sent).sequence() == {}


def test_processes_whose_numbers_are_near_each_other_are_told_apart() -> None:
    sent = [(port, 100 * port + 3 * number) for number in range(40) for port in (1, 2, 3)]
    bench = bench_of(*sent)
    assert bench.sequence() == {}
    assert bench.observe.value("sensorium_netflow_streams") == 3


def test_processes_that_follow_each_other_by_chance_are_told_apart_in_the_end() -> None:
    sent = [(port, 3 * (port + number)) for number in range(40) for port in (1, 2)]
    bench = bench_of(*sent)
    assert bench.sequence() == {}
    assert bench.observe.value("sensorium_netflow_streams") == 2


def test_a_stream_goes_on_from_another_port() -> None:
    bench = bench_of((1, 0), (1, 3), (2, 6), (2, 9), (2, 18))
    assert bench.sequence() == {"lost": 6}
    assert bench.observe.value("sensorium_netflow_streams") == 1


def test_a_restart_with_another_port_begins_anew() -> None:
    bench = bench_of((1, 90_000), (1, 90_003), (2, 0), (2, 3), (2, 9))
    assert bench.sequence() == {"lost": 3}


def test_a_restart_with_the_same_port_is_one() -> None:
    assert bench_of((1, 90_000), (2, 5_000_000), (1, 0), (1, 3)).sequence() == {"restarted": 1}


def test_what_was_lost_while_the_port_changed_shows_when_the_old_one_stays_silent() -> None:
    before = [(1, 3 * number) for number in range(20)]
    after = [(2, 66 + 3 * number) for number in range(12)]
    assert bench_of(*before, *after).sequence() == {"lost": 6}


def test_what_is_heard_of_a_stream_thought_to_have_moved_pays_back() -> None:
    after = [(2, 200 + 3 * number) for number in range(12)]
    assert bench_of((1, 0), (1, 3), *after).sequence() == {"lost": 194}
    assert bench_of((1, 0), (1, 3), *after, (1, 6)).sequence() == {"lost": 194, "late": 194}


def test_a_port_for_each_datagram_loses_nothing() -> None:
    sent = [(port, 3 * port) for port in range(1, 60)]
    bench = bench_of(*sent)
    assert bench.sequence() == {}
    assert bench.observe.value("sensorium_netflow_streams") == 1


@pytest.mark.parametrize("missing", [2, 3, 4, 5, 30])
def test_a_port_for_each_datagram_shows_what_is_lost(missing: int) -> None:
    sent = [(port, 3 * port) for port in range(1, 60) if port != missing]
    assert bench_of(*sent).sequence() == {"lost": 3}


def test_a_port_for_each_datagram_and_one_that_comes_late() -> None:
    order = [1, 2, 3, 4, 5, 7, 8, 6, 9, 10]
    assert bench_of(*((port, 3 * port) for port in order)).sequence() == {"lost": 3, "late": 3}


@pytest.mark.parametrize("missing", [(), (7,), (7, 8), (7, 8, 9), (2, 3)])
def test_ports_taken_in_turn_show_what_is_lost(missing: tuple[int, ...]) -> None:
    sent = [(number % 3, 3 * number) for number in range(60) if number not in missing]
    assert bench_of(*sent).sequence() == ({"lost": 3 * len(missing)} if missing else {})


def test_another_process_is_known_by_its_uptime() -> None:
    bench = p.Bench()
    sent = [v5(0), v5(3, uptime_ms=1000), v5(3), v5(6, uptime_ms=1010), v5(6)]
    bench.decode(*sent, ports=[1, 2, 1, 2, 1])
    assert bench.sequence() == {}


def test_templates_and_rates_are_those_of_the_exporter_whatever_port_told_them() -> None:
    bench = p.Bench()
    bench.decode(p.ipfix(TEMPLATE, sequence=0), ports=9)
    batch = bench.decode(p.ipfix(p.a_set(256, struct.pack(">I", 7)), sequence=800), ports=10)
    assert batch["bytes"].to_pylist() == [7]


def test_processes_that_began_at_different_times_count_uptimes_from_their_own() -> None:
    fields: list[p.Spec] = [(22, 4), (21, 4)]
    told = p.a_set(3, p.options_template(300, [(143, 4)], [(160, 8)]))
    told += p.a_set(2, p.template(256, fields))
    boots = [(p.EXPORT_S - age) * 1000 for age in (60, 5000)]
    bench = p.Bench()
    messages = [p.ipfix(told, p.a_set(300, struct.pack(">IQ", 1, boot))) for boot in boots]
    bench.decode(*messages, ports=[1, 2])
    data = p.ipfix(p.a_set(256, p.record(fields, 10_000, 20_000)))
    ends = bench.decode(data, data, data, ports=[1, 2, 3])["time_flow_end_ns"].to_pylist()
    assert ends == [(boot + 20_000) * 1_000_000 for boot in (*boots, boots[1])]


def test_when_there_are_too_many_streams_those_silent_longest_are_forgotten() -> None:
    sent = [(port, 1_000_000 * port) for port in range(1, 9)]
    bench = bench_of(*sent, (9, 0), max_streams=8)
    assert bench.observe.value("sensorium_netflow_streams") == 8
    assert bench.observe.value("sensorium_netflow_streams_evicted_total") == 1
    bench.decode(v5(2_000_006), v5(50), ports=[2, 1])
    assert bench.sequence() == {"lost": 3}


def test_streams_of_a_forgotten_source_are_forgotten() -> None:
    bench = p.Bench(max_sources=1)
    for number in range(40):
        exporter = f"192.0.2.{number % 5}"
        bench.decode(v5(70_000 * number), v5(0), exporters=exporter, ports=[number, 50_000])
    assert bench.sequence() == {}
    assert bench.observe.value("sensorium_netflow_streams") == 2


def ipfix(number: int, records: int, *, options: int = 0) -> bytes:
    parts = [p.a_set(3, p.options_template(300, [(149, 4)], [(34, 4)]))] if options else []
    parts += [p.a_set(300, struct.pack(">II", 1, 1) * options)] if options else []
    return p.ipfix(TEMPLATE, *parts, p.a_set(256, bytes(4 * records)), sequence=number)


def counting_up_to(*records: int, lost: Sequence[int] = ()) -> list[bytes]:
    """Messages as softflowd numbers them, the fourth with options records."""
    number, messages = 0, []
    for index, count in enumerate(records):
        number += count
        if index not in lost:
            messages.append(ipfix(number, count, options=2 if index == 3 else 0))
    return messages


@pytest.mark.parametrize("records", [(2, 4, 3, 3, 2, 1, 5), (5, 5, 5, 5, 5), (1, 2, 3, 4, 5, 4)])
def test_numbers_that_count_up_to_the_messages_end_show_no_loss(records: tuple[int, ...]) -> None:
    bench = p.Bench()
    bench.decode(*counting_up_to(*records))
    assert bench.sequence() == {}


def test_what_is_lost_of_numbers_that_count_up_to_the_messages_end() -> None:
    bench = p.Bench()
    messages = counting_up_to(2, 4, 3, 3, 2, 1, 5, 2, 6, lost=[6])
    late = ipfix(20, 5)
    bench.decode(*messages)
    assert bench.sequence() == {"lost": 5}
    bench.decode(late, late)
    assert bench.sequence() == {"lost": 5, "late": 5, "duplicate": 5}


def of_the_last_flow(*records: int, lost: Sequence[int] = ()) -> list[bytes]:
    """Datagrams as Open vSwitch numbers them."""
    numbers = [sum(records[: index + 1]) - 1 for index in range(len(records))]
    sent = [v5(number, units) for number, units in zip(numbers, records, strict=True)]
    return [datagram for index, datagram in enumerate(sent) if index not in lost]


@pytest.mark.parametrize("records", [(1, 1, 2, 7, 30, 2), (5, 5, 5, 5, 5), (3, 1, 4, 1, 5)])
def test_numbers_of_the_last_flow_show_no_loss(records: tuple[int, ...]) -> None:
    bench = p.Bench()
    bench.decode(*of_the_last_flow(*records))
    assert bench.sequence() == {}


def test_what_is_lost_of_numbers_of_the_last_flow() -> None:
    bench = p.Bench()
    bench.decode(*of_the_last_flow(3, 1, 4, 1, 5, 9, 2, 6, lost=[5]))
    assert bench.sequence() == {"lost": 9}


def test_loss_that_might_be_another_way_of_counting_is_counted_when_it_is_none() -> None:
    bench = p.Bench()
    bench.decode(ipfix(0, 2), ipfix(5, 5))
    assert bench.sequence() == {}
    bench.decode(ipfix(10, 1))
    assert bench.sequence() == {"lost": 3}
    bench = p.Bench()
    bench.decode(v5(0, 2), v5(5, 5))
    assert bench.sequence() == {}
    bench.decode(v5(10, 1))
    assert bench.sequence() == {"lost": 3}


datagrams = st.tuples(
    st.integers(1, 4),
    st.sampled_from([-6, -3, 0, 0, 0, 0, 0, 3, 9, -5000, 50_000]),
    st.integers(0, 4),
)


@given(
    st.lists(datagrams, max_size=40),
    st.sampled_from([0, 7, 5000]),
    st.booleans(),
    st.lists(st.integers(1, 39), max_size=3),
    st.sampled_from([2, 3, 16]),
)
def test_both_ways_to_follow_agree_however_the_slabs_are_divided(
    journey: list[Sent], apart: int, shared: bool, slabs: list[int], most: int
) -> None:
    """Several ports, counters of their own or one for all, and jumps of every kind."""
    expected: dict[int, int] = {}
    sent = []
    for port, jump, units in journey:
        process = 0 if shared else port
        number = (expected.get(process, apart * port) + jump) % 2**32
        expected[process] = number + units
        sent.append((port, number, units))
    oracle = StreamOracle(most)
    for one in sent:
        oracle.follow(*one)
    assert bench_of(*sent, slabs=slabs, max_streams=most).sequence() == oracle.counted()


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from(["kept"] * 3 + ["lost"])),
        min_size=1,
        max_size=40,
    )
)
def test_what_all_processes_sent_is_what_is_accounted_for(
    journey: list[tuple[int, int, str]],
) -> None:
    numbers = {port: 1_000_000 * port for port in range(4)}
    sent, total = [(port, number, 0) for port, number in numbers.items()], 0
    for port, units, fate in journey:
        if fate != "lost":
            sent.append((port, numbers[port], units))
        numbers[port] += units
        total += units
    # The first shows what was lost at the end, the second what numbers count, if that was open.
    sent += [(port, number, 0) for port, number in numbers.items()] * 2
    status = only(bench_of(*sent))
    assert status.records - status.duplicates + status.lost - status.late == total
