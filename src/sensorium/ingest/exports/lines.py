"""A file's bytes in pieces that end where a line does, and what its columns are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def distinct(names: Iterable[str]) -> list[str]:
    """Names of columns, where the second of one is called ``sa_2`` and so on; some may be empty."""
    found: dict[str, None] = {}
    listed = []
    for name in names:
        other, number = name, 2
        while name and other in found:
            other, number = f"{name}_{number}", number + 1
        found[other] = None
        listed.append(other)
    return listed
