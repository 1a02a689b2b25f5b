"""The lines of a text file, packed or not, in blocks of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sensorium.ingest.files import InputFileError
from sensorium.ingest.packed import PackedFileError, unpacked

LONGEST_LINE = 1 << 20
_BLOCK = 1 << 18


@dataclass(slots=True)
class TextLines:
    """Reads files and counts what was not taken as it is.

    Lines end with LF or CR LF. Of a line longer than :data:`LONGEST_LINE` bytes the rest is left
    out; bytes that are not UTF-8 become U+FFFD.
    """

    lines: int = 0
    cut: int = 0
    not_utf8: int = 0

    def file(self, path: Path) -> Iterator[list[str]]:
        """The lines of a file, told by its content to be packed or not, some thousands at a time.

        InputFileError where it cannot be read, or is packed and damaged: then after all lines that
        could be read.
        """
        try:
            with path.open("rb") as file:
                yield from self.stream(file, str(path))
        except OSError as error:
            raise InputFileError(f"{path} cannot be read: {error.strerror}") from error

    def stream(self, file: BinaryIO, name: str) -> Iterator[list[str]]:
        """The lines of an open file; ``name`` is for messages."""
        read = unpacked(file, name).read1
        rest = b""
        try:
            while block := read(_BLOCK):
                # An unended line is held up to one byte more than is kept, which tells that it is
                # cut.
                *whole, rest = (rest + block).split(b"\n")
                rest = rest[: LONGEST_LINE + 1]
                if whole:
                    yield [self._line(line) for line in whole]
        except PackedFileError as error:
            raise InputFileError(
                error.message,
                unaffected=f"The {self.lines:,} lines before the damage were read.",
            ) from error
        if rest:
            yield [self._line(rest)]

    def _line(self, line: bytes) -> str:
        self.lines += 1
        if len(line) > LONGEST_LINE:
            self.cut += 1
            # Cut between two characters, so that no half of one is left.
            return line[:LONGEST_LINE].decode(errors="ignore")
        try:
            return line.decode().removesuffix("\r")
        except UnicodeDecodeError:
            self.not_utf8 += 1
            return line.decode(errors="replace").removesuffix("\r")
