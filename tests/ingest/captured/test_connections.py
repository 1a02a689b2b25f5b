"""What came over TCP and SCTP is put together: in order, once, and with its gaps."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.captured import Body, read_capture
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.pcap import Part, parts, read_packets
from sensorium.ingest.sessions import Transport, transport_of
from sensorium.observe import Observe
from tests.ingest.captured import frames as f
from tests.ingest.netflow import packets as p
from tests.ingest.pcap import captures as c

TEMPLATE = p.ipfix(p.a_set(2, p.template(256, [(1, 4)])))


def data(value: int) -> bytes:
    return p.ipfix(p.a_set(256, struct.pack(">I", value)))


def values(slab: Datagrams) -> list[int]:
    decoder = NetflowDecoder(NetflowConfig(), Observe())
    return [row["bytes"] for row in decoder.decode(slab).to_pylist()]


def carried(*frames: bytes) -> tuple[bytes, int]:
    """All bytes of all directions, and how many gaps there were."""
    found = [x for x in read_packets(c.pcap(*frames), Observe()) if isinstance(x, Part)]
    return b"".join(bytes(part.data) for part in found), sum(part.gap for part in found)


def slabs(*frames: bytes, observe: Observe | None = None) -> list[Datagrams]:
    found = read_capture(c.pcap(*frames), observe or Observe())
    return [slab for slab in found if not isinstance(slab, Body)]


def messages(*frames: bytes) -> list[bytes]:
    return [slab.payload(i) for slab in slabs(*frames) for i in range(len(slab))]


def counts(observe: Observe, name: str) -> dict[str, int]:
    return {
        next(iter(sample.labels.values()), ""): int(sample.value)
        for family in observe.registry.collect()
        for sample in family.samples
        if sample.name == f"sensorium_capture_{name}_total" and sample.value
    }


@given(
    st.binary(min_size=1, max_size=400),
    st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 80)), max_size=30),
    st.randoms(use_true_random=False),
)
def test_segments_in_any_order_overlapping_and_repeated_give_the_bytes_that_were_sent(
    sent: bytes, first: int, more: list[tuple[int, int]], order: random.Random
) -> None:
    pieces = [(at, 50) for at in range(0, len(sent), 50)]
    pieces += [(at, size) for at, size in more if at < len(sent)]
    order.shuffle(pieces)
    segments = [f.tcp(first + 1 + at, sent[at : at + size]) for at, size in pieces]
    end = f.tcp(first + 1 + len(sent), flags=f.FIN)
    segments.insert(order.randrange(len(segments) + 1), end)
    assert carried(f.tcp(first, flags=f.SYN), *segments) == (sent, 0)


@given(
    st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=20),
    st.integers(0, 2**32 - 1),
    st.randoms(use_true_random=False),
)
def test_messages_of_sctp_come_whole_and_in_order(
    sent: list[bytes], first: int, order: random.Random
) -> None:
    chunks, number = [], first
    for message in sent:
        for at in range(0, len(message), 3):
            flags = 2 * (at == 0) | (at + 3 >= len(message))
            chunks.append(f.user_data(number, message[at : at + 3], flags))
            number += 1
    chunks += order.sample(chunks, len(chunks) // 2)
    order.shuffle(chunks)
    packets = [f.sctp(f.init(first)), *(f.sctp(chunk) for chunk in chunks)]
    found = [x for x in read_packets(c.pcap(*packets), Observe()) if isinstance(x, Part)]
    assert [bytes(part.data) for part in found if not part.ended] == sent
    assert not any(part.gap for part in found)


def test_fragments_of_two_messages_may_be_interleaved() -> None:
    found = messages(
        f.sctp(f.init(5)),
        f.sctp(f.interleaved(5, 0, TEMPLATE[:10], 2), f.interleaved(6, 1, data(1)[:8], 2)),
        f.sctp(f.interleaved(7, 0, TEMPLATE[10:], 1), f.interleaved(8, 1, data(1)[8:], 1)),
    )
    assert found == [TEMPLATE, data(1), b""]


def test_a_gap_in_an_association_is_told_of_by_the_next_whole_message() -> None:
    chunks = [
        f.user_data(1, b"one"),
        f.user_data(3, b"tw", flags=2),  # the second is not there
        f.user_data(4, b"o", flags=1),
        f.user_data(5, b"three"),
    ]
    packets = [f.sctp(f.init(1)), *(f.sctp(chunk) for chunk in chunks)]
    found = [x for x in read_packets(c.pcap(*packets), Observe()) if isinstance(x, Part)]
    assert [(bytes(part.data), part.gap) for part in found if not part.ended] == [
        (b"one", False),
        (b"two", True),
        (b"three", False),
    ]


def test_messages_of_ipfix_over_sctp_are_a_session_from_whichever_address_they_come() -> None:
    (slab,) = slabs(
        f.sctp(f.init(1)),
        f.sctp(f.user_data(1, TEMPLATE)),
        f.sctp(f.user_data(2, data(5)), source="192.0.2.77"),
        f.sctp(f.chunk(14, 0, b"")),
    )
    assert slab.session is not None
    assert {transport_of(int(n)) for n in slab.session} == {Transport.SCTP}
    assert len(set(slab.session.tolist())) == 1
    assert values(slab) == [5]
    assert slab.payload(2) == b"", "the session ended"


def test_a_connection_is_a_session_of_its_own() -> None:
    one, other = f.conversation(TEMPLATE + data(1)), f.conversation(data(2), client=40_001)
    (slab,) = slabs(*one, *other)
    assert slab.session is not None
    assert len(set(slab.session.tolist())) == 2
    assert values(slab) == [1], "the other has no template"


def test_a_port_that_is_used_again_is_another_session() -> None:
    first = f.conversation(TEMPLATE + data(1))[:-1]  # its end was not captured
    (slab,) = slabs(*first, *f.conversation(data(2), first=900_000))
    assert [slab.payload(i) for i in range(len(slab))] == [TEMPLATE, data(1), b"", data(2), b""]
    assert slab.session is not None
    assert len(set(slab.session.tolist())) == 2


def test_segments_that_come_again_after_the_end_are_nothing_new() -> None:
    frames = f.conversation(TEMPLATE + data(1), size=30)
    assert carried(*frames, *frames[1:]) == (TEMPLATE + data(1), 0)
    assert carried(*frames, *frames) == (TEMPLATE + data(1), 0)
    reset = f.tcp(0, flags=f.RST)
    assert carried(*frames[:-1], reset, *frames[1:]) == (TEMPLATE + data(1), 0)
    # A port may be used again, whether its beginning was captured or not.
    again = f.conversation(b"again", first=90_000_000)
    assert carried(*frames, *again) == (TEMPLATE + data(1) + b"again", 0)
    assert carried(*frames, *again[1:]) == (TEMPLATE + data(1) + b"again", 1)


def test_what_is_missing_is_a_gap_and_what_follows_is_read_from_the_next_message_on() -> None:
    stream = TEMPLATE + data(1) + data(2) + data(3)
    frames = f.conversation(stream, size=8)
    lost = 1 + (len(TEMPLATE) + 5) // 8  # within the first data
    observe = Observe()
    assert carried(*frames[:lost], *frames[lost + 1 :])[1] == 1
    # Each message in a segment of its own, as exporters send them.
    at, apart = 8, []
    for message in (TEMPLATE, data(1), data(2), data(3)):
        apart.append(f.tcp(at, message))
        at += len(message)
    syn, end = f.tcp(7, flags=f.SYN), f.tcp(at, flags=f.FIN)
    (slab,) = slabs(syn, apart[0], apart[1], apart[3], end, observe=observe)
    assert values(slab) == [1, 3]
    assert counts(observe, "gaps") == {"": 1}


def test_a_connection_that_was_there_before_is_read_from_a_message_on() -> None:
    middle = f.tcp(500, data(1)[9:])
    assert messages(middle, f.tcp(500 + len(data(1)) - 9, TEMPLATE)) == [TEMPLATE, b""]


def test_a_segment_that_the_capture_cut_is_a_gap() -> None:
    frames = f.conversation(TEMPLATE + data(1), size=len(TEMPLATE))
    content = c.pcap(frames[0]) + c.pcap(frames[1], cut=3)[24:] + c.pcap(*frames[2:])[24:]
    observe = Observe()
    found = [slab for slab in read_capture(content, observe) if isinstance(slab, Datagrams)]
    assert [slab.payload(i) for slab in found for i in range(len(slab))] == [data(1), b""]
    assert counts(observe, "packets")["cut"] == 1


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        ([f.tcp(7, flags=f.SYN)], {"control": 1}),
        ([f.tcp(7)], {"control": 1}),
        ([f.tcp(7, b"x"), f.tcp(7, b"x")], {"data": 1, "repeated": 1}),
        ([f.tcp(7, flags=f.RST)], {"control": 1}),
        ([f.sctp(f.init(1))], {"control": 1}),
        ([f.sctp(f.user_data(1, b"x")), f.sctp(f.user_data(1, b"x"))], {"data": 1, "repeated": 1}),
        ([f.sctp(b"\0\3\0\5" + bytes(9))], {"malformed": 1}),
        ([f.sctp(b"\0\3\1\0" + bytes(30))], {"cut": 1}),
    ],
)
def test_every_packet_is_told_by_what_it_was(frames: list[bytes], told: dict[str, int]) -> None:
    observe = Observe()
    list(read_capture(c.pcap(*frames), observe))
    assert counts(observe, "packets") == told


@pytest.mark.parametrize(
    ("stream", "port", "spoken"),
    [
        (TEMPLATE, 4739, "ipfix"),
        (b"<34>Oct 11 22:14:15 mymachine su: hello\n", 9999, "syslog"),
        (b"28 <34>1 2026-01-01T00:00:00Z h a - - - hello", 9999, "syslog"),
        (b"a line without a priority\n", 601, "syslog"),
        (b"a line without a priority\n", 25, "unknown"),
        (b"POST /v1/logs HTTP/1.1\r\n\r\n", 4318, "http"),
        (b"HTTP/1.1 200 OK\r\n\r\n", 50_000, "http"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 4317, "http2"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40), 6514, "tls"),
        (b"\0\x0a\0\x30" + bytes(44), 4739, "unknown"),
        (b"x", 4739, "unknown"),
    ],
)
def test_what_is_spoken_is_told_by_the_first_bytes(stream: bytes, port: int, spoken: str) -> None:
    observe = Observe()
    list(read_capture(c.pcap(*f.conversation(stream, port=port, size=5)), observe))
    assert counts(observe, "streams") == {spoken: 1}


def test_a_message_that_cannot_be_is_counted_and_what_follows_is_not_taken_for_one() -> None:
    broken = TEMPLATE + b"\0\x09" + bytes(60)
    observe = Observe()
    (slab,) = slabs(*f.conversation(broken), observe=observe)
    assert [slab.payload(i) for i in range(len(slab))] == [TEMPLATE, b""]
    assert observe.value(
        "sensorium_ingest_dropped_total", {"protocol": "ipfix", "reason": "unknown_version"}
    )


def test_directions_that_are_followed_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST", 4)
    begun = [
        frame
        for client in range(40_000, 40_010)
        for frame in f.conversation(TEMPLATE + data(client), client=client)[:-1]
    ]
    (slab,) = slabs(*begun)
    assert values(slab) == list(range(40_000, 40_010))
    assert slab.payload(2) != b"", "the first made room for the fifth and not before"


@given(st.lists(st.sampled_from(f.conversation(TEMPLATE + data(1), size=9)), max_size=20))
def test_any_frames_are_survived_and_counted(frames: list[bytes]) -> None:
    observe = Observe()
    list(read_capture(c.pcap(*frames), observe))
    assert sum(counts(observe, "packets").values()) == len(frames)
