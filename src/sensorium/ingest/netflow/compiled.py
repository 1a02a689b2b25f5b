"""numba's ``njit`` with a cache on disk that kernels in several files can share.

numba keys its cache by the file that a function is in. A kernel inlines those it calls, and the
constants it uses, from other files; after one of those changed, a cached kernel would still
follow the old ones, over raw memory. Here the key is the content of every file in the folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that runs without the GIL; kept on disk until its folder changes."""
    plain: Any = njit(nogil=True, _nrt=False)(function)
    cached: Any = njit(nogil=True, _nrt=False)(function)
    try:
        cached.enable_caching()
        # There is no public way to say what a cached function depends on. Where there is none at
        # all, or nowhere to keep a cache, compiling each time is slow and right.
        files = cached._cache._cache_file
        files._source_stamp = (files._source_stamp, _content(_folder(function)))
    except (AttributeError, RuntimeError):
        return plain
    return cached


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that only kernels call: it has no way in from Python, and no cache."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    return njit(nogil=True, **options)(function)


def _folder(function: Callable[..., Any]) -> Path:
    return Path(function.__code__.co_filename).parent


@cache
def _content(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
