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

_STAMP: Final = "sensorium-prepared"


def folder() -> Path | None:
    """Where compiled decoders are kept; None where they cannot be.

    numba has a folder for each of ours; this is that of one of them.
    """
    from sensorium.detect.kernels.trees import path_lengths

    compiled: Any = path_lengths
    path: str | None = compiled.stats.cache_path
    return None if path is None else Path(path)


def is_kept() -> bool:
    """Whether all of it was compiled, from this code and for this processor."""
    kept = folder()
    if kept is None:
        return False
    try:
        return (kept / _STAMP).read_text() == _what()
    except (OSError, UnicodeDecodeError):
        return False


def remember() -> None:
    """Note that all of it is compiled; nothing where there is no place for that."""
    kept = folder()
    if kept is not None:
        with contextlib.suppress(OSError):
            kept.mkdir(parents=True, exist_ok=True)
            (kept / _STAMP).write_text(_what())


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
