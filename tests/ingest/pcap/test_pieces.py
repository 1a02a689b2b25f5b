"""Datagrams in pieces are put together, whatever the order, and what is never whole is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.pcap import pieces
from tests.ingest.pcap import captures as c
from tests.ingest.pcap.test_reader import PLAIN, outcomes, read

PAYLOAD = bytes(range(256)) * 16
V4 = [c.ethernet(piece) for piece in c.ipv4_pieces(c.udp(PAYLOAD), 1480)]
V6 = [c.ethernet(piece, 0x86DD) for piece in c.ipv6_pieces(c.udp(PAYLOAD), 1448)]


def payloads(*frames: bytes) -> list[bytes]:
    return [payload for payload, _, _ in read(c.pcap(*frames))]


@given(st.permutations(range(len(V4))), st.permutations(range(len(V6))))
def test_pieces_are_put_together_in_any_order(four: list[int], six: list[int]) -> None:
    frames = [*(V4[at] for at in four), *(V6[at] for at in six)]
    assert payloads(*frames) == [PAYLOAD, PAYLOAD]
    assert outcomes(c.pcap(*frames)) == {"datagram": 2, "piece": len(frames) - 2}


def test_the_datagram_came_when_its_last_piece_did_and_from_whom_it_came() -> None:
    ((payload, source, at_ns),) = read(c.pcap(V6[2], V6[0], V6[1]))
    assert (payload, source) == (PAYLOAD, "2001:db8::1")
    assert at_ns // 1_000_000_000 == c.SECONDS + 2


def test_pieces_of_several_packets_are_kept_apart() -> None:
    other = [c.ethernet(piece) for piece in c.ipv4_pieces(c.udp(b"x" * 3000), 1480, number=2)]
    mixed = [frame for pair in zip(V4, other, strict=True) for frame in pair]
    assert payloads(*mixed) == [PAYLOAD, b"x" * 3000]


def test_padding_of_the_link_is_no_part_of_a_piece() -> None:
    assert payloads(*(frame + bytes(9) for frame in V4)) == [PAYLOAD]


def test_a_packet_in_one_piece_and_extension_headers_before_the_datagram() -> None:
    assert payloads(c.ethernet(c.ipv6_pieces(c.udp(b"one"), 800)[0], 0x86DD)) == [b"one"]
    options = bytes([17, 0]) + bytes(6)
    frames = c.ipv6_pieces(options + c.udp(PAYLOAD), 1448, following=60)
    assert payloads(*(c.ethernet(frame, 0x86DD) for frame in frames)) == [PAYLOAD]


def test_what_is_never_whole_is_counted() -> None:
    assert outcomes(c.pcap(*V4[1:], PLAIN)) == {"fragment": len(V4) - 1, "datagram": 1}


def test_a_piece_that_came_twice_is_taken_once() -> None:
    assert payloads(V4[0], V4[0], *V4[1:]) == [PAYLOAD]


def test_pieces_that_overlap_make_no_packet() -> None:
    datagram = c.udp(PAYLOAD)
    over = c.ethernet(c.ipv4(datagram[8:1600], fragment=0x2000 | 1))
    assert payloads(V4[0], over, *V4[1:], PLAIN) == [b"hello"]
    twice = c.ethernet(c.ipv4(datagram[1480:], fragment=185))
    assert payloads(twice, c.ethernet(c.ipv4(b"end", fragment=900))) == []


def test_what_waits_is_bounded_in_number_and_in_time() -> None:
    many = [
        c.ethernet(c.ipv4_pieces(c.udp(bytes(20)), 16, number=n)[0])
        for n in range(2, pieces.MOST + 2)
    ]
    assert payloads(V4[0], *many, *V4[1:]) == []
    late = pieces.LONGEST_NS // 1_000_000_000 + 1
    assert payloads(V4[0], *[PLAIN] * late, *V4[1:]) == [b"hello"] * late
    assert payloads(V4[0], *[PLAIN] * (late - len(V4)), *V4[1:])[-1] == PAYLOAD


def test_more_pieces_than_any_link_makes_are_given_up() -> None:
    tiny = [c.ethernet(piece) for piece in c.ipv4_pieces(c.udp(bytes(2000)), 8)]
    assert payloads(*tiny) == []


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.binary(max_size=40)), max_size=30))
def test_any_pieces_are_all_accounted_for(given_pieces: list[tuple[int, bool, bytes]]) -> None:
    frames = [
        c.ethernet(c.ipv4(data, fragment=offset | (0x2000 if more else 0) or 0x2000))
        for offset, more, data in given_pieces
    ]
    assert sum(outcomes(c.pcap(*frames)).values()) == len(frames)
