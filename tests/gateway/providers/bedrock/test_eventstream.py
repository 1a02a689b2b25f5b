from __future__ import annotations

import itertools
import struct
import zlib
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from sensorium.gateway.providers.bedrock.eventstream import (
    EventStreamDecoder,
    EventStreamError,
    Message,
)
from tests.gateway.upstreams.eventstream import event, exception, message, text

EVERY_TYPE = [
    ("true", 0, b""),
    ("false", 1, b""),
    ("byte", 2, b"\xff"),
    ("short", 3, struct.pack(">h", -2)),
    ("int", 4, struct.pack(">i", -3)),
    ("long", 5, struct.pack(">q", 1 << 40)),
    ("bytes", 6, b"\x00\x02ab"),
    ("text", 7, text("grün")),
    ("time", 8, struct.pack(">q", 1_700_000_000_000)),
    ("uuid", 9, bytes(range(16))),
]
STREAM = (
    event("messageStart", b'{"role":"assistant"}')
    + message(EVERY_TYPE, b"payload")
    + message([])
    + exception("throttlingException", b'{"message":"slow down"}')
)


def decoded(*pieces: bytes) -> list[Message]:
    decoder = EventStreamDecoder()
    found = [one for piece in pieces for one in decoder.feed(piece)]
    decoder.close()
    return found


def by_botocore(data: bytes) -> list[tuple[dict[str, Any], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(one.headers, one.payload) for one in buffer]


def test_messages_are_read_as_botocore_reads_them() -> None:
    found = decoded(STREAM)
    assert [(dict(one.headers), one.payload) for one in found] == by_botocore(STREAM)
    assert b"".join(one.raw for one in found) == STREAM
    assert found[0].text(":event-type") == "messageStart"
    assert found[3].text(":message-type") == "exception"
    assert found[1].text("int") == found[1].text("absent") == ""


def test_messages_are_the_same_wherever_the_stream_is_divided() -> None:
    once = decoded(STREAM)
    for at in range(len(STREAM) + 1):
        assert decoded(STREAM[:at], STREAM[at:]) == once
    assert decoded(*(STREAM[i : i + 1] for i in range(len(STREAM)))) == once


@pytest.mark.parametrize("at", range(len(event("a", b"{}"))))
def test_any_damaged_byte_is_noticed(at: int) -> None:
    good = event("a", b"{}")
    damaged = good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :]
    decoder = EventStreamDecoder()
    assert len(decoder.feed(good + damaged)) == 1
    with pytest.raises(EventStreamError):
        decoder.close()


def test_messages_before_a_damaged_one_are_given_and_none_after() -> None:
    decoder = EventStreamDecoder()
    good = event("a", b"{}")
    damaged = good[:-1] + bytes([good[-1] ^ 1])
    assert len(decoder.feed(good + damaged + good)) == 1
    for _ in range(2):
        with pytest.raises(EventStreamError, match="damaged"):
            decoder.feed(good)
    with pytest.raises(EventStreamError, match="damaged"):
        decoder.close()


def test_a_stream_that_ends_within_a_message_is_noticed() -> None:
    for cut in range(1, len(event("a", b"{}"))):
        decoder = EventStreamDecoder()
        assert decoder.feed(event("a", b"{}")[:cut]) == []
        with pytest.raises(EventStreamError, match="ends within"):
            decoder.close()


def test_a_message_beyond_the_limit_is_refused_before_it_is_held() -> None:
    decoder = EventStreamDecoder(limit=1000)
    assert len(decoder.feed(message([], b"x" * 984))) == 1
    with pytest.raises(EventStreamError, match="too long"):
        decoder.feed(message([], b"x" * 985)[:12])


def _header_block(block: bytes) -> bytes:
    """A message of sound checksums around any header bytes."""
    lengths = struct.pack(">II", 16 + len(block), len(block))
    body = lengths + struct.pack(">I", zlib.crc32(lengths)) + block
    return body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize(
    "block",
    [
        b"\x01",
        b"\x01a",
        b"\x05ab",
        b"\x01a\x07",
        b"\x01a\x07\x00\x05ab",
        b"\x01a\x07\x00\x01\xff",
        b"\x01a\x09" + bytes(15),
        b"\x01a\x05\x00",
        b"\x01a\x0a",
        b"\x01\xff\x00",
        b"\x00\x00",
        b"\x01a\x00\x01a\x00",
    ],
)
def test_headers_that_cannot_be_read_are_an_error(block: bytes) -> None:
    with pytest.raises(EventStreamError, match="header"):
        decoded(_header_block(block))


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=4))
def test_no_bytes_make_the_decoder_raise_anything_else(data: bytes, cuts: list[int]) -> None:
    for stream in (data, STREAM[: len(data)] + data, _header_block(data)):
        edges = [0, *sorted(cuts), len(stream)]
        try:
            decoded(*(stream[a:b] for a, b in itertools.pairwise(edges)))
        except EventStreamError:
            continue
