"""NetFlow v8: each aggregation's record, written as Cisco's tables have it, field after field."""

from __future__ import annotations

import struct

import pytest

from sensorium.ingest.netflow.layout import HEADER_BYTES, MOST_RECORDS, RECORD_BYTES, V8
from sensorium.ingest.sniff import flow_datagrams
from tests.ingest.netflow import packets as p
from tests.ingest.netflow.test_attributes import shown

# What a field is called here, its bytes, what is sent, and what must be shown; 0 is reserved.
_FLOWS = (("deltaFlowCount", 4, 12), ("packets", 4, 340), ("bytes", 4, 56_000))
_TIMES = (("first", 4, p.UPTIME_MS - 9000), ("last", 4, p.UPTIME_MS - 1000))
_AS = (("src_as", 2, 64_512), ("dst_as", 2, 64_513))
_IN, _OUT = ("in_if", 2, 7), ("out_if", 2, 8)
_SOURCE, _DESTINATION = (
    ("src_addr", 4, "10.1.0.0"),
    ("dst_addr", 4, "10.2.3.0"),
)
_SOURCE_MASK, _DESTINATION_MASK = ("src_mask", 1, 16), ("dst_mask", 1, 24)
_PORTS = (("src_port", 2, 443), ("dst_port", 2, 50_123))
_PROTOCOL, _TOS = ("proto", 1, 6), ("ip_tos", 1, 0x88)
_MARKED = ("postIpClassOfService", 1, 0x28)
_FROM, _TO = ("src_addr", 4, "10.1.0.9"), ("dst_addr", 4, "10.2.3.4")
_SWITCH = (("extra_packets", 4, 11), ("router_sc", 4, "192.0.2.77"))
_ALL = (*_FLOWS, *_TIMES)
_ONE = _ALL[1:]


def _reserved(length: int) -> tuple[str, int, int]:
    return "", length, 0


_BOTH = (_SOURCE, _DESTINATION, _DESTINATION_MASK, _SOURCE_MASK)
_FROM_PREFIX = (("src_as", 2, 64_512), _IN, _reserved(2))
_TO_PREFIX = (("dst_as", 2, 64_513), _OUT, _reserved(2))
RECORDS: dict[int, tuple[tuple[str, int, int | str], ...]] = {
    1: (*_ALL, *_AS, _IN, _OUT),
    2: (*_ALL, _PROTOCOL, _reserved(1), _reserved(2), *_PORTS),
    3: (*_ALL, _SOURCE, _SOURCE_MASK, _reserved(1), *_FROM_PREFIX),
    4: (*_ALL, _DESTINATION, _DESTINATION_MASK, _reserved(1), *_TO_PREFIX),
    5: (*_ALL, *_BOTH, _reserved(2), *_AS, _IN, _OUT),
    6: (_TO, *_ONE, _OUT, _TOS, _MARKED, *_SWITCH),
    7: (_TO, _FROM, *_ONE, _OUT, _IN, _TOS, _MARKED, _reserved(2), *_SWITCH),
    8: (
        *(_TO, _FROM, _PORTS[1], _PORTS[0], *_ONE, _OUT, _IN, _TOS, _PROTOCOL, _MARKED),
        *(_reserved(1), *_SWITCH),
    ),
    9: (*_ALL, *_AS, _IN, _OUT, _TOS, _reserved(1), _reserved(2)),
    10: (*_ALL, _PROTOCOL, _TOS, _reserved(2), *_PORTS, _IN, _OUT),
    11: (*_ALL, _SOURCE, _SOURCE_MASK, _TOS, *_FROM_PREFIX),
    12: (*_ALL, _DESTINATION, _DESTINATION_MASK, _TOS, *_TO_PREFIX),
    13: (*_ALL, *_BOTH, _TOS, _reserved(1), *_AS, _IN, _OUT),
    14: (*_ALL, *_BOTH, _TOS, _PROTOCOL, *_PORTS, _IN, _OUT),
}


def _written(aggregation: int) -> bytes:
    parts = []
    for _, length, value in RECORDS[aggregation]:
        number = (
            int.from_bytes(bytes(map(int, value.split(".")))) if isinstance(value, str) else value
        )
        parts.append(number.to_bytes(length, "big"))
    return b"".join(parts)


@pytest.mark.parametrize("aggregation", RECORDS)
def test_every_field_of_every_aggregation_is_read(aggregation: int) -> None:
    datagram = p.v8([_written(aggregation)] * 2, aggregation, sequence=5, engine=0x0203)
    rows, _ = shown(datagram)
    assert len(rows) == 2
    expected = {name: value for name, _, value in RECORDS[aggregation] if name}
    for time, column in (("first", "time_flow_start_ns"), ("last", "time_flow_end_ns")):
        age_ms = p.UPTIME_MS - int(expected.pop(time))
        expected[column] = p.EXPORT_S * 10**9 + 500 - age_ms * 10**6
    expected |= {"type": "NETFLOW_V8", "aggregation": aggregation, "flow_records": 2}
    expected |= {"engineType": 2, "engineId": 3, "sequence_num": 5}
    expected["observation_domain_id"] = aggregation * 65_536 + 0x0203
    for row in rows:
        assert {name: row.get(name) for name in expected} == expected


def test_as_many_records_are_announced_as_an_ethernet_frame_has_room_for() -> None:
    sizes = [len(_written(aggregation)) for aggregation in RECORDS]
    assert list(RECORD_BYTES[V8:]) == sizes
    assert list(MOST_RECORDS[V8:]) == [(1500 - 28 - HEADER_BYTES[V8]) // size for size in sizes]


def test_each_aggregation_has_numbers_of_its_own() -> None:
    bench = p.Bench()
    one, other = [_written(1)] * 3, [_written(2)] * 2
    bench.decode(p.v8(one, 1), p.v8(other, 2, sequence=100))
    bench.decode(p.v8(one, 1, sequence=3), p.v8(other, 2, sequence=104))
    lost = {status.domain >> 16: status.lost for status in bench.decoder.statuses()}
    assert lost == {1: 0, 2: 2}


@pytest.mark.parametrize("aggregation", RECORDS)
def test_a_capture_has_them_told_from_what_is_none(aggregation: int) -> None:
    record = _written(aggregation)
    whole = p.v8([record], aggregation)
    filled, other = whole + bytes(40), whole[:23] + b"\3" + whole[24:]
    none = [whole[:-1], other, p.v8([record], 0), p.v8([record], 15), p.v8([], aggregation)]
    none.append(struct.pack(">HH", 8, 1))
    told = flow_datagrams(p.slab([whole, filled, *none])).tolist()
    assert told == [True, True, *[False] * len(none)]
