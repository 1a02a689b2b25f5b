"""Standard input, output and error where they are closed, or lead to a disk that is full."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final

_NAMES: Final = ("stdin", "stdout", "stderr")
_OUTPUT: Final = 1


def open_what_is_closed() -> None:
    """Let what the caller closed, as ``>&-`` does, lead to nowhere.

    Else the next file that is opened, a store even, takes the number, and what a library or a
    process of ours prints is written into it.
    """
    for number, name in enumerate(_NAMES):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is this one, since those below it are open.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            mode = "w" if number else "r"
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115  for good
            setattr(sys, name, stream)


def drop_what_cannot_be_written() -> None:
    """Forget what standard output still holds where it takes no more.

    Else Python tries once more as it ends, fails, and ends with a status of its own.
    """
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _OUTPUT)
        os.close(nowhere)
        with contextlib.suppress(OSError):
            sys.stdout.flush()
