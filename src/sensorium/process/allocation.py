"""How the C library hands memory to the threads of this process."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

ARENAS: Final = 2
_M_ARENA_MAX: Final = -8
"""glibc's ``malloc.h``."""


def share_arenas() -> bool:
    """Let all threads that are yet to begin share two arenas; False where the C library has none.

    glibc makes up to eight for each core. Columns are made in one thread and let go in another, and
    what is let go goes back to where it came from: parts of every arena stay in use, and none
    shrinks. A service that has run for days would hold memory that nobody needs.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_ARENA_MAX, ARENAS))
