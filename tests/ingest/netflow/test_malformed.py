"""Whatever arrives, decoding ends, raises nothing and counts what it could not use."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.netflow.protocols import PROTOCOLS
from sensorium.ingest.render import to_json_lines
from sensorium.model.signals import FLOWS
from sensorium.observe import Observe
from tests.ingest.netflow import packets as p

FIELDS: list[p.Spec] = [(1, 4)]
TEMPLATE = p.a_set(2, p.template(256, FIELDS))
ONE = struct.pack(">I", 1)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "short_header"),
        (b"\x00", "short_header"),
        (b"\x00\x05" + bytes(21), "short_header"),
        (b"\x00\x09" + bytes(17), "short_header"),
        (b"\x00\x0a" + bytes(13), "short_header"),
        (b"\x00\x08" + bytes(25), "short_header"),
        (b"\x00\x06" + bytes(40), "unknown_version"),
        (p.v8([], 0), "unknown_version"),
        (p.v8([bytes(40)], 15), "unknown_version"),
        (p.v8([], 1, count=52), "bad_record_count"),
        (p.v8([bytes(40)], 14, count=2), "records_cut"),
        (p.v5([], count=31), "bad_record_count"),
        (b"\x00\x01" + bytes(13), "short_header"),
        (b"\x00\x07" + bytes(21), "short_header"),
        (p.v1([], count=25), "bad_record_count"),
        (p.v7([], count=28), "bad_record_count"),
        (p.v1([p.v1_record()], count=2), "records_cut"),
        (p.v7([p.v7_record()], count=2), "records_cut"),
        (p.v5([p.v5_record()], count=2), "records_cut"),
        (struct.pack(">HHIII", 10, 400, 1, 0, 0), "message_cut"),
        (struct.pack(">HHIII", 10, 3, 1, 0, 0), "bad_message_length"),
        (p.v9(struct.pack(">HH", 256, 3)), "bad_set_length"),
        (p.v9(struct.pack(">HH", 256, 40)), "bad_set_length"),
        (p.v9(p.a_set(2, b"")), "reserved_set"),
        (p.ipfix(p.a_set(1, b"")), "reserved_set"),
        (p.ipfix(TEMPLATE, p.a_set(2, p.template(257, [(1, 9)])), p.a_set(257, bytes(5))),
         "record_beyond_set"),
        (p.ipfix(p.a_set(2, p.template(257, [(1, 65535)])), p.a_set(257, b"\x05ab")),
         "record_beyond_set"),
    ],
)  # fmt: skip
def test_each_fault_is_counted_by_its_reason(payload: bytes, reason: str) -> None:
    bench = p.Bench()
    bench.decode(payload)
    assert bench.dropped() == {reason: 1}


def test_whole_records_of_a_cut_v5_datagram_are_decoded() -> None:
    assert len(p.Bench().rows(p.v5([p.v5_record()] * 2, count=3))) == 2


def test_good_sets_before_and_after_a_bad_one_are_decoded() -> None:
    bench = p.Bench()
    rows = bench.rows(
        p.ipfix(TEMPLATE, p.a_set(256, ONE), p.a_set(4, b"abc"), p.a_set(256, ONE + ONE))
    )
    assert len(rows) == 3
    assert bench.dropped() == {"reserved_set": 1}


ROW = p.a_set(256, ONE)
VARYING = p.a_set(2, p.template(300, [(1, 4), (82, 65535)]))
GOOD = p.a_set(300, ONE + b"\x01a")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (struct.pack(">HH", 256, 3), "bad_set_length"),
        (struct.pack(">HH", 256, 60) + ONE, "bad_set_length"),
        (p.a_set(300, ONE + b"\x02ab" + ONE + b"\x09ab"), "record_beyond_set"),
    ],
)
def test_a_message_with_an_impossible_length_is_not_used_at_all(bad: bytes, reason: str) -> None:
    bench = p.Bench()
    known = p.ipfix(TEMPLATE, VARYING)
    rows = bench.rows(known, p.ipfix(ROW), p.ipfix(ROW, GOOD, bad, ROW, sequence=1), p.ipfix(GOOD))
    assert len(rows) == 2
    assert bench.dropped() == {reason: 1}
    assert bench.decoded() == {"flow": 2}
    (status,) = bench.decoder.statuses()
    assert status.records == 2


def test_a_message_that_its_datagram_cuts_off_is_not_used_at_all() -> None:
    bench = p.Bench()
    bench.decode(p.ipfix(TEMPLATE))
    assert bench.rows(p.ipfix(ROW, ROW, ROW)[:-5]) == []
    assert bench.dropped() == {"message_cut": 1}


def test_of_v9_the_sets_before_an_impossible_length_are_used() -> None:
    bench = p.Bench()
    template = p.a_set(0, p.template(256, FIELDS))
    assert len(bench.rows(p.v9(template, ROW, struct.pack(">HH", 256, 60)))) == 1
    assert bench.dropped() == {"bad_set_length": 1}


def test_a_tail_of_zeros_is_no_fault() -> None:
    bench = p.Bench()
    rows = bench.rows(p.v9(p.a_set(0, p.template(256, FIELDS)), p.a_set(256, ONE)) + bytes(600))
    assert len(rows) == 1
    assert bench.dropped() == {}


def test_bytes_after_an_ipfix_message_are_not_read() -> None:
    assert len(p.Bench().rows(p.ipfix(TEMPLATE, p.a_set(256, ONE)) + p.a_set(256, ONE))) == 1


def test_a_set_that_ends_after_a_message_length_that_is_too_small_is_read() -> None:
    message = bytearray(p.ipfix(TEMPLATE, p.a_set(256, ONE)))
    message[2:4] = struct.pack(">H", len(message) - 2)
    bench = p.Bench()
    assert len(bench.rows(bytes(message))) == 1
    assert bench.dropped() == {}


def test_padding_shorter_than_a_record_is_no_record() -> None:
    bench = p.Bench()
    assert len(bench.rows(p.ipfix(TEMPLATE, p.a_set(256, ONE, padding=3)))) == 1
    assert bench.dropped() == {}


def test_a_datagram_of_nothing_but_empty_sets_is_walked() -> None:
    bench = p.Bench()
    bench.decode(p.ipfix(TEMPLATE), p.v9(*[p.a_set(7, b"")] * 16_000))
    assert bench.dropped() == {"reserved_set": 16_000}


def test_more_sets_than_expected_are_all_walked() -> None:
    sets = [p.a_set(256, ONE)] * 4000
    assert len(p.Bench().rows(p.ipfix(TEMPLATE, *sets))) == 4000


def survives(*payloads: bytes) -> None:
    bench = p.Bench(max_sources=8)
    for payload in payloads:
        batch = bench.decode(payload, payload)
        assert batch.schema == FLOWS
        batch.validate(full=True)
    received = sum(
        bench.observe.value("sensorium_ingest_received_total", {"protocol": protocol})
        for protocol in PROTOCOLS
    )
    assert received == 2 * len(payloads)
    heard = sum(status.datagrams for status in bench.decoder.statuses())
    assert heard <= received
    shown(*payloads)


def shown(*payloads: bytes) -> None:
    """As ``sensorium decode`` shows them: every line is JSON."""
    options: list[dict[str, Any]] = []
    decoder = NetflowDecoder(NetflowConfig(), Observe(), options=options.append)
    batch = decoder.decode(p.slab(payloads))
    batch.validate(full=True)
    assert all(json.loads(line) for line in to_json_lines(batch))
    assert all(json.loads(json.dumps(record)) for record in options)


VERSIONED = st.builds(
    lambda version, rest: struct.pack(">H", version) + rest,
    st.sampled_from([5, 9, 10]),
    st.binary(max_size=400),
)


@given(st.lists(st.one_of(st.binary(max_size=300), VERSIONED), min_size=1, max_size=6))
def test_arbitrary_bytes_are_survived(payloads: list[bytes]) -> None:
    survives(*payloads)


SETS = st.builds(
    lambda set_id, body, lie: struct.pack(">HH", set_id, max(4 + len(body) + lie, 0)) + body,
    st.sampled_from([0, 1, 2, 3, 256, 257, 258, 300]),
    st.one_of(
        st.binary(max_size=80),
        st.lists(st.sampled_from([0, 1, 2, 4, 256, 257, 65535]), max_size=30).map(
            lambda words: b"".join(struct.pack(">H", word) for word in words)
        ),
    ),
    st.sampled_from([0, 0, 0, 0, 1, -1, 40]),
)


@given(st.lists(st.lists(SETS, max_size=6), min_size=1, max_size=4), st.booleans())
def test_arbitrary_sets_are_survived(messages: list[list[bytes]], ipfix: bool) -> None:
    build = p.ipfix if ipfix else p.v9
    survives(*(build(*sets) for sets in messages))


@pytest.fixture(scope="module")
def real_packets(real_data: Path) -> list[bytes]:
    files = sorted((real_data / "netflow").rglob("*.dat"))
    files += sorted((real_data / "netflow" / "telegraf").rglob("*.bin"))
    return [file.read_bytes() for file in files]


@given(st.data())
def test_damaged_packets_of_real_exporters_are_survived(
    real_packets: list[bytes], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(real_packets) - 1))
    damaged = []
    for packet in real_packets[first : first + 3]:
        mutable = bytearray(packet)
        for _ in range(data.draw(st.integers(0, 6))):
            place = data.draw(st.integers(0, len(mutable) - 1))
            mutable[place] = data.draw(st.integers(0, 255))
        damaged.append(bytes(mutable[: data.draw(st.integers(0, len(mutable)))]))
    survives(*damaged)
