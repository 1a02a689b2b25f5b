"""numba's ``njit`` with a cache on disk that kernels in several files can share.

numba keys its cache by the file that a function is in. A kernel inlines those it calls, and the
constants it uses, from other files; after one of those changed, a cached kernel would still
follow the old ones, over raw memory. Here the key is the content of every file in the folder, of
this one, of ``memory.py`` beside it, and of the folder ``packet``, which decoders share. A
decoder's folder counts with all that lie in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit, types

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound=np.generic)


def kernel(function: F) -> F:
    """Compile a function that runs without the GIL; kept on disk until its folder changes."""
    return _kernel(function)


def uncounted_kernel(function: F) -> F:
    """As :func:`kernel`, for a function that MUST make no array: it would never be freed.

    numba counts a reference for each part of an array that is looked at, a row say, with a locked
    instruction. What a kernel was given outlives it, so there is nothing to count.
    """
    return _kernel(function, _nrt=False)


def read_only(array: npt.NDArray[T]) -> npt.NDArray[T]:
    """``array`` in C order, as a view that cannot be written.

    A kernel is compiled for one kind of array, and Arrow's memory may be written to or not: what a
    kernel only reads is made into what any array can be.
    """
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _kernel(function: F, **given: Any) -> F:
    plain: Any = njit(nogil=True, **given)(function)
    cached: Any = njit(nogil=True, **given)(function)
    try:
        cached.enable_caching()
        # There is no public way to say what a cached function depends on. Where there is none at
        # all, or nowhere to keep a cache, compiling each time is slow and right.
        files = cached._cache._cache_file
        files._source_stamp = (files._source_stamp, _content(_folder(function)))
    except (AttributeError, RuntimeError):
        return cast(F, plain)
    return cast(F, cached)


def uncounted(function: F) -> F:
    """As :func:`inner`, for a function that MUST make no array and return none."""
    return _inner(function, _nrt=False)


def inlined(function: F) -> F:
    """As :func:`uncounted`, and always made part of its caller: for a few lines that take arrays.

    An array is seven arguments to a machine, which is more than such lines do.
    """
    return _inner(function, forceinline=True, _nrt=False)


def inner(function: F) -> F:
    """Compile a function that only kernels call: it has no way in from Python, and no cache.

    It is compiled once for each combination of its arguments' types. numba would do so for each
    constant that it is called with too, which takes longer and gains nothing: what constants make
    superfluous goes when the function is inlined.
    """
    return _inner(function)


def _inner(function: F, **given: Any) -> F:
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, **given}
    compiled: Any = njit(nogil=True, **options)(function)
    template, plain_type = compiled.get_call_template, cast("Any", types).unliteral

    def of_types(args: Any, kws: Any) -> Any:
        named = {name: plain_type(kind) for name, kind in kws.items()}
        return template(tuple(plain_type(kind) for kind in args), named)

    compiled.get_call_template = of_types
    return cast(F, compiled)


def _folder(function: Callable[..., Any]) -> Path:
    """The folder that stands beside this file and holds the function's, else the function's own."""
    path = Path(function.__code__.co_filename)
    beside = Path(__file__).parent
    return next((above for above in path.parents if above.parent == beside), path.parent)


@cache
def _content(folder: Path) -> str:
    digest = hashlib.sha256()
    here = Path(__file__)
    shared = here, here.with_name("memory.py"), *sorted(here.with_name("packet").glob("*.py"))
    for path in (*shared, *sorted(folder.rglob("*.py"))):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
