"""What the sFlow version 5 specification asks of a collector and no other test shows."""

from __future__ import annotations

import pytest

from tests.ingest.sflow import agents as a

FRAME = a.ethernet(0x0800, a.ipv4(6, a.tcp()))
IPV4 = a.words(1500, 6) + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + a.words(1234, 80, 2, 0)
LATER = a.words(0xFFFFFFFF, 7)


def test_a_structure_that_a_later_version_made_longer_is_read_as_far_as_it_is_known() -> None:
    bench = a.Bench()
    (row,) = bench.rows(a.datagram(a.flow_sample(a.opaque(3, IPV4 + LATER))))
    assert (row["src_port"], row["dst_port"], row["bytes"]) == (1234, 80, 1500)
    counters = a.interface_counters()
    longer = a.opaque(1, counters[8:] + LATER)
    plain = bench.metrics(a.datagram(a.counter_sample(counters)))
    assert bench.metrics(a.datagram(a.counter_sample(longer))) == plain
    assert bench.dropped() == {}


@pytest.mark.parametrize("enterprise", [0, 4413, 0xFFFFF])
def test_what_is_of_an_unknown_format_is_passed_over_by_its_length(enterprise: int) -> None:
    unknown = a.opaque(enterprise << 12 | 0xFFE, b"\xff" * 20)
    bench = a.Bench()
    decoded = bench.decode(
        a.datagram(
            unknown,
            a.flow_sample(unknown, a.header(FRAME), unknown),
            a.counter_sample(unknown, a.interface_counters()),
        )
    )
    (row,) = decoded.flows.to_pylist()
    assert row["dst_port"] == 80
    assert decoded.metrics.num_rows == 19
    assert bench.dropped() == {
        "unknown_sample": 1, "unknown_flow_record": 2, "unknown_counter_record": 1,
    }  # fmt: skip


def test_the_expanded_form_of_a_sample_says_the_same_as_the_compact_one() -> None:
    bench = a.Bench()
    record = a.header(FRAME)
    compact, expanded = bench.rows(
        a.datagram(a.flow_sample(record), a.expanded_flow_sample(record, sequence=2))
    )
    for name in ("src_addr", "dst_port", "bytes", "in_if", "out_if", "sampling_rate"):
        assert compact[name] == expanded[name]


def test_agents_may_have_ipv6_addresses() -> None:
    (row,) = a.Bench().rows(a.datagram(a.flow_sample(a.header(FRAME)), agent="2001:db8::9"))
    assert row["sampler_address"].hex() == "20010db8000000000000000000000009"


def test_opaque_bytes_are_padded_to_four() -> None:
    frame = FRAME + b"x"
    bench = a.Bench()
    rows = bench.rows(a.datagram(a.flow_sample(a.header(frame), a.header(frame)), a.flow_sample(
        a.header(FRAME), sequence=2)))  # fmt: skip
    assert [row["dst_port"] for row in rows] == [80, 80]
    assert bench.dropped() == {}
