"""The fast decoder and the slow one give the same rows for whatever agents may send."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sensorium.model.address import pack_address
from tests.ingest.sflow import agents as a
from tests.ingest.sflow import oracle

NUMBERS = st.one_of(st.sampled_from([0, 1, 3, 4, 0x3FFFFFFF, 0x40000102, 0x80000005, 0xFFFFFFFF]),
                    st.integers(0, 0xFFFFFFFF))  # fmt: skip
ADDRESSES = st.sampled_from(["", "192.0.2.1", "0.0.0.0", "2001:db8::5", "::", "::ffff:10.1.1.1"])


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """A frame that carries no tunnel."""
    payload = draw(
        st.sampled_from([a.tcp(), a.udp(53, 99), b"\x08\x00" + bytes(6), b"", bytes(30)])
    )
    proto = draw(st.sampled_from([6, 17, 1, 58, 132, 2, 50, 200]))
    if draw(st.booleans()):
        options = bytes(4 * draw(st.integers(0, 3)))
        packet = a.ipv4(proto, payload, fragment=draw(st.sampled_from([0, 0x4000, 0x2005])),
                        options=options)  # fmt: skip
        etype = 0x0800
    else:
        for kind in draw(st.lists(st.sampled_from([0, 43, 44, 51, 60]), max_size=4)):
            size = draw(st.sampled_from([0, 0, 1, 2]))
            body = 4 * (size + 2) - 2 if kind == 51 else 6 if kind == 44 else 8 * (size + 1) - 2
            payload = bytes([proto, size]) + bytes(body) + payload
            proto = kind
        packet = a.ipv6(proto, payload, traffic_class=draw(st.integers(0, 255)))
        etype = 0x86DD
    tags = draw(st.lists(st.tuples(st.sampled_from([0x8100, 0x88A8]), st.integers(0, 0xFFFF)),
                         max_size=3))  # fmt: skip
    frame = a.ethernet(draw(st.sampled_from([etype, etype, etype, 0x0842])), packet, *tags)
    return frame[: draw(st.sampled_from([len(frame), len(frame), 20, 33, 60]))]


@st.composite
def gateways(draw: st.DrawFn) -> bytes:
    body = a.typed_address(draw(ADDRESSES)) + a.words(*draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
    segments = draw(st.lists(st.lists(NUMBERS, max_size=3), max_size=3))
    body += a.words(len(segments))
    for segment in segments:
        body += a.words(draw(st.sampled_from([1, 2])), len(segment), *segment)
    communities = draw(st.lists(NUMBERS, max_size=3))
    body += a.words(len(communities), *communities, draw(NUMBERS))
    return body


@st.composite
def flow_records(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from([1, 1, 1, 2, 3, 4, 1001, 1002, 1003, 1007, 4000]))
    if kind == 1:
        frame = draw(packets())
        body = a.header(frame)[8:]
    elif kind == 1002:
        body = a.typed_address(draw(ADDRESSES)) + a.words(draw(NUMBERS), draw(NUMBERS))
    elif kind == 1003:
        body = draw(gateways())
    elif kind == 1007:
        body = a.typed_address(draw(ADDRESSES)) + a.typed_address(draw(ADDRESSES))
    else:
        size = {2: 6, 3: 8, 4: 14, 1001: 4, 4000: 2}[kind]
        body = a.words(*(draw(NUMBERS) for _ in range(size)))
    cut = draw(st.sampled_from([0, 0, 0, 0, 0, 1, 4, 9]))
    return a.opaque(kind, body[: len(body) - cut] if cut else body)


@st.composite
def samples(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(["flow", "flow", "expanded", "discard", "counters", "unknown"]))
    if kind == "unknown":
        return a.opaque(draw(st.sampled_from([0, 6, 4096 | 1])), bytes(4 * draw(st.integers(0, 5))))
    if kind == "counters":
        changes = draw(st.dictionaries(st.integers(1, 18).filter(lambda p: p not in (2, 5, 12)),
                                       NUMBERS, max_size=5))  # fmt: skip
        record = a.interface_counters(**{f"at{p}": v for p, v in changes.items()})
        return draw(st.sampled_from([a.counter_sample, a.expanded_counter_sample]))(record)
    records = draw(st.lists(flow_records(), max_size=4))
    if kind == "discard":
        return a.discarded_packet(*records, reason=draw(NUMBERS))
    if kind == "expanded":
        faces = draw(st.sampled_from([(0, 3, 0, 4), (0, 4, 0, 3), (0, 0x3FFFFFFF, 1, 258),
                                      (0, 3, 2, 12), (2, 9, 0, 0x3FFFFFFF)]))  # fmt: skip
        return a.expanded_flow_sample(*records, interfaces=faces)
    count = len(records) + draw(st.sampled_from([0, 0, 0, 1, -1]))
    return a.flow_sample(*records, interfaces=(draw(NUMBERS), draw(NUMBERS)), count=max(count, 0))


@st.composite
def datagrams(draw: st.DrawFn) -> bytes:
    parts = draw(st.lists(samples(), max_size=4))
    extra = draw(st.sampled_from([0, 0, 0, 1, -1])) if parts else 0
    agent, sub_agent = draw(ADDRESSES), draw(st.integers(0, 2))
    payload = a.datagram(*parts, agent=agent, sub_agent=sub_agent, count=len(parts) + extra)
    return payload[: len(payload) - draw(st.sampled_from([0, 0, 0, 0, 1, 7, 40]))]


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "attributes": dict(row["attributes"])} for row in rows]


@given(st.lists(datagrams(), min_size=1, max_size=4), st.lists(st.integers(1, 3), max_size=2))
def test_both_decoders_give_the_same_rows_however_the_slabs_are_divided(
    stream: list[bytes], cuts: list[int]
) -> None:
    sender = pack_address(a.SENDER)
    expected = [oracle.decode(p, a.ARRIVAL_NS + i, sender) for i, p in enumerate(stream)]
    bench = a.Bench()
    flows, metrics = [], []
    edges = sorted({0, len(stream), *(c for c in cuts if c < len(stream))})
    for first, last in itertools.pairwise(edges):
        times = [a.ARRIVAL_NS + i for i in range(first, last)]
        decoded = bench.decoder.decode(a.slab(stream[first:last], times))
        flows += plain(decoded.flows.to_pylist())
        metrics += decoded.metrics.to_pylist()
    assert flows == [row for rows, _ in expected for row in rows]
    found = [(m["name"], dict(m["labels"])["ifindex"], m["value"]) for m in metrics]
    stated = [(m["name"], m["ifindex"], m["value"]) for _, rows in expected for m in rows]
    assert found == stated
