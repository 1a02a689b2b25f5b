"""Add to a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def append(path: Path, data: bytes, *, sync: bool = False) -> None:
    """Add ``data`` at the end of a file, which is made if need be, and bring it to disk if asked.

    OSError where the disk refuses a part of it; then the file ends where it did.
    """
    # Without a buffer: closing the file would write what a full disk refused.
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            while data:
                data = data[file.write(data) :]
            if sync:
                os.fsync(file.fileno())
        except OSError:
            os.ftruncate(file.fileno(), before)
            raise
