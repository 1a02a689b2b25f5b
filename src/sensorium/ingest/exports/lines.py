"""A file's bytes in pieces that end where a line does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

_PIECE = 8 << 20


def pieces(file: BinaryIO, size: int = _PIECE) -> Iterator[bytes]:
    """Whole lines, about ``size`` bytes at a time; a last line without its end is one too."""
    rest = b""
    while block := file.read(size):
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            continue
        yield rest + block[:end]
        rest = block[end:]
    if rest:
        yield rest
