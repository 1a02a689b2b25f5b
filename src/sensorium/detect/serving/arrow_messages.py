"""What an Arrow IPC stream claims to hold, read before anything is allocated for it.

A record batch may say that its buffers are compressed and how large they will be, and that it has
any number of rows: a few bytes could ask for all memory. Both figures stand in the message's
metadata, a FlatBuffer (Arrow's ``format/Message.fbs``): a table begins with the distance back to
its vtable, which has, after its own two sizes, the place of each field by the field's number.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

_HEADER, _LENGTH, _BUFFERS, _COMPRESSION = 2, 0, 2, 3
_NOT_COMPRESSED = -1
_LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Claim:
    """One message: its ``kind`` in pyarrow's words, how many rows, and bytes once decompressed."""

    kind: str
    rows: int = 0
    size: int = 0


class MalformedError(Exception):
    """The bytes are no Arrow IPC stream; the text says why."""


def claims(body: bytes) -> Iterator[Claim]:
    """What each message of a stream claims, in order; MalformedError where it is none."""
    try:
        reader = pa.ipc.MessageReader.open_stream(pa.BufferReader(body))
        for message in reader:
            if message.type == "record batch":
                yield _batch(memoryview(message.metadata), message.body)
            else:
                yield Claim(message.type)
    except (pa.ArrowException, OSError, ValueError, struct.error, IndexError) as error:
        raise MalformedError(str(error)) from error


def _batch(metadata: memoryview, body: pa.Buffer | None) -> Claim:
    (root,) = struct.unpack_from("<I", metadata, 0)
    header = _reference(metadata, root, _HEADER)
    at = _field(metadata, header, _LENGTH)
    rows = struct.unpack_from("<q", metadata, at)[0] if at else 0
    held = memoryview(body) if body is not None else memoryview(b"")
    if not _field(metadata, header, _COMPRESSION):
        return Claim("record batch", rows, len(held))
    return Claim("record batch", rows, _decompressed(metadata, header, held))


def _decompressed(metadata: memoryview, header: int, body: memoryview) -> int:
    """The sizes that lead the buffers, added up; -1 leads one that is as it is."""
    if not _field(metadata, header, _BUFFERS):
        return 0
    vector = _reference(metadata, header, _BUFFERS)
    (count,) = struct.unpack_from("<I", metadata, vector)
    if count * 16 > len(metadata):
        raise ValueError("more buffers than there is room for")
    total = 0
    for n in range(count):
        offset, length = struct.unpack_from("<qq", metadata, vector + 4 + 16 * n)
        if not 0 <= offset <= offset + length <= len(body):
            raise ValueError("a buffer lies outside of its message")
        if length < 8:
            continue
        (size,) = struct.unpack_from("<q", body, offset)
        if not _NOT_COMPRESSED <= size <= _LARGEST:
            raise ValueError(f"a buffer of {size} bytes")
        total += length - 8 if size == _NOT_COMPRESSED else size
    return total


def _field(data: memoryview, table: int, number: int) -> int:
    """Where a table's field is; 0 where it has none."""
    (back,) = struct.unpack_from("<i", data, table)
    vtable = table - back
    if vtable < 0:
        raise ValueError("a table without a vtable")
    (size,) = struct.unpack_from("<H", data, vtable)
    if 4 + 2 * number >= size:
        return 0
    (place,) = struct.unpack_from("<H", data, vtable + 4 + 2 * number)
    return table + int(place) if place else 0


def _reference(data: memoryview, table: int, number: int) -> int:
    """Where that lies which a table's field refers to."""
    at = _field(data, table, number)
    if not at:
        raise ValueError("a message without its header")
    (ahead,) = struct.unpack_from("<I", data, at)
    return at + int(ahead)
