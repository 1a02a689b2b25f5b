from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.dialect import MAX_FRAME
from sensorium.gateway.dialects.sse import SseParser

STREAM = (
    b"\xef\xbb\xbfdata: one\n\n"
    b": a comment\n\n"
    b"event: named\r\ndata: two\r\ndata:three\r\n\r\n"
    b"data\rdata: \xc3\xa4\xf0\x9f\x98\x80\r\r"
    b"retry: 10\n\n"
    b"\n"
    b"data:  indented\r\n\n"
    b"data: last\n"
)
EXPECTED = [
    (b"", b"one"),
    (b"", None),
    (b"named", b"two\nthree"),
    (b"", b"\n\xc3\xa4\xf0\x9f\x98\x80"),
    (b"", None),
    (b"", b" indented"),
    (b"", b"last"),
]


def read(*pieces: bytes) -> list[tuple[bytes, bytes, bytes | None]]:
    parser = SseParser()
    found = [event for piece in pieces for event in parser.feed(piece)]
    return [tuple(event) for event in [*found, *parser.close()]]


def test_fields_are_read_as_the_standard_says() -> None:
    assert [(name, data) for _, name, data in read(STREAM)] == EXPECTED


@pytest.mark.parametrize("cut", range(len(STREAM)))
def test_frames_are_the_same_wherever_the_stream_is_cut(cut: int) -> None:
    assert read(STREAM[:cut], STREAM[cut:]) == read(STREAM)


def test_frames_are_the_same_byte_by_byte() -> None:
    assert read(*(bytes([byte]) for byte in STREAM)) == read(STREAM)


def test_frames_joined_are_the_stream() -> None:
    assert b"".join(raw for raw, _, _ in read(STREAM)) == STREAM


@given(
    st.lists(st.sampled_from([b"data", b":", b" x", b"\r", b"\n", b"\r\n", b"\n\n"]), max_size=40),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_any_line_ends_give_the_same_frames_however_they_are_cut(
    tokens: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(tokens)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[begin:end] for begin, end in pairwise(edges)]
    assert read(*pieces) == read(stream)


def test_a_stream_that_ends_in_the_middle_of_a_line_gives_nothing_of_it() -> None:
    assert read(b"data: whole\n\ndata: cu") == [(b"data: whole\n\n", b"", b"whole")]


@pytest.mark.parametrize("size", [1 << 16, MAX_FRAME * 2])
def test_a_frame_without_end_is_given_up_at_the_limit(size: int) -> None:
    parser = SseParser()
    endless = b"data: " + b"x" * (MAX_FRAME + 1) + b"\n\n"
    found = []
    for begin in range(0, len(endless), size):
        found += parser.feed(b"data: before\n\n" if begin == 0 else b"")
        found += parser.feed(endless[begin : begin + size])
    assert [event.data for event in found] == [b"before"]
    assert parser.too_long
    assert parser.feed(b"data: after\n\n") == []
