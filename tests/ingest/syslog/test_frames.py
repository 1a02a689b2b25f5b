"""A stream's bytes give the same messages however they were divided, and no byte is lost."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.syslog.frames import (
    COUNTED,
    COUNTED_ONLY,
    LINES,
    LINES_ONLY,
    MIXED,
    NOT_COUNTED,
    OVERSIZED,
    SKIP,
    SKIP_LINE,
    FrameRules,
    find_frames,
    gather,
    new_state,
)


def deframe(chunks: list[bytes], rules: FrameRules) -> tuple[list[bytes], dict[str, int]]:
    """The messages of a connection that sent these chunks and ended, and what was counted."""
    state, carried, messages = new_state(), b"", []
    for chunk in chunks:
        data = carried + chunk
        bytes_ = np.frombuffer(data, np.uint8)
        starts, ends = np.empty((2, len(data) // 2 + 1), np.int64)
        count, done = find_frames(bytes_, 0, len(data), rules.packed, state, starts, ends, 0)
        messages += [data[starts[m] : ends[m]] for m in range(count)]
        carried = data[done:]
        assert len(carried) <= rules.longest + 8
    if not (state[SKIP] or state[SKIP_LINE]):
        messages.append(rules.remainder(carried))
    names = {"counted": COUNTED, "lines": LINES, "oversized": OVERSIZED, "odd": NOT_COUNTED}
    return [m for m in messages if m], {name: int(state[i]) for name, i in names.items()}


def naive(stream: bytes, rules: FrameRules) -> list[bytes]:
    """The slow, obvious way: one frame after the other, of a stream that is all there."""
    trailers = b"[\n\0]" if rules.trailer == 10 else re.escape(bytes([rules.trailer]))
    messages = []
    while stream:
        count = re.match(rb"([1-9][0-9]{0,6}) ", stream)
        if count and rules.mode != LINES_ONLY:
            end = count.end() + int(count[1])
            message, whole, stream = stream[count.end() : end], end <= len(stream), stream[end:]
        else:
            found = re.search(trailers, stream)
            whole = bool(found)
            message, stream = (
                (stream[: found.start()], stream[found.end() :]) if found else (stream, b"")
            )
            if found and message == b"\r":
                message = b""
        if len(message) > rules.longest:
            message = message[: rules.longest + 1]
            end = rules.longest
            while end > rules.longest - 3 and message[end] & 0xC0 == 0x80:
                end -= 1
            message = message[:end]
        elif not whole and not count:
            assert not stream
        messages.append(message)
    return [m for m in messages if m]


def test_both_framings_may_be_mixed_and_are_told_by_the_first_byte() -> None:
    stream = b"<13>one\n8 <14>t\nwo<15>three\r\n\n5 <1>ab\n0 <2>zero\n16 <3>unfinished"
    messages, counts = deframe([stream], FrameRules())
    assert messages == [
        *(b"<13>one", b"<14>t\nwo", b"<15>three\r", b"<1>ab", b"0 <2>zero"),
        b"<3>unfinished",
    ]
    assert counts == {"counted": 2, "lines": 3, "oversized": 0, "odd": 0}


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (b"2026-11-23T10:00:00Z host app: x\ny\n", [b"2026-11-23T10:00:00Z host app: x", b"y"]),
        (b"12345678 x\n", [b"12345678 x"]),
        (b"123", [b"123"]),
        (b"12 ", []),
        (b"\n\r\n\n", []),
    ],
)
def test_what_only_looks_like_a_count_is_a_line(text: bytes, messages: list[bytes]) -> None:
    assert deframe([text], FrameRules())[0] == messages


def test_a_nul_ends_a_line_too_with_or_without_a_line_end_beside_it() -> None:
    stream = b"<1>one, long enough\0<2>two\n\0<3>three\0\n7 <4>f\0ur<5>five\0"
    messages, counts = deframe([stream], FrameRules())
    assert messages == [b"<1>one, long enough", b"<2>two", b"<3>three", b"<4>f\0ur", b"<5>five"]
    assert counts == {"counted": 1, "lines": 4, "oversized": 0, "odd": 0}


def test_other_trailers_and_one_framing_only_can_be_set() -> None:
    assert deframe([b"<1>a\nb\0<2>c\0"], FrameRules(trailer=0))[0] == [b"<1>a\nb", b"<2>c"]
    assert deframe([b"5 <1>a\n6 <1>b\n"], FrameRules(LINES_ONLY))[0] == [b"5 <1>a", b"6 <1>b"]
    messages, counts = deframe([b"5 <1>ab<2>c\n4 <3>d"], FrameRules(COUNTED_ONLY))
    assert messages == [b"<1>ab", b"<2>c", b"<3>d"]
    assert counts["odd"] == 1


def test_a_frame_that_is_too_long_is_cut_and_the_stream_goes_on_after_it() -> None:
    rules = FrameRules(longest=8)
    messages, counts = deframe([b"12 <1>456789012<2>after\n<3>4567890123\n4 <4>d"], rules)
    assert messages == [b"<1>45678", b"<2>after", b"<3>45678", b"<4>d"]
    assert counts["oversized"] == 2
    cut = "<1>4567é89\n<2>x\n".encode()
    assert deframe([cut], rules)[0] == [b"<1>4567", b"<2>x"]


body = st.one_of(
    st.text("<>0123456789 a\n\r\0é", max_size=30).map(str.encode), st.binary(max_size=30)
)
frame = st.one_of(
    body.map(lambda b: b"%d " % len(b) + b),
    body.map(lambda b: b + b"\n"),
    st.builds(lambda b, n: b"%d " % n + b, body, st.integers(0, 10**8)),
    body,
)
stream = st.lists(frame, max_size=8).map(b"".join)
rules = st.builds(
    FrameRules,
    st.sampled_from([MIXED, COUNTED_ONLY, LINES_ONLY]),
    st.sampled_from([10, 0]),
    st.sampled_from([8, 11, 64]),
)


@given(stream, rules, st.data())
def test_how_a_stream_is_divided_changes_nothing(
    whole: bytes, how: FrameRules, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    chunks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    one_by_one = [whole[i : i + 1] for i in range(len(whole))]
    expected = deframe([whole], how)
    assert deframe(chunks, how) == expected
    assert deframe(one_by_one, how) == expected
    assert expected[0] == naive(whole, how)


@given(st.lists(st.binary(max_size=20), max_size=20))
def test_messages_are_gathered_end_to_end(pieces: list[bytes]) -> None:
    data = np.frombuffer(b"--".join(pieces) + b"-", np.uint8)
    lengths = np.array([len(piece) for piece in pieces], np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths + 2)])[: len(pieces)].astype(np.int64)
    out, offsets = np.empty(int(lengths.sum()), np.uint8), np.empty(len(pieces) + 1, np.int64)
    gather(data, starts, starts + lengths, len(pieces), out, offsets)
    assert [out[a:b].tobytes() for a, b in pairwise(offsets)] == pieces
