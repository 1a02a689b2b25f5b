"""Whether what was compiled is kept on disk, and is of this code on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from pathlib import Path
from typing import Any, Final

import numba
from llvmlite.binding import get_host_cpu_features, get_host_cpu_name

import sensorium

_STAMPS: Final = {False: "sensorium-prepared", True: "sensorium-prepared-replay"}


def folder() -> Path | None:
    """Where compiled decoders are kept; None where they cannot be.

    numba has a folder for each of ours; this is that of one of them.
    """
    from sensorium.detect.kernels.trees import path_lengths

    compiled: Any = path_lengths
    path: str | None = compiled.stats.cache_path
    return None if path is None else Path(path)


def is_kept(*, for_replay: bool = False) -> bool:
    """Whether all of it, or what a replay needs, was compiled from this code for this processor."""
    kept = folder()
    if kept is None:
        return False
    # Where all was compiled, so was what a replay needs.
    notes = [kept / _STAMPS[one] for one in ((False, True) if for_replay else (False,))]
    return any(_note_in(note) == _what() for note in notes)


def remember(*, for_replay: bool = False) -> None:
    """Note that it is compiled; nothing where there is no place for that."""
    kept = folder()
    if kept is not None:
        with contextlib.suppress(OSError):
            kept.mkdir(parents=True, exist_ok=True)
            (kept / _STAMPS[for_replay]).write_text(_what())


def _note_in(path: Path) -> str | None:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return None


def _what() -> str:
    """What compiled code depends on: ours, numba's, and the processor."""
    digest = hashlib.sha256()
    for part in (numba.__version__, sys.version, get_host_cpu_name(), _abilities()):
        digest.update(part.encode() + b"\0")
    for path in sorted(Path(sensorium.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _abilities() -> str:
    try:
        return str(get_host_cpu_features().flatten())
    except RuntimeError:  # where LLVM does not know
        return ""
