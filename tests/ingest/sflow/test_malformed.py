"""Whatever arrives, decoding ends, raises nothing and counts what it could not use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.model.signals import FLOWS, METRICS
from tests.ingest.sflow import agents as a

FRAME = a.ethernet(0x0800, a.ipv4(6, a.tcp()))
SAMPLE = a.flow_sample(a.header(FRAME))
COUNTERS = a.counter_sample(a.interface_counters())


def lying(sample: bytes, length: int) -> bytes:
    """A sample whose stated length is another."""
    return sample[:4] + a.words(length) + sample[8:]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "short_header"),
        (a.words(5), "short_header"),
        (a.datagram()[:-1], "short_header"),
        (a.datagram(agent="2001:db8::1")[:-1], "short_header"),
        (a.datagram(version=4), "unknown_version"),
        (a.words(5, 3) + bytes(40), "bad_agent_address"),
        (a.datagram(SAMPLE, count=2), "datagram_cut"),
        (a.datagram(lying(SAMPLE, 4000)), "datagram_cut"),
        (a.datagram(lying(SAMPLE, 0xFFFFFFFF)), "datagram_cut"),
        (a.datagram(SAMPLE, COUNTERS, count=1), "bytes_after_samples"),
        (a.datagram(a.opaque(6, bytes(8))), "unknown_sample"),
        (a.datagram(a.opaque(4096 + 1, bytes(8))), "unknown_sample"),
        (a.datagram(a.opaque(1, bytes(31))), "sample_cut"),
        (a.datagram(a.opaque(2, bytes(8))), "sample_cut"),
        (a.datagram(a.flow_sample(a.header(FRAME), count=3)), "record_cut"),
        (a.datagram(a.counter_sample(a.interface_counters(), count=9)), "record_cut"),
        (a.datagram(a.flow_sample(a.opaque(1, bytes(20), length=4000))), "record_cut"),
        (a.datagram(a.flow_sample(a.opaque(4096 + 1, bytes(8)))), "unknown_flow_record"),
        (a.datagram(a.flow_sample(a.opaque(1001, bytes(12)))), "bad_flow_record"),
        (a.datagram(a.flow_sample(a.opaque(1003, bytes(16) + a.words(9)))), "bad_flow_record"),
        (a.datagram(a.flow_sample(a.opaque(1, a.words(1, 60, 0, 999) + FRAME))), "bad_flow_record"),
        (a.datagram(a.counter_sample(a.opaque(4096 + 1, bytes(8)))), "unknown_counter_record"),
        (a.datagram(a.counter_sample(a.opaque(1, bytes(84)))), "bad_counter_record"),
    ],
)  # fmt: skip
def test_each_fault_is_counted_by_its_reason(payload: bytes, reason: str) -> None:
    bench = a.Bench()
    bench.decode(payload)
    assert bench.dropped() == {reason: 1}


def test_what_is_whole_around_a_fault_is_decoded() -> None:
    bench = a.Bench()
    decoded = bench.decode(a.datagram(SAMPLE, a.opaque(9, b"abcd"), COUNTERS, SAMPLE))
    assert decoded.flows.num_rows == 2
    assert decoded.metrics.num_rows == 19
    assert bench.decoded() == {"flow": 2, "counters": 1}


def test_a_header_that_claims_more_than_its_record_gives_what_is_there() -> None:
    (row,) = a.Bench().rows(
        a.datagram(a.flow_sample(a.opaque(1, a.words(1, 60, 0, 0xFFFFFFFF) + FRAME)))
    )
    assert row["dst_port"] == 80


def test_beyond_their_limits_agents_and_series_are_counted_and_data_sources_decoded() -> None:
    bench = a.Bench(max_agents=2, max_data_sources=1, max_series=20)
    agents = [a.datagram(SAMPLE, agent=f"10.0.0.{n}") for n in range(1, 5)]
    assert len(bench.rows(*agents)) == 2
    counters = a.datagram(COUNTERS, a.counter_sample(a.interface_counters(9)), agent="10.0.0.1")
    assert bench.decode(counters).metrics.num_rows == 19
    dropped = bench.dropped()
    assert dropped["too_many_agents"] == 2
    assert dropped["too_many_series"] == 1
    assert dropped["too_many_data_sources"] == 3


def test_one_sample_with_thousands_of_records_has_each_attribute_once() -> None:
    records = [a.opaque(1004, a.words(0) + a.string(b"\xff" * 9) + a.words(0) + a.string(b"b"))]
    (row,) = a.Bench().rows(a.datagram(a.flow_sample(*records * 1500)))
    assert row["attributes"]["src_user"] == r"\xff" * 9


def test_more_samples_than_expected_are_all_walked() -> None:
    bench = a.Bench()
    bench.decode(a.datagram(*[a.opaque(2, a.words(n, 3, 0)) for n in range(3000)]))
    assert bench.decoded() == {"counters": 3000}
    assert bench.dropped() == {}
    assert bench.sequence("samples") == {}


def survives(*payloads: bytes) -> None:
    bench = a.Bench(max_agents=8)
    for payload in payloads:
        decoded = bench.decode(payload, payload)
        assert (decoded.flows.schema, decoded.metrics.schema) == (FLOWS, METRICS)
        decoded.flows.validate(full=True)
        decoded.metrics.validate(full=True)
    received = bench.observe.value("sensorium_ingest_received_total", {"protocol": "sflow_5"})
    assert received == 2 * len(payloads)
    for status in bench.decoder.statuses():
        assert status.datagrams >= status.duplicates


KINDS = st.sampled_from([1, 2, 3, 4, 5])
FORMATS = st.sampled_from([1, 2, 3, 4, *range(1001, 1013), 1020, *range(1023, 1031),
                           *range(1036, 1044), 5, 7, 2000, 2003, 2100])  # fmt: skip
WORDS = st.lists(st.sampled_from([0, 1, 2, 4, 8, 60, 0x08004500, 0x45000028, 0xFFFFFFFF]),
                 max_size=40).map(lambda values: a.words(*values))  # fmt: skip
RECORDS = st.builds(
    lambda kind, body, lie: a.opaque(kind, body, length=max(len(body) + lie, 0)),
    FORMATS,
    st.one_of(st.binary(max_size=80), WORDS),
    st.sampled_from([0, 0, 0, 0, 1, -1, 40]),
)
SAMPLES = st.builds(
    lambda kind, records, head, lie: a.opaque(
        kind,
        head[: 4 * {1: 7, 2: 2, 3: 10, 4: 3, 5: 7}[kind]]
        + a.words(len(records))
        + b"".join(records),
    )[: -lie or None],
    KINDS,
    st.lists(RECORDS, max_size=5),
    st.binary(min_size=40, max_size=40),
    st.sampled_from([0, 0, 0, 3]),
)


@given(st.lists(st.binary(max_size=300).map(lambda b: a.words(5, 1) + b), min_size=1, max_size=4))
def test_arbitrary_bytes_are_survived(payloads: list[bytes]) -> None:
    survives(*payloads)


@given(st.lists(st.lists(SAMPLES, max_size=5), min_size=1, max_size=3))
def test_arbitrary_samples_are_survived(datagrams: list[list[bytes]]) -> None:
    survives(*(a.datagram(*samples) for samples in datagrams))


@given(st.data())
def test_damaged_datagrams_of_real_agents_are_survived(
    real_datagrams: list[bytes], data: st.DataObject
) -> None:
    damaged = []
    for payload in real_datagrams:
        mutable = bytearray(payload)
        for _ in range(data.draw(st.integers(0, 6))):
            place = data.draw(st.integers(28, len(mutable) - 1))
            mutable[place] = data.draw(st.integers(0, 255))
        damaged.append(bytes(mutable[: data.draw(st.integers(0, len(mutable)))]))
    survives(*damaged)


@pytest.fixture(scope="module")
def real_datagrams(real_data: Path) -> list[bytes]:
    files = sorted((real_data / "netflow" / "telegraf").glob("sflow_*/*.bin"))
    return [file.read_bytes() for file in files]
