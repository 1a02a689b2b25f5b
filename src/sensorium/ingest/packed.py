"""Files as they are or packed: gzip, bzip2, xz and zstd are told by their first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import pyarrow as pa

from sensorium.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MOST_BYTES: Final = 8 << 30
"""Of what is read into memory at once; a few kB can be packed to unpack to more than that."""
_BLOCK: Final = 16 << 20
_LONGEST_MAGIC: Final = 10


def _zstd(file: BinaryIO) -> Any:
    return pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")


# bzip2's first three bytes may begin a text; what follows them is pi, or its root where nothing is.
_PACKERS: Final[dict[re.Pattern[bytes], tuple[str, Callable[[BinaryIO], Any]]]] = {
    re.compile(rb"\x1f\x8b"): ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"): ("bzip2", bz2.BZ2File),
    re.compile(rb"\xfd7zXZ\0"): ("xz", lzma.LZMAFile),
    re.compile(rb"\x28\xb5\x2f\xfd"): ("zstd", _zstd),
}
_DAMAGES: Final = (EOFError, zlib.error, lzma.LZMAError, OSError, pa.ArrowException)


class PackedFileError(UsageError):
    """A packed file that is damaged, or holds more than can be read."""


class _Unpacked(io.RawIOBase):
    """What a packed file holds; PackedFileError where it is damaged."""

    def __init__(self, inside: Any, packer: str, name: str) -> None:
        self._inside, self._packer, self._name = inside, packer, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer)
        try:
            # Not read: it would lose what came just before the damage.
            data = self._inside.read1(len(room))
        except _DAMAGES as error:
            raise PackedFileError(
                f"{self._name} is packed by {self._packer} and damaged: {error}",
                unaffected="What came before the damage was read.",
            ) from error
        room[: len(data)] = data
        return len(data)


def unpacked(file: BinaryIO, name: str) -> io.BufferedReader:
    """An open file, or what is packed in it; ``name`` is for messages."""
    buffered = file if isinstance(file, io.BufferedReader) else _buffered(file)
    start = buffered.peek(_LONGEST_MAGIC)
    for magic, (packer, opener) in _PACKERS.items():
        if magic.match(start):
            return _buffered(_Unpacked(opener(buffered), packer, name))
    return buffered


def read_whole(file: BinaryIO, name: str, most: int = MOST_BYTES) -> bytes:
    """All bytes of a file; PackedFileError where more than ``most`` were packed into it."""
    inside, blocks, size = unpacked(file, name), list[bytes](), 0
    if not isinstance(inside.raw, _Unpacked):
        return inside.read()
    while block := inside.read(_BLOCK):
        size += len(block)
        if size > most:
            raise PackedFileError(
                f"{name} holds more than {most:,} bytes", next_step="Divide it into several files."
            )
        blocks.append(block)
    return b"".join(blocks)


def _buffered(file: Any) -> io.BufferedReader:
    return io.BufferedReader(cast("io.RawIOBase", file))
