"""A body is decompressed whole, within the limit, or not at all."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.transport.http.body import (
    ENCODINGS,
    TooLargeError,
    UndecodableError,
    decompress,
)

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "zstd": lambda body: bytes(cramjam.zstd.compress(body)),
    "snappy": lambda body: bytes(cramjam.snappy.compress_raw(body)),
}
each_encoding = pytest.mark.parametrize("encoding", sorted(COMPRESS))


def test_every_encoding_offered_is_tried_here() -> None:
    assert {*COMPRESS} == ENCODINGS | {"identity"}


@each_encoding
@given(body=st.binary(max_size=5000).map(lambda b: b * 7))
def test_what_was_compressed_comes_back(encoding: str, body: bytes) -> None:
    assert decompress(COMPRESS[encoding](body), encoding, len(body)) == body


@each_encoding
def test_the_limit_itself_passes_and_one_byte_more_does_not(encoding: str) -> None:
    body = bytes(3_000_000)
    sent = COMPRESS[encoding](body)
    assert len(decompress(sent, encoding, len(body))) == len(body)
    with pytest.raises(TooLargeError):
        decompress(sent, encoding, len(body) - 1)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_several_members_are_one_body(encoding: str) -> None:
    sent = COMPRESS[encoding](b"a" * 9) + COMPRESS[encoding](b"b" * 9)
    assert decompress(sent, encoding, 18) == b"a" * 9 + b"b" * 9
    with pytest.raises(TooLargeError):
        decompress(sent, encoding, 17)


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_what_is_cut_short_is_refused(encoding: str) -> None:
    sent = COMPRESS[encoding](b"".join(bytes([i % 251]) * 3 for i in range(900)))
    for size in (0, 1, 5, len(sent) // 2, len(sent) - 1):
        with pytest.raises(UndecodableError):
            decompress(sent[:size], encoding, 1 << 20)


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
@given(body=st.binary(max_size=200), data=st.data())
def test_no_bytes_do_more_than_be_refused(encoding: str, body: bytes, data: st.DataObject) -> None:
    sent = bytearray(COMPRESS[encoding](body))
    for _ in range(data.draw(st.integers(0, 3))):
        sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
    for attempt in (bytes(sent), body):
        try:
            assert len(decompress(attempt, encoding, 1000)) <= 1000
        except (TooLargeError, UndecodableError):
            continue


def test_a_claim_that_the_bytes_cannot_keep_is_not_believed() -> None:
    claim = b"\x80\x80\x80\x10"  # 32 MiB, in no bytes at all
    with pytest.raises(UndecodableError):
        decompress(claim, "snappy", 1 << 30)


def test_a_window_larger_than_decoders_must_have_is_refused() -> None:
    frame = bytes.fromhex("28b52ffd") + bytes([0x00, 17 << 3]) + b"\x01\x00\x00"
    with pytest.raises(TooLargeError):
        decompress(frame, "zstd", 1 << 30)
