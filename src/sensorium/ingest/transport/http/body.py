"""Content encodings, undone within a limit: a small body that grows without end is refused.

gzip (RFC 1952) and Zstandard (RFC 8878) are decompressed in steps, and given up at the first
byte beyond the limit. Snappy's block format states its size first. What a sender claims is never
allocated before it is compared with the limit.
"""

from __future__ import annotations

import zlib
from typing import Final

ENCODINGS: Final = frozenset({"gzip", "zstd", "snappy"})
"""Content encodings that :func:`decompress` knows beside ``identity``."""

_STEP: Final = 1 << 20
_ZSTD_MAGIC: Final = 0xFD2FB528
# A decoder needs the window in memory; RFC 8878 3.1.1.1.2 asks for no more than 8 MiB of it.
_LARGEST_WINDOW: Final = 8 << 20
# Three bytes of a Snappy block stand for 64 at most.
_SNAPPY_RATIO: Final = 22


class TooLargeError(Exception):
    """A body would be larger than allowed once decompressed."""


class UndecodableError(Exception):
    """A body is not in the encoding that it is said to be in; the text says why."""


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its content encoding, at most ``limit`` bytes.

    TooLargeError where it would be more, UndecodableError where it cannot be decompressed whole.
    """
    if encoding == "gzip":
        return _gunzip(body, limit)
    if encoding == "zstd":
        return _unzstd(body, limit)
    if encoding == "snappy":
        return _unsnappy(body, limit)
    if len(body) > limit:
        raise TooLargeError
    return body


def _gunzip(body: bytes, limit: int) -> bytes:
    """All members of a gzip body (RFC 1952 2.2), one after the other."""
    pieces: list[bytes] = []
    size, rest = 0, body
    while rest:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            try:
                # One byte more than is allowed, so that the limit itself still passes.
                piece = member.decompress(rest, min(_STEP, limit - size + 1))
            except zlib.error as error:
                raise UndecodableError(f"not gzip: {error}") from error
            rest = member.unconsumed_tail
            size += len(piece)
            if size > limit:
                raise TooLargeError
            pieces.append(piece)
            if not piece and not rest and not member.eof:
                raise UndecodableError("the gzip body is cut short")
        rest = member.unused_data
    if not body:
        raise UndecodableError("an empty body is not gzip")
    return b"".join(pieces)


def _unzstd(body: bytes, limit: int) -> bytes:
    """All frames of a Zstandard body, as pyarrow's decoder gives them, in steps."""
    import pyarrow as pa

    _check_window(body)
    pieces: list[bytes] = []
    size = 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
            while piece := stream.read(min(_STEP, limit - size + 1)):
                size += len(piece)
                if size > limit:
                    raise TooLargeError
                pieces.append(piece)
    except (pa.ArrowException, OSError) as error:
        raise UndecodableError(f"not Zstandard: {error}") from error
    return b"".join(pieces)


def _check_window(body: bytes) -> None:
    """Refuse a first frame whose window is beyond what RFC 8878 asks decoders to support."""
    if len(body) < 6 or int.from_bytes(body[:4], "little") != _ZSTD_MAGIC:
        raise UndecodableError("not Zstandard: it does not begin with a frame")
    descriptor = body[4]
    if descriptor & 0x20:  # a single segment has its content for a window
        return
    exponent, mantissa = body[5] >> 3, body[5] & 7
    base = 1 << (10 + exponent)
    if base + (base >> 3) * mantissa > _LARGEST_WINDOW:
        raise TooLargeError


def _unsnappy(body: bytes, limit: int) -> bytes:
    """Snappy's block format, not its framing format: what remote-write sends."""
    import cramjam

    try:
        # Reads the size that leads the block, a varint, and nothing more.
        claimed = cramjam.snappy.decompress_raw_len(body)
        if claimed > limit:
            raise TooLargeError
        if claimed > _SNAPPY_RATIO * len(body):
            raise UndecodableError("not a Snappy block: it cannot hold what it claims to")
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError as error:
        raise UndecodableError(f"not a Snappy block: {error}") from error
