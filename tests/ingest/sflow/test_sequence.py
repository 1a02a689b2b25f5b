"""Sequence numbers of datagrams and samples: gaps, late ones, duplicates and restarts."""

from __future__ import annotations

from sensorium.model.address import pack_address
from tests.ingest.sflow import agents as a


def numbered(*numbers: int, sub_agent: int = 0, uptime_ms: int = a.UPTIME_MS) -> list[bytes]:
    return [a.datagram(sequence=n, sub_agent=sub_agent, uptime_ms=uptime_ms) for n in numbers]


def test_a_gap_is_lost_and_what_comes_late_pays_it_back() -> None:
    bench = a.Bench()
    bench.decode(*numbered(1, 2, 6, 4, 7))
    assert bench.sequence() == {"lost": 3, "late": 1}


def test_sub_agents_are_numbered_apart() -> None:
    bench = a.Bench()
    bench.decode(*numbered(1, 2), *numbered(50, 51, sub_agent=9), *numbered(3))
    assert bench.sequence() == {}
    assert [status.domain for status in bench.decoder.statuses()] == [0, 9]


def test_what_comes_twice_is_a_duplicate() -> None:
    bench = a.Bench()
    bench.decode(*numbered(1, 2, 5, 5, 3, 3, 2))
    assert bench.sequence() == {"lost": 2, "late": 1, "duplicate": 3}


def test_numbers_go_on_over_their_end() -> None:
    bench = a.Bench()
    bench.decode(*numbered(0xFFFFFFFE, 0xFFFFFFFF, 0, 2))
    assert bench.sequence() == {"lost": 1}


def test_a_restart_is_no_loss_and_samples_begin_anew_with_it() -> None:
    bench = a.Bench()
    sample = a.flow_sample(sequence=900)
    bench.decode(a.datagram(sample, sequence=1000))
    again = a.flow_sample(sequence=1)
    bench.decode(a.datagram(again, sequence=1, uptime_ms=100))
    assert bench.sequence() == {"restarted": 1}
    assert bench.sequence("samples") == {}


def test_a_number_far_off_is_a_restart() -> None:
    bench = a.Bench(sequence_window=100)
    bench.decode(*numbered(10_000, 1, 1 << 31))
    assert bench.sequence() == {"restarted": 2}


def test_samples_are_numbered_by_data_source_and_kind() -> None:
    bench = a.Bench()
    bench.decode(
        a.datagram(
            a.flow_sample(sequence=1),
            a.flow_sample(sequence=70, source=4),
            a.counter_sample(sequence=500),
            a.expanded_flow_sample(sequence=3),
            a.counter_sample(sequence=501),
        )
    )
    assert bench.sequence("samples") == {"lost": 1}


def test_what_agents_dropped_themselves_is_counted_as_it_grows() -> None:
    bench = a.Bench()
    samples = [a.flow_sample(sequence=n, drops=d) for n, d in ((1, 40), (2, 40), (3, 45))]
    bench.decode(a.datagram(*samples))
    labels = {"exporter": a.AGENT, "domain": "0"}
    assert bench.observe.value("sensorium_sflow_agent_drops_total", labels) == 5


def test_a_status_sums_an_agent_up() -> None:
    bench = a.Bench()
    payload = a.datagram(a.flow_sample(), a.opaque(9, b"abcd"), a.counter_sample(), sequence=1)
    bench.decode(payload, a.datagram(sequence=4))
    (status,) = bench.decoder.statuses()
    assert status.address == pack_address(a.AGENT)
    assert (status.protocol, status.unit) == ("SFLOW_5", "datagrams")
    assert (status.datagrams, status.records, status.lost) == (2, 1, 2)
    assert status.bytes == len(payload) + 28
    assert status.sampling_rate == 512
    assert status.last_seen_ns == a.ARRIVAL_NS + 1
    assert status.dropped == {"unknown_sample": 1}
