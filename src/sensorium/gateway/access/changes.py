"""Whether something about callers has changed since it was last looked up."""

from __future__ import annotations

import mmap
import secrets
from pathlib import Path
from typing import Final

_BYTES: Final = 8


class Changes:
    """What this process itself has changed. Any thread may tell of a change."""

    def __init__(self) -> None:
        self._number = 0

    def now(self) -> object:
        """Differs from what it was before any change."""
        return self._number

    def add(self) -> None:
        """Something has changed."""
        self._number += 1


class SharedChanges(Changes):
    """What any of several processes has changed, as soon as it has: bytes of a file that each has
    in its memory, drawn anew at each change."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        with path.open("a+b") as file:
            file.truncate(_BYTES)
            self._drawn = mmap.mmap(file.fileno(), _BYTES)

    def now(self) -> object:
        """As above."""
        return self._drawn[:]

    def add(self) -> None:
        """As above."""
        self._drawn[:] = secrets.token_bytes(_BYTES)
