"""Two names of a file system changing places, with no moment at which either is missing."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path
from typing import Any, Final

_HERE: Final = -100
"""``AT_FDCWD`` of Linux's ``fcntl.h``: paths are meant from the working folder on."""
_EXCHANGE: Final = 2
"""``RENAME_EXCHANGE`` of Linux's ``stdio.h``."""
_UNKNOWN: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})


def exchanged(one: Path, other: Path) -> bool:
    """Let two files or folders change places at once; False where the system cannot do that.

    OSError where it can, and refuses.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename: Any = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    if rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))
